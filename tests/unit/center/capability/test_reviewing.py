"""Reviews with checklist, comments, conditions and difference; retirements with notice."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from center.capability.review.retirement import Retirements
from tests.center_store_world import Author, Shop, approval_of, manifest, open_shop
from tests.center_world import Person, running_center

NAME = "digit-recognition"


@pytest.fixture
def shop(database_url: str, tmp_path: Path) -> Iterator[Shop]:
    with running_center(database_url, tmp_path) as world:
        yield open_shop(world)


def _problem(answer: Any) -> tuple[int, str]:  # noqa: ANN401 - httpx2's Response
    return answer.status_code, answer.json()["type"]


def _waiting(shop: Shop, version: str = "1.0.0", **changes: Any) -> str:  # noqa: ANN401 - any field
    path = shop.keep(manifest(NAME, version, **changes))
    assert shop.gate()
    assert shop.author.post(f"{path}:request-review").status_code == 200
    return path


def _deploy(shop: Shop, province: str, version: str) -> Any:  # noqa: ANN401 - httpx2's Response
    body = {"versions": [{"version": version, "weight": 1}]}
    path = f"/api/v1/provinces/{province}/deployments/{NAME}"
    return shop.admin.http.put(path, json=body)


def _subscribed(shop: Shop, province: str = "zhejiang") -> str:
    wanted = {
        "application": shop.application(province=province),
        "capability": NAME,
        "plan": "trial",
        "purpose": "to read cheques",
    }
    answer = shop.admin.post("/subscriptions", wanted)
    assert answer.status_code == 201, answer.text
    return f"/subscriptions/{answer.json()['id']}"


def test_an_approval_needs_every_item_of_the_checklist_and_keeps_who_ticked_it(
    shop: Shop,
) -> None:
    path = _waiting(shop)
    second = shop.world.add_person("second", "admin")
    review = shop.author.get(f"{path}/review").json()
    items = [item["id"] for item in review["checklist"]]
    assert "fairness-read" in items  # of the domain finance
    assert (review["reviewers"], review["may_decide"]) == (["root", "second"], False)

    ticked = second.http.put(f"/api/v1{path}/checklist/{items[0]}").json()
    body = approval_of(shop.admin, path) | {"checked": items[2:]}
    refused = shop.admin.post(f"{path}:approve", body)

    assert ticked["checklist"][0]["ticked_by"] == "second"
    assert _problem(refused) == (409, "/problems/checklist-incomplete")
    assert refused.json()["missing"] == [items[1]]
    approved = shop.admin.post(f"{path}:approve", body | {"checked": items[1:]})
    assert approved.json()["stage"] == "published"
    by = [item["ticked_by"] for item in shop.admin.get(f"{path}/review").json()["checklist"]]
    assert by == ["second", *["root"] * (len(items) - 1)]


def test_an_author_neither_ticks_nor_decides_and_learns_who_can(shop: Shop) -> None:
    shop.world.add_person("second", "admin")
    path = shop.keep(manifest(), author="root")
    shop.gate()
    shop.admin.post(f"{path}:request-review")

    review = shop.admin.get(f"{path}/review").json()
    tick = shop.admin.http.put(f"/api/v1{path}/checklist/code-read")

    assert (review["why_not"], review["reviewers"]) == ("own-version", ["second"])
    assert _problem(tick) == (403, "/problems/own-version")


def test_a_review_is_for_its_owner_and_reviewers_alone(shop: Shop) -> None:
    path = shop.publish(manifest())

    for part in ("review", "review-comments"):
        assert _problem(shop.operator.get(f"{path}/{part}")) == (403, "/problems/not-permitted")
    assert shop.author.get(f"{path}/review").status_code == 200


def test_comments_stand_on_the_version_a_line_or_a_check(shop: Shop) -> None:
    path = f"{_waiting(shop)}/review-comments"
    said = [
        (shop.admin, {"body": "where is the data from?"}),
        (
            shop.admin,
            {"body": "why 7?", "anchor": "line", "path": "code/capability.py", "line": 7},
        ),
        (shop.author, {"body": "measured twice", "anchor": "check", "check": "load"}),
    ]
    for person, body in said:
        assert person.post(path, body).status_code == 201
        shop.world.clock.move(timedelta(seconds=1))
    unplaced = shop.admin.post(path, {"body": "here", "anchor": "line"})

    items = shop.author.get(path).json()["items"]
    assert [(item["author"], item["line"], item["check"]) for item in items] == [
        ("root", None, None),
        ("root", 7, None),
        ("author", None, "load"),
    ]
    assert unplaced.status_code == 422


def test_conditions_hold_where_deployments_and_subscriptions_begin(shop: Shop) -> None:
    path = _waiting(shop)
    ends = shop.world.clock() + timedelta(hours=2)
    conditions = {"provinces": ["zhejiang"], "ends_at": ends.isoformat(), "words": "a pilot"}
    body = approval_of(shop.admin, path) | {"conditions": conditions}
    approved = shop.admin.post(f"{path}:approve", body).json()
    assert approved["conditions"]["provinces"] == ["zhejiang"]

    wanted = {"capability": NAME, "plan": "trial", "purpose": "to read cheques"}
    abroad = shop.application("abroad", "guizhou")
    elsewhere = shop.admin.post("/subscriptions", wanted | {"application": abroad})
    assert _problem(_deploy(shop, "guizhou", "1.0.0")) == (409, "/problems/version-not-deployable")
    assert _problem(elsewhere) == (409, "/problems/capability-not-in-province")
    assert elsewhere.json()["reason"] == "not-in-province"
    assert _deploy(shop, "zhejiang", "1.0.0").status_code == 200
    _subscribed(shop)

    shop.world.clock.move(timedelta(hours=3))
    # What runs goes on; nothing new begins.
    assert _deploy(shop, "zhejiang", "1.0.0").status_code == 200
    late = shop.admin.post("/subscriptions", wanted | {"application": shop.application("late")})
    assert _problem(late) == (409, "/problems/capability-not-offered")


def test_the_difference_shows_contract_files_figures_and_answers(
    shop: Shop, tmp_path: Path
) -> None:
    author = Author(shop.author, tmp_path)
    assert author.upload(author.build(manifest(), model=b"\x08\x08 old")).status_code == 201
    shop.gate()
    first = f"/capabilities/{NAME}/versions/1.0.0"
    assert _problem(shop.author.get(f"{first}/difference")) == (404, "/problems/nothing-to-compare")
    changed = manifest(version="1.1.0", max_batch_size=32)
    assert author.upload(author.build(changed, model=b"\x08\x08 new!")).status_code == 201
    shop.gate()

    answer = shop.author.get(f"/capabilities/{NAME}/versions/1.1.0/difference")

    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["before"], found["after"]) == ("1.0.0", "1.1.0")
    assert found["contract"]["breaking"]
    files = {item["path"]: item for item in found["files"]}
    assert files["model/model.onnx"]["diff"] is None
    assert (
        files["model/model.onnx"]["before_bytes"],
        files["model/model.onnx"]["after_bytes"],
    ) == (*(6, 7),)
    assert '-version = "1.0.0"\n+version = "1.1.0"' in files["capability.toml"]["diff"]
    assert "README.md" not in files
    assert _problem(shop.operator.get(f"{first}/difference"))[0] == 404


def test_a_retirement_is_announced_to_whom_it_concerns_and_kept_by_the_worker(shop: Shop) -> None:
    path = shop.publish(manifest())
    next_path = shop.publish(manifest(version="1.1.0"))
    assert _deploy(shop, "zhejiang", "1.0.0").status_code == 200
    concerned, other = _subscribed(shop), _subscribed(shop, "guizhou")
    retires = shop.world.clock() + timedelta(days=3)
    body = {
        "retires_at": retires.isoformat(),
        "reason": "wrong on new meters",
        "successor": {"capability": NAME, "version": "1.1.0"},
    }

    view = shop.author.post(f"{path}:announce-retirement", body).json()
    assert [item["province"] for item in view["affected"]["items"]] == ["zhejiang"]
    assert shop.author.get(path).json()["stage"] == "deprecated"
    told = shop.admin.get(f"{concerned}/events").json()["items"][0]
    assert (told["kind"], told["detail"]["successor_version"]) == ("retirement-announced", "1.1.0")
    kinds = [event["kind"] for event in shop.admin.get(f"{other}/events").json()["items"]]
    assert "retirement-announced" not in kinds

    duty = Retirements(shop.world.database, shop.world.clock)
    duty.run()
    assert shop.author.get(path).json()["stage"] == "deprecated"
    shop.world.clock.move(timedelta(days=3))
    duty.run()
    duty.run()
    admin = Person(shop.world.app, "root")
    assert admin.get(path).json()["withdrawn_reason"] == "Retired: wrong on new meters"
    assert admin.get(next_path).json()["stage"] == "published"
    acts = json.dumps(admin.get("/audit?limit=500").json()["items"])
    assert acts.count('"capability.retired"') == 1


def test_a_retirement_leaves_time_to_move_to_something_that_exists(shop: Shop) -> None:
    path = f"{shop.publish(manifest())}:announce-retirement"
    now = shop.world.clock()
    body = {"retires_at": (now + timedelta(days=3)).isoformat(), "reason": "wrong figures"}
    missing = {"capability": NAME, "version": "9.9.9"}

    hasty = shop.author.post(path, body | {"retires_at": now.isoformat()})
    lost = shop.author.post(path, body | {"successor": missing})

    assert _problem(hasty) == (422, "/problems/notice-too-short")
    assert _problem(lost) == (422, "/problems/successor-not-published")


def test_a_retirement_can_be_cancelled_before_its_date(shop: Shop) -> None:
    path = shop.publish(manifest())
    _deploy(shop, "zhejiang", "1.0.0")
    concerned = _subscribed(shop)
    retires = shop.world.clock() + timedelta(days=3)
    body = {"retires_at": retires.isoformat(), "reason": "a mistake"}
    shop.author.post(f"{path}:announce-retirement", body)
    assert _problem(shop.colleague.post(f"{path}:cancel-retirement")) == (
        403,
        "/problems/not-permitted",
    )

    back = shop.author.post(f"{path}:cancel-retirement")

    assert back.json()["stage"] == "published"
    assert _problem(shop.author.get(f"{path}/retirement")) == (404, "/problems/not-retiring")
    told = [event["kind"] for event in shop.admin.get(f"{concerned}/events").json()["items"]]
    assert told[:2] == ["retirement-cancelled", "retirement-announced"]
    shop.world.clock.move(timedelta(days=4))
    Retirements(shop.world.database, shop.world.clock).run()
    assert Person(shop.world.app, "root").get(path).json()["stage"] == "published"
