"""M15: a gateway's own log against the center's calls and totals, by `jiuzhou edge reconcile`."""

import asyncio
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from tests.campaigns.exactly_once.books import has_shipped, spooled_calls
from tests.campaigns.exactly_once.traffic import Traffic
from tests.campaigns.exactly_once.world import Province, World, running_world
from tests.e2e.harness import Outcome, Person
from tests.waiting import eventually

# Nine processes start here; where many things run, that takes long.
pytestmark = pytest.mark.timeout(300)

CALLS = 24


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with running_world(tmp_path_factory.mktemp("logs"), seed=1) as made:
        for province in made.provinces:
            _call(province)
            eventually(partial(_has_spooled, province, CALLS))
        eventually(lambda: all(has_shipped(province) for province in made.provinces), 60)
        yield made


def _call(province: Province) -> list[str]:
    """Make some calls; returns their ids."""

    async def call() -> list[str]:
        traffic = Traffic(province, 1)
        traffic.budget.allow(CALLS)
        callers = asyncio.create_task(traffic.run())
        await traffic.until_spent()
        traffic.budget.end()
        await callers
        return sorted(traffic.log.answered)

    return asyncio.run(call())


def _has_spooled(province: Province, calls: int) -> bool:
    """Tell whether the gateway has written down those calls too that it turned away."""
    numbers: list[int] = [record.get("turned_away", 1) for record in spooled_calls(province)]
    return sum(numbers) == calls


def _reconcile(world: World, province: Province, home: Path) -> Outcome:
    account = {"center": world.center_url, "name": "operator", "token": province.operator}
    (home / "account.json").write_text(json.dumps(account))
    return Person(home).tries("edge", "reconcile", "--data", str(province.folder), "--json")


def _tamper(world: World, statement: str, *values: str) -> None:
    with closing(sqlite3.connect(world.database, timeout=20)) as database, database:
        assert database.execute(statement, values).rowcount == 1


def test_M15_books_that_agree_are_confirmed_while_calls_still_wait(
    world: World, tmp_path: Path
) -> None:
    province = world.provinces[0]
    shipped = _reconcile(world, province, tmp_path)
    province.agent.kill()
    province.agent.reap()
    _call(province)
    eventually(lambda: _has_spooled(province, 2 * CALLS))
    waiting = _reconcile(world, province, tmp_path)
    province.agent.start()

    assert (shipped.code, waiting.code) == (0, 0), shipped.err + waiting.err
    assert (shipped.json["counted"], shipped.json["waiting"]) == (CALLS, 0)
    assert (waiting.json["counted"], waiting.json["waiting"]) == (CALLS, CALLS)
    differences = ("uncounted", "unspooled", "totals")
    assert not any(waiting.json[name] for name in differences)


def test_M15_each_call_that_the_books_differ_by_is_named(world: World, tmp_path: Path) -> None:
    province = world.provinces[1]
    with world.client(province) as client:
        first, second, *_ = client.pages("/usage/calls", province=province.name)
    _tamper(world, "DELETE FROM usage_record WHERE request_id = ?", first["request_id"])
    forged = "f" * 32
    rename = "UPDATE usage_record SET request_id = ? WHERE request_id = ?"
    _tamper(world, rename, forged, second["request_id"])

    outcome = _reconcile(world, province, tmp_path)

    assert outcome.code == 1
    assert "the books differ" in outcome.err
    assert outcome.json["uncounted"] == sorted([first["request_id"], second["request_id"]])
    assert outcome.json["unspooled"] == [forged]
    (total,) = outcome.json["totals"]
    assert total["total"] == total["calls"] + first["calls"]
    assert (total["hour"], total["application"]) == (first["hour"], first["application"])


def test_an_operator_reads_the_calls_of_the_own_province_only(world: World) -> None:
    zhejiang, guizhou = world.provinces
    with world.client(zhejiang) as client:
        own = list(client.pages("/usage/calls", limit=5))
        foreign = list(client.pages("/usage/calls", province=guizhou.name))
        later = list(client.pages("/usage/calls", **{"from": "2999-01-01T00:00:00Z"}))
        capability = own[0]["capability"]
        some = list(client.pages("/usage/calls", capability=capability))

    assert {call["province"] for call in own} == {zhejiang.name}
    assert len({call["request_id"] for call in own}) == len(own)
    assert sum(call["calls"] for call in own) > max(CALLS, len(own))  # some were turned away
    assert foreign == later == []
    assert len(some) == sum(call["capability"] == capability for call in own)
