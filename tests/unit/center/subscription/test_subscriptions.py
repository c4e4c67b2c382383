"""Asking for a subscription and deciding on it, through HTTP, on every database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.center_store_world import TERMS, Shop, manifest, open_shop
from tests.center_world import running_center


@pytest.fixture
def shop(database_url: str, tmp_path: Path) -> Iterator[Shop]:
    with running_center(database_url, tmp_path) as world:
        made = open_shop(world)
        made.publish(manifest())
        yield made


def _problem(answer: object) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"]  # type: ignore[attr-defined]  # httpx2's Response


def _ask(application: str, **changes: object) -> dict[str, object]:
    return {"application": application, "capability": "digit-recognition", **TERMS, **changes}


def test_a_subscription_is_asked_for_approved_suspended_resumed_and_revoked(shop: Shop) -> None:
    item = f"/subscriptions/{shop.subscribe(shop.application())}"

    stages = [shop.operator.get(item).json()["status"]]
    for act in ("approve", "suspend", "resume", "revoke"):
        answer = shop.admin.post(f"{item}:{act}")
        assert answer.status_code == 200, answer.text
        stages.append(answer.json()["status"])

    assert stages == ["requested", "active", "suspended", "active", "revoked"]
    view = shop.operator.get(item).json()
    assert (view["requested_by"], view["decided_by"]) == ("operator", "root")
    assert view["rate_per_second"] == 5.0
    rows = shop.admin.get("/audit?limit=500").json()["items"]
    acts = {row["act"] for row in rows if row["subject"] == item.strip("/").replace("s/", "/")}
    assert acts == {
        *("subscription.request", "subscription.approve", "subscription.suspend"),
        *("subscription.resume", "subscription.revoke"),
    }


def test_what_the_status_does_not_allow_is_refused(shop: Shop) -> None:
    item = f"/subscriptions/{shop.subscribe(shop.application())}"

    for act in ("suspend", "resume", "revoke"):
        answer = shop.admin.post(f"{item}:{act}")
        assert _problem(answer) == (409, "/problems/illegal-status"), act
    shop.admin.post(f"{item}:approve")
    shop.admin.post(f"{item}:suspend")
    # A suspension is lifted as such; approving again would hide that it happened.
    assert _problem(shop.admin.post(f"{item}:approve")) == (409, "/problems/illegal-status")


def test_a_declined_request_carries_its_reason_and_may_be_made_anew(shop: Shop) -> None:
    application = shop.application()
    item = f"/subscriptions/{shop.subscribe(application)}"

    assert shop.admin.post(f"{item}:decline", {}).status_code == 422
    declined = shop.admin.post(f"{item}:decline", {"reason": "the quota is too high"})

    assert (declined.json()["status"], declined.json()["reason"]) == (
        "declined",
        "the quota is too high",
    )
    assert shop.subscribe(application) not in item


def test_nobody_approves_what_they_asked_for(shop: Shop) -> None:
    asked = shop.admin.post("/subscriptions", _ask(shop.application()))
    item = f"/subscriptions/{asked.json()['id']}"

    assert _problem(shop.admin.post(f"{item}:approve")) == (403, "/problems/own-subscription")
    second = shop.world.add_person("second", "admin")
    assert second.post(f"{item}:approve").json()["status"] == "active"


def test_an_application_subscribes_to_a_capability_once(shop: Shop) -> None:
    application = shop.application()
    first = shop.subscribe(application)

    again = shop.operator.post("/subscriptions", _ask(application))

    assert _problem(again) == (409, "/problems/subscription-exists")
    assert again.json()["existing"] == first


def test_the_list_is_read_page_by_page_and_holds_each_subscription_once(shop: Shop) -> None:
    asked = [shop.subscribe(shop.application(name)) for name in ("one", "two", "three")]

    page = shop.operator.get("/subscriptions?limit=2").json()
    rest = shop.operator.get(f"/subscriptions?limit=2&cursor={page['next']}").json()

    read = [item["id"] for item in (*page["items"], *rest["items"])]
    assert (sorted(read), page["total"], rest["next"]) == (sorted(asked), 3, None)


def test_an_operator_acts_for_the_own_province_only(shop: Shop) -> None:
    foreign = shop.application("other", "guizhou")
    asked = shop.admin.post("/subscriptions", _ask(foreign))
    item = f"/subscriptions/{asked.json()['id']}"

    refused = shop.operator.post("/subscriptions", _ask(foreign))

    assert _problem(refused) == (404, "/problems/not-found")
    assert _problem(shop.operator.get(item)) == (404, "/problems/subscription-not-found")
    assert _problem(shop.operator.post(f"{item}:revoke")) == (
        404,
        "/problems/subscription-not-found",
    )
    assert shop.operator.get("/subscriptions").json()["total"] == 0
    assert shop.operator.get("/subscriptions?province=guizhou").status_code == 403
    assert shop.admin.get("/subscriptions?province=guizhou").json()["total"] == 1
    assert _problem(shop.operator.post(f"{item}:approve")) == (403, "/problems/not-permitted")


def test_an_engineer_sees_who_subscribes_to_what_the_own_organisation_publishes(
    shop: Shop,
) -> None:
    item = f"/subscriptions/{shop.subscribe(shop.application())}"

    assert shop.author.get("/subscriptions").json()["total"] == 1
    assert shop.author.get(item).status_code == 200
    assert shop.colleague.get("/subscriptions").json()["total"] == 0
    assert shop.colleague.get(item).status_code == 404


def test_only_what_is_offered_can_be_subscribed_and_approved(shop: Shop) -> None:
    application = shop.application()
    unknown = shop.operator.post("/subscriptions", _ask(application, capability="unheard-of"))
    assert _problem(unknown) == (404, "/problems/capability-not-found")
    item = f"/subscriptions/{shop.subscribe(application)}"
    path = "/capabilities/digit-recognition/versions/1.0.0"

    shop.author.post(f"{path}:deprecate")

    assert _problem(shop.admin.post(f"{item}:approve")) == (
        409,
        "/problems/capability-not-offered",
    )
    shop.author.post(f"{path}:withdraw", {"reason": "wrong labels"})
    other = shop.operator.post("/subscriptions", _ask(shop.application("second")))
    assert _problem(other) == (404, "/problems/capability-not-found")
    assert shop.admin.get(item).json()["status"] == "requested"


@pytest.mark.parametrize(
    "wrong",
    [
        {"daily_quota": 0},
        {"daily_quota": 2**63},
        {"rate_per_second": 0},
        {"rate_per_second": "inf"},
        {"concurrency": 0},
        {"purpose": ""},
        {"plan": "no such spelling"},
        {"status": "active"},
    ],
)
def test_terms_that_make_no_sense_are_refused(shop: Shop, wrong: dict[str, object]) -> None:
    answer = shop.operator.post("/subscriptions", _ask(shop.application(), **wrong))

    assert _problem(answer) == (422, "/problems/invalid-input")
    assert shop.operator.get("/subscriptions").json()["total"] == 0


def test_a_request_that_is_sent_twice_is_one_subscription(shop: Shop) -> None:
    body = _ask(shop.application())
    key = {"Idempotency-Key": "0123456789abcdef"}

    first = shop.operator.post("/subscriptions", body, headers=key)
    second = shop.operator.post("/subscriptions", body, headers=key)

    assert first.json() == second.json()
    assert shop.operator.get("/subscriptions").json()["total"] == 1
