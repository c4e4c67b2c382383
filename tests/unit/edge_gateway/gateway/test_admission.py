import asyncio
from zoneinfo import ZoneInfo

import pytest

from capability_sdk.contracts.state import SubscriptionState
from edge_gateway.adapters.memory_quota import MemoryQuotaLedger
from edge_gateway.errors import ConcurrencyLimited, LedgerUnavailable, QuotaExceeded, RateLimited
from edge_gateway.gateway.admission import Gate
from edge_gateway.gateway.quota import Quotas


def subscription(
    *, quota: int = 10, rate: float = 10.0, concurrency: int = 100
) -> SubscriptionState:
    return SubscriptionState(
        id="sub-1",
        application="app-1",
        capability="speech",
        active=True,
        daily_quota=quota,
        rate_per_second=rate,
        concurrency=concurrency,
    )


def admitted(gate: Gate, moments: list[float]) -> list[bool]:
    found = []
    for moment in moments:
        try:
            gate.enter(moment)
        except RateLimited:
            found.append(False)
        else:
            found.append(True)
            gate.leave()
    return found


def test_H13_a_rate_is_smooth_and_a_burst_is_a_quarter_of_a_second() -> None:
    gate = Gate(subscription(rate=40))

    assert sum(admitted(gate, [100.0] * 50)) == 10
    assert sum(admitted(gate, [100.0 + n / 1000 for n in range(1, 1001)])) == 40


def test_a_slow_rate_admits_one_at_a_time() -> None:
    gate = Gate(subscription(rate=0.5))

    assert admitted(gate, [10.0, 10.1, 11.9, 12.0, 12.1]) == [True, False, False, True, False]


def test_a_changed_rate_holds_for_the_next_call_and_keeps_what_is_in_flight() -> None:
    gate = Gate(subscription(rate=1000, concurrency=3))
    for _ in range(3):
        gate.enter(5.0)

    gate.adopt(subscription(rate=1000, concurrency=2))

    with pytest.raises(ConcurrencyLimited):
        gate.enter(6.0)
    gate.leave()
    gate.leave()
    gate.enter(6.0)


class Away:
    """A ledger that does not answer."""

    def __init__(self) -> None:
        self.asked = 0

    async def lease(self, subscription: str, window: int, limit: int, want: int) -> int:
        self.asked += 1
        raise LedgerUnavailable(f"{subscription} {window} {limit} {want}")


async def take_all(quotas: Quotas, item: SubscriptionState) -> int:
    taken = 0
    while taken < 10_000:
        try:
            await quotas.acquire(item)
        except QuotaExceeded:
            break
        taken += 1
    return taken


async def test_workers_that_share_a_ledger_share_the_quota() -> None:
    ledger = MemoryQuotaLedger()
    workers = [Quotas(ledger, workers=3) for _ in range(3)]

    taken = await asyncio.gather(*(take_all(w, subscription(quota=1000)) for w in workers))

    assert sum(taken) == 1000


@pytest.mark.parametrize("workers", [1, 3])
async def test_H15_without_ledger_workers_together_stay_near_the_limit(workers: int) -> None:
    quotas = [Quotas(Away(), workers=workers) for _ in range(workers)]

    taken = sum([await take_all(q, subscription(quota=100)) for q in quotas])

    assert 100 <= taken < 100 + workers


async def test_an_absent_ledger_is_not_asked_for_every_call() -> None:
    ledger = Away()
    quotas = Quotas(ledger, wall=lambda: 1_000_000.0)

    assert await take_all(quotas, subscription(quota=100)) == 100
    assert ledger.asked == 1


async def test_a_new_day_has_a_new_quota_and_counts_in_the_provinces_zone() -> None:
    now = [1_795_190_399.0]  # 2026-11-20 15:59:59 UTC, a second before midnight in Shanghai
    quotas = Quotas(MemoryQuotaLedger(), wall=lambda: now[0])
    quotas.use_zone(ZoneInfo("Asia/Shanghai"))
    assert await take_all(quotas, subscription(quota=5)) == 5
    assert quotas.seconds_left() == 1

    now[0] += 1

    assert await take_all(quotas, subscription(quota=5)) == 5
    assert quotas.seconds_left() == 86_400


async def test_a_call_given_back_can_be_taken_again() -> None:
    quotas = Quotas(MemoryQuotaLedger())
    item = subscription(quota=2)
    assert await take_all(quotas, item) == 2

    quotas.give_back(item.id)

    assert await take_all(quotas, item) == 1


async def test_a_raised_limit_holds_at_once() -> None:
    quotas = Quotas(MemoryQuotaLedger())
    assert await take_all(quotas, subscription(quota=2)) == 2

    assert await take_all(quotas, subscription(quota=5)) == 3
