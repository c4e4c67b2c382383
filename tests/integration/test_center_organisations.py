"""Organisations, and roles that are for some provinces, on every engine, through HTTP."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.center_world import Person, World, running_center

_VENDOR = {"name": "vendor-a", "titles": {"zh": "供应商甲", "en": "Vendor A"}}


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> Iterator[World]:
    with running_center(database_url, tmp_path) as made:
        for province in ("zhejiang", "guizhou", "hunan"):
            made.add_province(province)
        yield made


def _kinds(world: World) -> dict[str, str]:
    return {
        item["name"]: item["kind"] for item in world.admin.get("/organisations").json()["items"]
    }


def _put(world: World, name: str, cost_centre: str, if_match: str | None = None) -> Any:  # noqa: ANN401 - an answer
    body = {"titles": _VENDOR["titles"], "cost_centre": cost_centre}
    headers = {} if if_match is None else {"If-Match": if_match}
    return world.admin.http.put(f"/api/v1/organisations/{name}", json=body, headers=headers)


def test_headquarters_each_province_and_vendors_are_organisations(world: World) -> None:
    made = world.admin.post("/organisations", {**_VENDOR, "cost_centre": "CC-9"})

    assert (made.status_code, made.json()["kind"]) == (201, "vendor")
    assert _kinds(world) == {
        "center": "headquarters",
        "guizhou": "province",
        "hunan": "province",
        "vendor-a": "vendor",
        "zhejiang": "province",
    }
    assert world.admin.post("/organisations", _VENDOR).json()["type"] == "/problems/name-taken"
    province = {"name": "vendor-a", "titles": _VENDOR["titles"]}
    assert world.admin.post("/provinces", province).json()["type"] == "/problems/name-taken"
    found = world.admin.get("/organisations?kind=vendor").json()
    assert [item["cost_centre"] for item in found["items"]] == ["CC-9"]


def test_a_cost_centre_is_changed_for_the_revision_that_was_read(world: World) -> None:
    found = world.admin.get("/organisations?kind=province").json()["items"]
    tag = f'"{next(item["revision"] for item in found if item["name"] == "zhejiang")}"'

    first = _put(world, "zhejiang", "CC-3300", tag)
    second = _put(world, "zhejiang", "CC-3301", tag)

    assert (first.status_code, first.json()["cost_centre"]) == (200, "CC-3300")
    assert (second.status_code, second.json()["type"]) == (412, "/problems/precondition-failed")
    trail = world.admin.get("/audit?limit=1").json()["items"][0]
    assert (trail["act"], trail["detail"]["cost_centre"]) == ("organisation.changed", "CC-3300")


def test_a_cost_centre_is_for_its_own_organisation_and_for_admins(world: World) -> None:
    for name in ("zhejiang", "guizhou"):
        assert _put(world, name, f"CC-{name}").status_code == 200
    regional = world.add_person("regional", "admin", provinces=["guizhou"])
    operator = world.add_person("operator", "operator", "zhejiang")

    def centres(person: Person) -> set[str]:
        items = person.get("/organisations").json()["items"]
        return {item["cost_centre"] for item in items} - {None}

    assert centres(world.admin) == {"CC-zhejiang", "CC-guizhou"}
    assert centres(regional) == {"CC-guizhou"}
    assert centres(operator) == {"CC-zhejiang"}
    assert operator.get("/organisations?cost_centre=CC-guizhou").status_code == 403


def test_only_admins_of_the_whole_country_look_after_organisations(world: World) -> None:
    regional = world.add_person("regional", "admin", provinces=["zhejiang"])
    operator = world.add_person("operator", "operator", "zhejiang")

    for person in (regional, operator):
        assert person.get("/organisations").status_code == 200
        refused = person.post("/organisations", _VENDOR)
        assert (refused.status_code, refused.json()["type"]) == (403, "/problems/not-permitted")


@pytest.mark.parametrize(
    ("role", "organisation", "provinces", "status"),
    [
        ("admin", "center", ["zhejiang", "hunan"], 201),
        ("engineer", "center", ["zhejiang", "hunan"], 201),
        ("engineer", "vendor-a", None, 201),
        ("operator", "vendor-a", ["hunan"], 201),
        ("operator", "center", ["hunan"], 201),
        ("operator", "zhejiang", ["zhejiang"], 201),
        ("operator", "zhejiang", ["hunan"], 422),
        ("operator", "vendor-a", None, 422),
        ("admin", "vendor-a", None, 422),
        ("admin", "center", [], 422),
        ("admin", "center", ["nowhere"], 404),
        ("engineer", "vendor-b", None, 404),
    ],
)
def test_a_role_is_granted_where_it_means_something(
    world: World, role: str, organisation: str, provinces: list[str] | None, status: int
) -> None:
    world.admin.post("/organisations", _VENDOR)
    body = {"name": "li-na", "role": role, "organisation": organisation, "provinces": provinces}

    answer = world.admin.post("/users", body)

    assert answer.status_code == status, answer.text
    if status == 201:
        assert answer.json()["user"]["provinces"] == (provinces and sorted(provinces))


def _provinces_of(person: Person, path: str) -> set[str]:
    return {item["province"] for item in person.get(path).json()["items"]}


def test_an_admin_of_a_region_acts_in_its_provinces_alone(world: World) -> None:
    for province in ("zhejiang", "guizhou", "hunan"):
        world.enrol(province)
        world.admin.post("/applications", {"name": "desk", "province": province})
    regional = world.add_person("regional", "admin", provinces=["zhejiang", "hunan"])

    assert regional.get("/me").json()["user"]["provinces"] == ["hunan", "zhejiang"]
    assert _provinces_of(regional, "/applications") == {"zhejiang", "hunan"}
    assert _provinces_of(regional, "/edges") == {"zhejiang", "hunan"}
    assert regional.post("/provinces/hunan/enrolment-codes").status_code == 201
    assert regional.post("/provinces/guizhou/enrolment-codes").status_code == 403
    assert regional.post("/edges/edge-guizhou:revoke").status_code == 404
    assert regional.post("/edges/edge-hunan:revoke").status_code == 200
    titles = {"zh": "新", "en": "New"}
    assert regional.post("/provinces", {"name": "new", "titles": titles}).status_code == 403
    assert regional.get("/users").status_code == 403
    assert regional.post("/token-keys:rotate").status_code == 403


def test_a_region_is_taken_away_at_the_next_request(world: World) -> None:
    world.admin.post("/applications", {"name": "desk", "province": "hunan"})
    operator = world.add_person("op", "operator", "center", ["zhejiang", "hunan"])
    before = _provinces_of(operator, "/applications")
    change = {"role": "operator", "organisation": "center", "provinces": ["zhejiang"]}

    assert world.admin.post("/users/op:change-role", change).status_code == 200

    assert before == {"hunan"}
    assert _provinces_of(operator, "/applications") == set()


def test_an_admin_of_a_region_is_not_who_keeps_the_platform_administrable(world: World) -> None:
    world.add_person("regional", "admin", provinces=["zhejiang"])
    change = {"role": "admin", "organisation": "center", "provinces": ["zhejiang"]}

    for answer in (
        world.admin.post("/users/root:disable"),
        world.admin.post("/users/root:change-role", change),
    ):
        assert (answer.status_code, answer.json()["type"]) == (409, "/problems/last-admin")
