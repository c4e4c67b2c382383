"""A simulated province says so, and can be removed with everything that it reported."""

from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

from center import rows
from center.database import Database
from center.identity import audit
from tests.center_stock import DIGITS
from tests.center_world import World
from tests.integration.telemetry_world import (
    Center,
    health,
    quality,
    usage,
)
from tests.integration.test_center_alarms import alarms, look


def test_a_simulated_province_is_removed_with_all_its_figures_and_no_others(center: Center) -> None:
    found(center.world, "yunnan")
    center.edges["yunnan"] = "edge-yunnan"
    edge = center.world.enrol("yunnan").sign_in()
    center.clients["edge of yunnan"] = edge.http
    application = center.world.admin.post(
        "/applications", {"name": "caller", "province": "yunnan"}
    ).json()["client_id"]
    wanted = {"application": application, "capability": DIGITS, "daily_quota": 10}
    terms = {"rate_per_second": 1.0, "concurrency": 1, "purpose": "tests"}
    operator = center.world.add_person("yunnan-operator", "operator", "yunnan")
    asked = operator.post("/subscriptions", wanted | terms).json()["id"]
    before = figures(center.database)
    for of, record in (
        ("yunnan", usage(1, application=application, subscription=asked)),
        ("zhejiang", usage(1)),
    ):
        assert center.send([record], of=of).status_code == 200
        assert center.send([quality(1, {(1, 1): 5}, 9)], of=of, stream="quality").status_code == 200
        assert center.send([health(1)], of=of, stream="health").status_code == 200
    assert figures(center.database, "yunnan") > 6

    assert center.world.admin.delete("/provinces/yunnan").status_code == 204

    assert figures(center.database, "yunnan") == 0
    assert center.world.admin.get("/provinces").json()["total"] == 2
    assert center.get("/usage", "admin", by="province")["items"][0]["province"] == "zhejiang"
    assert center.get("/quality", "admin")["total"] == 1
    assert figures(center.database) >= before - figures(center.database, "yunnan")
    with center.database.session(write=False) as session:
        assert audit.verify(session).intact
        acts = set(session.scalars(select(audit.AuditRow.act)))
    assert {"province.founded", "province.removed"} <= acts


def test_a_real_province_is_never_removed(center: Center) -> None:
    refused = center.world.admin.delete("/provinces/zhejiang")

    assert refused.status_code == 409
    assert refused.json()["type"].endswith("/province-not-simulated")
    assert center.world.admin.delete("/provinces/nowhere").status_code == 404
    assert center.client("zhejiang").delete("/api/v1/provinces/guizhou").status_code == 403


def test_who_goes_silent_within_a_simulation_is_told_of_and_its_end_is_none(
    center: Center,
) -> None:
    def report(province: str, seq: int) -> None:
        center.clients[f"edge of {province}"] = edges[province].sign_in().http
        assert center.send([health(seq)], of=province, stream="health").is_success

    def silent(after: timedelta) -> set[str]:
        look(center, after)
        found = {alarm["province"] for alarm in alarms(center, rule="edge-silent")}
        return found - {"zhejiang", "guizhou"}

    edges = {}
    for province in ("yunnan", "hainan"):
        found(center.world, province)
        center.edges[province] = f"edge-{province}"
        edges[province] = center.world.enrol(province)
        report(province, 1)

    assert silent(timedelta(minutes=10)) == set()
    report("yunnan", 2)

    assert silent(timedelta(0)) == {"hainan"}
    assert silent(timedelta(hours=1)) == {"hainan"}


def test_provinces_say_whether_they_are_simulated(center: Center) -> None:
    found(center.world, "yunnan")

    listed = {p["name"]: p["simulated"] for p in center.get("/provinces", "zhejiang")["items"]}

    assert listed == {"guizhou": False, "yunnan": True, "zhejiang": False}
    founded = center.get("/audit", "admin")["items"]
    assert any(item["detail"].get("simulated") for item in founded)


def found(world: World, name: str) -> None:
    body: dict[str, Any] = {"name": name, "titles": {"zh": name, "en": name}, "simulated": True}
    assert world.admin.post("/provinces", body).status_code == 201


def figures(database: Database, province: str | None = None) -> int:
    """Count the rows of every table that names a province; of one province where it is given.

    The audit trail stays, and the notes by which pages hear of the deletion, for minutes.
    """
    kept = {"audit", "noted_change"}
    count = 0
    with database.session(write=False) as session:
        for table in rows.metadata.tables.values():
            if "province" in table.c and table.name not in kept:
                statement = select(func.count()).select_from(table)
                if province is not None:
                    statement = statement.where(table.c.province == province)
                count += session.scalar(statement) or 0
    return count
