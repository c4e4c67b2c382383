import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from edge_gateway.adapters.agent_quota import AgentQuotaLedger
from edge_gateway.adapters.memory_quota import MemoryQuotaLedger
from edge_gateway.adapters.redis_quota import RedisQuotaLedger
from edge_gateway.errors import LedgerUnavailable, QuotaExceeded
from edge_gateway.gateway.agent import Agent
from edge_gateway.gateway.upstream import Upstream
from edge_gateway.ports import QuotaLedger
from tests.gateway_province import INTERNAL_TOKEN, PROVINCE, Peers, Province

NOBODY = f"unix:/nowhere/{os.getpid()}.sock"


@pytest.fixture(params=["memory", "redis", "agent"])
async def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[QuotaLedger]:
    if request.param == "memory":
        yield MemoryQuotaLedger()
    elif request.param == "redis":
        url: str = request.getfixturevalue("redis_url")
        ledger = RedisQuotaLedger(url, prefix=secrets.token_hex(6))
        yield ledger
        await ledger.close()
    else:
        with ExitStack() as stack:
            province = Province(tmp_path / PROVINCE)
            Peers(tmp_path / "peers", stack).agent(province)
            credential = f"authorization: Bearer {INTERNAL_TOKEN}\r\n".encode()
            upstream = Upstream(f"unix:{province.folder / 'agent.sock'}")
            yield AgentQuotaLedger(Agent(upstream, credential))
            upstream.close()
            await asyncio.sleep(0)


async def test_a_share_is_granted_up_to_the_limit(ledger: QuotaLedger) -> None:
    assert await ledger.lease("sub-1", window=0, limit=10, want=6) == 6
    assert await ledger.lease("sub-1", window=0, limit=10, want=6) == 4
    with pytest.raises(QuotaExceeded):
        await ledger.lease("sub-1", window=0, limit=10, want=1)


async def test_windows_and_subscriptions_are_counted_apart(ledger: QuotaLedger) -> None:
    await ledger.lease("sub-1", window=0, limit=10, want=10)

    assert await ledger.lease("sub-1", window=1, limit=10, want=4) == 4
    assert await ledger.lease("sub-2", window=0, limit=10, want=4) == 4


async def test_a_changed_limit_holds_at_once(ledger: QuotaLedger) -> None:
    await ledger.lease("sub-1", window=0, limit=10, want=10)

    assert await ledger.lease("sub-1", window=0, limit=12, want=5) == 2
    with pytest.raises(QuotaExceeded):
        await ledger.lease("sub-1", window=0, limit=5, want=1)


async def test_many_at_once_never_get_more_than_the_limit(ledger: QuotaLedger) -> None:
    async def take() -> int:
        try:
            return await ledger.lease("sub-1", window=0, limit=50, want=3)
        except QuotaExceeded:
            return 0

    assert sum(await asyncio.gather(*(take() for _ in range(40)))) == 50


async def test_a_limit_of_nothing_grants_nothing(ledger: QuotaLedger) -> None:
    with pytest.raises(QuotaExceeded):
        await ledger.lease("sub-1", window=0, limit=0, want=1)


async def test_large_limits_are_counted_exactly(ledger: QuotaLedger) -> None:
    limit = 2**53
    assert await ledger.lease("sub-1", window=0, limit=limit, want=1) == 1
    for _ in range(3):
        assert await ledger.lease("sub-1", window=0, limit=limit, want=1_000_000) == 1_000_000


@pytest.mark.parametrize(
    "make",
    [
        lambda: RedisQuotaLedger("redis://127.0.0.1:1/0"),
        lambda: AgentQuotaLedger(Agent(Upstream(NOBODY), b"")),
    ],
    ids=["redis", "agent"],
)
async def test_H15_an_absent_store_is_said_to_be_absent(make: Callable[[], QuotaLedger]) -> None:
    with pytest.raises(LedgerUnavailable):
        await make().lease("sub-1", window=0, limit=10, want=1)
