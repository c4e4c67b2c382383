"""API tokens with scopes, provinces and an end; one's own sessions and password."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.center_world import PASSWORD, Person, World, running_center


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> Iterator[World]:
    with running_center(database_url, tmp_path) as made:
        for province in ("zhejiang", "guizhou"):
            made.add_province(province)
        yield made


def _program(world: World, person: Person, **wanted: Any) -> TestClient:  # noqa: ANN401 - a body
    answer = person.post("/api-tokens", {"label": "program", **wanted})
    assert answer.status_code == 201, answer.text
    return TestClient(world.app, headers={"Authorization": f"Bearer {answer.json()['token']}"})


def test_a_token_may_what_it_was_made_for_and_nothing_else(world: World) -> None:
    scopes = ["read:applications", "manage:applications"]
    program = _program(world, world.admin, scopes=scopes, provinces=["zhejiang"])

    def register(province: str) -> int:
        body = {"name": "desk", "province": province}
        return program.post("/api/v1/applications", json=body).status_code

    assert (register("zhejiang"), register("guizhou")) == (201, 403)
    listed = program.get("/api/v1/applications").json()["items"]
    assert {item["province"] for item in listed} == {"zhejiang"}
    for path in ("/users", "/capabilities", "/me", "/audit"):
        assert program.get(f"/api/v1{path}").status_code == 403


def test_C01_a_token_for_one_province_tells_nothing_of_its_owners_others(world: World) -> None:
    order = {"kind": "scale", "title": "More replicas", "province": "guizhou"}
    assert world.admin.post("/work-orders", order).status_code == 201
    hook = {"kinds": [], "channel": "console"}

    program = _program(world, world.admin, provinces=["zhejiang"])
    scoped = _program(world, world.admin, scopes=["use:own-account"])

    listed = program.get("/api/v1/work-orders?queue=requested").json()
    assert (listed["items"], listed["total"]) == ([], 0)
    for token in (program, scoped):
        assert token.get("/api/v1/notifications").status_code == 403
        assert token.post("/api/v1/notification-rules", json=hook).status_code == 403
    whole = _program(world, world.admin)
    assert whole.get("/api/v1/work-orders").json()["total"] == 1
    assert whole.get("/api/v1/notifications").status_code == 200


def test_nobody_makes_a_token_for_more_than_they_may(world: World) -> None:
    operator = world.add_person("op", "operator", "zhejiang")

    for wanted in ({"scopes": ["manage:users"]}, {"provinces": ["guizhou"]}):
        refused = operator.post("/api-tokens", {"label": "x", **wanted})
        assert (refused.status_code, refused.json()["type"]) == (403, "/problems/not-permitted")


def test_a_token_loses_what_its_owner_loses(world: World) -> None:
    person = world.add_person("op", "operator", "center", ["zhejiang", "guizhou"])
    program = _program(world, person, provinces=["guizhou"])
    world.admin.post("/applications", {"name": "desk", "province": "guizhou"})
    before = program.get("/api/v1/applications").json()["total"]

    change = {"role": "operator", "organisation": "center", "provinces": ["zhejiang"]}
    world.admin.post("/users/op:change-role", change)

    assert (before, program.get("/api/v1/applications").json()["total"]) == (1, 0)


def test_a_token_ends_on_its_day_and_says_when_it_was_used(world: World) -> None:
    program = _program(world, world.admin, lifetime_days=1)
    unused = world.admin.get("/api-tokens").json()["items"][0]["last_used_at"]

    world.clock.move(timedelta(hours=23))
    used = program.get("/api/v1/api-tokens").json()["items"][0]["last_used_at"]
    world.clock.move(timedelta(hours=1))

    assert unused is None
    assert used is not None
    assert program.get("/api/v1/me").status_code == 401


def test_an_admin_sees_and_ends_everybodys_tokens(world: World) -> None:
    person = world.add_person("li-na", "engineer")
    program = _program(world, person)
    issued = world.admin.get("/issued-api-tokens?user=li-na").json()["items"]

    assert [item["user"] for item in issued] == ["li-na"]
    assert person.get("/issued-api-tokens").status_code == 403
    path = f"/issued-api-tokens/{issued[0]['id']}"
    assert world.admin.delete(path).status_code == 204
    assert program.get("/api/v1/me").status_code == 401
    act = world.admin.get("/audit?act=api-token.").json()["items"][0]
    assert (act["act"], act["detail"]["owner"]) == ("api-token.revoked", "li-na")


def test_a_person_ends_a_session_on_another_machine(world: World) -> None:
    there = world.add_person("li-na", "engineer")
    here = Person(world.app, "li-na")
    sessions = here.get("/sessions").json()["items"]
    other = next(item for item in sessions if not item["is_current"])

    assert len(sessions) == 2
    assert world.admin.delete(f"/sessions/{other['id']}").status_code == 404
    assert here.delete(f"/sessions/{other['id']}").status_code == 204
    assert (there.get("/me").status_code, here.get("/me").status_code) == (401, 200)


def test_a_new_password_takes_the_present_one_and_ends_other_sessions(world: World) -> None:
    there = world.add_person("li-na", "engineer")
    here = Person(world.app, "li-na")
    new = "another long sentence"

    wrong = here.post("/me:change-password", {"present": "not this one", "new": new})
    right = here.post("/me:change-password", {"present": PASSWORD, "new": new})

    assert (wrong.status_code, right.status_code) == (401, 204)
    assert (there.get("/me").status_code, here.get("/me").status_code) == (401, 200)
    Person(world.app, "li-na", new)
