"""Objectives are measured from what provinces report: budgets, burn rates, and who sees them."""

from datetime import timedelta
from typing import Any

import pytest
from httpx2 import Response

from center.objective.measuring import Measuring
from tests.center_stock import DIGITS
from tests.integration.telemetry_world import NOW, Center, turned_away, usage
from tests.integration.test_center_alarms import alarms, look


def measure(center: Center) -> None:
    Measuring(center.database, center.world.clock).run()


def objectives(center: Center, as_: str = "admin", **query: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = center.get("/objectives", as_, **query)["items"]
    return items


def set_objective(center: Center, as_: str, availability: float, p99_ms: float) -> Response:
    body = {"availability": availability, "p99_ms": p99_ms}
    return center.client(as_).put(f"/api/v1/objectives/{DIGITS}", json=body)


def calls(center: Center, seqs: range, **changes: Any) -> None:  # noqa: ANN401 - JSON
    answer = center.send([usage(seq, **changes) for seq in seqs])
    assert answer.status_code == 200, answer.text


def test_the_budget_left_is_what_failures_leave_of_it(center: Center) -> None:
    long_ago = (NOW - timedelta(days=5)).isoformat()
    calls(center, range(1, 1901), at=long_ago)
    calls(center, range(1901, 1902), at=long_ago, status=503, units=0)
    center.send([turned_away(1902, 5000, at=long_ago)])  # a flood makes no promise kept
    measure(center)

    (total,) = objectives(center)
    assert (total["province"], total["calls"], total["is_set"]) == ("", 1901, False)
    assert total["availability"]["target"] == 0.999  # of the manifest
    assert total["availability"]["left"] == pytest.approx(1 - 1 / 1.901)
    assert total["burning"] is None

    assert set_objective(center, "engineer", 0.9999, 0.5).status_code == 200
    measure(center)
    (total,) = objectives(center)
    assert total["is_set"]
    assert total["availability"]["left"] < 0 < total["calls"]
    # Every call took 0.9 ms, so 0.5 ms of the first cell of 1 ms: half of it is slower.
    assert total["latency"]["bad"] == pytest.approx(950, abs=2)


def test_a_burn_needs_both_windows_and_becomes_an_alarm(center: Center) -> None:
    two_hours_ago = (NOW - timedelta(hours=2)).isoformat()
    calls(center, range(1, 21), at=two_hours_ago, status=500, units=0)
    calls(center, range(21, 401))
    measure(center)
    (item,) = objectives(center, by="province")
    assert item["burning"] is None  # six hours burn, the last half hour does not
    look(center)
    assert alarms(center, rule="objective-burning") == []

    calls(center, range(401, 421), at=NOW.isoformat(), status=500, units=0)
    measure(center)
    look(center)

    (item,) = objectives(center, by="province")
    assert item["burning"] == "fast"
    assert item["availability"]["left"] < 0
    assert item["availability"]["exhausts_at"] is None  # it is gone
    (alarm,) = alarms(center, "zhejiang", rule="objective-burning")
    assert (alarm["severity"], alarm["province"]) == ("critical", "zhejiang")


def test_each_sees_the_budgets_of_their_reach_and_the_hours_behind_them(center: Center) -> None:
    calls(center, range(1, 51))
    measure(center)

    assert [item["province"] for item in objectives(center, "zhejiang")] == ["zhejiang"]
    assert objectives(center, "guizhou") == objectives(center, "stranger") == []
    assert [item["province"] for item in objectives(center, "engineer")] == [""]
    detail = center.get(f"/objectives/{DIGITS}", "zhejiang")
    assert detail["province"] == "zhejiang"
    assert [point["calls"] for point in detail["hours"]] == [50]
    assert sum(cell["calls"] for cell in detail["histogram"]) == 50
    assert center.ask(f"/objectives/{DIGITS}", "guizhou").status_code == 404


def test_only_the_owner_and_admins_set_an_objective(sqlite_center: Center) -> None:
    answers = {
        who: set_objective(sqlite_center, who, 0.99, 200.0).status_code
        for who in ("engineer", "admin", "stranger", "zhejiang")
    }

    assert answers == {"engineer": 200, "admin": 200, "stranger": 403, "zhejiang": 403}
    stale = sqlite_center.client("admin").put(
        f"/api/v1/objectives/{DIGITS}",
        json={"availability": 0.99, "p99_ms": 100.0},
        headers={"If-Match": '"1"'},
    )
    assert stale.status_code == 412
