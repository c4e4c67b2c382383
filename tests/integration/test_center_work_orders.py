"""Work orders: opened by hand and by acts, worked on, and ended by the decision itself."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.center_store_world import TERMS, Shop, manifest
from tests.center_world import Person, World, running_center


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> Iterator[World]:
    with running_center(database_url, tmp_path) as made:
        for province in ("zhejiang", "guizhou"):
            made.add_province(province)
        yield made


def _orders(person: Person, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = person.get(f"/work-orders{query}").json()["items"]
    return found


def _open(person: Person, **wish: object) -> str:
    body = {"kind": "scale", "title": "More replicas, please", "text": "a concert", **wish}
    answer = person.post("/work-orders", body)
    assert answer.status_code == 201, answer.text
    made: str = answer.json()["id"]
    return made


def test_a_subscription_opens_an_order_and_its_decision_ends_it(world: World) -> None:
    author, colleague = (world.add_person(name, "engineer") for name in ("author", "colleague"))
    Shop(world, author=author, colleague=colleague, operator=world.admin).publish(manifest("kpi"))
    operator = world.add_person("op", "operator", "zhejiang")
    made = operator.post("/applications", {"name": "desk", "province": "zhejiang"}).json()
    body = {"application": made["client_id"], "capability": "kpi", **TERMS}
    asked = operator.post("/subscriptions", body)
    assert asked.status_code == 201, asked.text

    order = _orders(operator, "?queue=requested")[0]
    by_hand = world.admin.post(f"/work-orders/{order['id']}:finish", {"text": "done"})
    decided = world.admin.post(f"/subscriptions/{asked.json()['id']}:approve", {})

    assert (order["kind"], order["state"], order["province"]) == (
        "subscription",
        "open",
        "zhejiang",
    )
    assert by_hand.json()["type"] == "/problems/decided-elsewhere"
    assert decided.status_code == 200, decided.text
    shown = operator.get(f"/work-orders/{order['id']}").json()
    assert shown["state"] == "done"
    assert [line["step"] for line in shown["history"]] == ["open", "finish"]
    reviews = [item for item in _orders(world.admin) if item["kind"] == "publication-review"]
    assert [item["state"] for item in reviews] == ["done"]


def test_an_order_is_taken_waits_and_is_done_and_says_so(world: World) -> None:
    operator = world.add_person("op", "operator", "zhejiang")
    order = _open(operator, province="zhejiang")
    path = f"/work-orders/{order}"
    tag = world.admin.get(path).headers["ETag"]

    assert [item["id"] for item in _orders(world.admin, "?queue=unassigned")] == [order]
    taken = world.admin.post(f"{path}:assign", {}, headers={"If-Match": tag})
    assert (taken.json()["state"], taken.json()["assignee"]) == ("assigned", "root")
    late = world.admin.post(f"{path}:release", {}, headers={"If-Match": tag})
    assert late.json()["type"] == "/problems/precondition-failed"
    assert [item["id"] for item in _orders(world.admin, "?queue=mine")] == [order]
    assert world.admin.post(f"{path}:wait", {"text": "for hardware"}).json()["state"] == "waiting"
    assert operator.post(f"{path}/comments", {"text": "it is urgent"}).status_code == 201
    world.clock.move(timedelta(hours=11))
    assert _orders(world.admin, "?queue=overdue") == []
    due = {"due_at": world.clock().isoformat()}
    world.clock.move(timedelta(minutes=1))
    assert world.admin.post(f"{path}:set-due", due).status_code == 200
    assert [item["id"] for item in _orders(world.admin, "?queue=overdue")] == [order]
    assert world.admin.post(f"{path}:finish", {"text": "two more"}).json()["state"] == "done"
    refused = world.admin.post(f"{path}:assign", {})
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/illegal-state")
    history = operator.get(path).json()["history"]
    steps = ["open", "assign", "wait", "comment", "set-due", "finish"]
    assert [line["step"] for line in history] == steps


def test_an_order_is_seen_by_who_asked_by_its_province_and_by_admins(world: World) -> None:
    own = world.add_person("own", "operator", "zhejiang")
    other = world.add_person("other", "operator", "guizhou")
    engineer = world.add_person("engineer", "engineer")
    regional = world.add_person("regional", "admin", provinces=["guizhou"])
    order = _open(own, province="zhejiang")
    wish = _open(engineer, kind="role", title="Make me an operator")

    assert [item["id"] for item in _orders(own)] == [order]
    assert _orders(other) == _orders(regional) == []
    assert [item["id"] for item in _orders(engineer)] == [wish]
    assert len(_orders(world.admin)) == 2
    assert other.get(f"/work-orders/{order}").status_code == 404
    assert regional.post(f"/work-orders/{order}:assign", {}).status_code == 404
    assert own.post(f"/work-orders/{order}:assign", {}).status_code == 403
    assert (
        own.post(
            "/work-orders", {"kind": "scale", "title": "for them", "province": "guizhou"}
        ).status_code
        == 403
    )
    given = world.admin.post(f"/work-orders/{order}:assign", {"assignee": "regional"})
    assert given.json()["type"] == "/problems/invalid-input"
    assert world.admin.post(f"/work-orders/{wish}:withdraw", {}).status_code == 403
    assert engineer.post(f"/work-orders/{wish}:withdraw", {}).json()["state"] == "withdrawn"
