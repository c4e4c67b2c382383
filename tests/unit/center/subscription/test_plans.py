"""Plans, periods, changes and denials of subscriptions, through HTTP, on every database."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from center.operations.domain import UsageKey, UsageSum
from center.operations.store import UsageStore
from center.operations.subscribers import calls_since
from center.subscription.service.duties import Duties
from tests.center_store_world import TERMS, Shop, manifest, open_shop
from tests.center_world import Person, running_center


@pytest.fixture
def shop(database_url: str, tmp_path: Path) -> Iterator[Shop]:
    with running_center(database_url, tmp_path) as world:
        made = open_shop(world)
        made.publish(manifest())
        yield made


@pytest.fixture
def duties(shop: Shop) -> Duties:
    return Duties(shop.world.database, calls_since, shop.world.clock)


def _ask(shop: Shop, **changes: object) -> Any:  # noqa: ANN401 - httpx2's Response
    body = {
        "application": changes.pop("application", None) or shop.application(),
        "capability": "digit-recognition",
        "purpose": "to read cheques",
        **changes,
    }
    return shop.operator.post("/subscriptions", body)


def _denial(answer: Any) -> tuple[int, str, str]:  # noqa: ANN401 - httpx2's Response
    problem = answer.json()
    assert problem["cure"]
    return answer.status_code, problem["type"], problem["reason"]


def _active(shop: Shop, **changes: object) -> str:
    asked = _ask(shop, **changes).json()
    if asked["status"] == "requested":
        shop.admin.post(f"/subscriptions/{asked['id']}:approve")
    return f"/subscriptions/{asked['id']}"


def _kinds(shop: Shop, item: str) -> list[str]:
    return [event["kind"] for event in shop.operator.get(f"{item}/events").json()["items"]]


def test_a_self_approved_plan_answers_at_once_within_its_bounds(shop: Shop) -> None:
    given = _ask(shop, plan="trial").json()
    beyond = _ask(shop, plan="trial", daily_quota=1_001, application=shop.application("second"))

    assert (given["status"], given["decided_by"]) == ("active", "plan:trial")
    assert (given["daily_quota"], given["rate_per_second"]) == (1_000, 5.0)
    ends = shop.world.clock() + timedelta(days=30)
    assert given["ends_at"] == ends.isoformat().replace("+00:00", "Z")
    assert _denial(beyond) == (422, "/problems/beyond-plan", "beyond-plan")
    assert beyond.json()["limit"] == 1_000


def test_a_reviewed_plan_fills_in_its_figures_and_waits(shop: Shop) -> None:
    asked = _ask(shop, plan="standard", daily_quota=500, cost_centre="CC-17").json()

    assert asked["status"] == "requested"
    assert (asked["daily_quota"], asked["concurrency"]) == (500, 32)
    assert asked["cost_centre"] == "CC-17"
    queue = shop.admin.get("/subscriptions?status=requested&oldest_first=true").json()["items"]
    assert [item["requested_by"] for item in queue] == ["operator"]


@pytest.mark.parametrize(
    ("wish", "denied"),
    [
        ({"plan": "gold"}, (422, "/problems/plan-unknown", "unknown-plan")),
        ({"ends_at": "2020-01-01T00:00:00Z"}, (422, "/problems/bad-period", "bad-period")),
        (
            {"plan": "trial", "ends_at": "2027-11-20T00:00:00Z"},
            (422, "/problems/bad-period", "bad-period"),
        ),
    ],
)
def test_a_wish_that_no_plan_gives_says_why_and_what_cures_it(
    shop: Shop, wish: dict[str, object], denied: tuple[int, str, str]
) -> None:
    assert _denial(_ask(shop, **wish)) == denied
    assert shop.operator.get("/subscriptions").json()["total"] == 0


def test_an_admin_makes_and_closes_plans_and_nobody_overwrites_anothers_change(
    shop: Shop,
) -> None:
    body = {
        "titles": {"zh": "夜间", "en": "Night"},
        "approval": "self",
        "daily_quota": 50,
        "rate_per_second": 1.0,
        "concurrency": 1,
        "price_label": "free",
    }
    path = "/api/v1/subscription-plans/night"
    made = shop.admin.http.put(path, json=body)
    again = shop.admin.http.put(path, json=body)
    asked = _active(shop, plan="night")
    stale = shop.admin.http.put(path, json=body, headers={"If-Match": '"7"'})
    closed = shop.admin.http.put(path, json=body | {"is_open": False}, headers={"If-Match": '"1"'})

    assert (made.status_code, made.headers["etag"]) == (200, '"1"')
    assert (again.status_code, again.json()["type"]) == (409, "/problems/plan-exists")
    assert (stale.status_code, closed.json()["is_open"]) == (412, False)
    # Who subscribed keeps it; the admin was told how many there are.
    assert closed.json()["subscriptions"] == 1
    assert shop.operator.get(asked).json()["status"] == "active"
    on_it = shop.operator.get("/subscriptions?plan=night").json()["items"]
    assert [item["id"] for item in on_it] == [asked.rpartition("/")[2]]
    assert shop.operator.http.put(path, json=body).status_code == 403
    second = shop.application("second")
    assert _denial(_ask(shop, plan="night", application=second)) == (
        409,
        "/problems/plan-closed",
        "closed-plan",
    )
    plans = shop.operator.get("/subscription-plans").json()["items"]
    names = [plan["name"] for plan in plans]
    assert names == ["night", "trial", "standard", "critical"]
    assert [plan["subscriptions"] for plan in plans] == [1, 0, 0, 0]


def test_a_request_can_be_withdrawn_until_it_is_decided(shop: Shop) -> None:
    asked = f"/subscriptions/{_ask(shop).json()['id']}"
    decided = _active(shop, application=shop.application("second"))

    assert shop.operator.post(f"{asked}:withdraw").json()["status"] == "withdrawn"
    late = shop.operator.post(f"{decided}:withdraw")
    assert _denial(late) == (409, "/problems/illegal-status", "wrong-status")


def test_a_declined_request_says_its_reason_for_programs_and_people(shop: Shop) -> None:
    asked = f"/subscriptions/{_ask(shop).json()['id']}"
    made_up = {"reason": "no", "denial": "suspended"}
    assert shop.admin.post(f"{asked}:decline", made_up).status_code == 422

    body = {"reason": "say which system reads it", "denial": "purpose-unclear"}
    declined = shop.admin.post(f"{asked}:decline", body).json()

    assert declined["denial"]["reason"] == "purpose-unclear"
    assert declined["denial"]["words"] == "say which system reads it"
    assert declined["denial"]["cure"].startswith("Ask anew")


def test_a_subscription_begins_nears_its_end_and_expires_by_time(
    shop: Shop, duties: Duties
) -> None:
    now = shop.world.clock()
    starts, ends = now + timedelta(days=2), now + timedelta(days=20)
    item = _active(shop, starts_at=starts.isoformat(), ends_at=ends.isoformat())
    assert shop.operator.get(item).json()["status"] == "scheduled"

    seen = []
    for days in (2, 5, 13):
        shop.world.clock.move(timedelta(days=days))
        shop.operator = Person(shop.world.app, "operator")  # the session has run out
        duties.run()
        duties.run()
        seen.append(shop.operator.get(item).json()["status"])

    assert seen == ["active", "active", "expired"]
    assert _kinds(shop, item) == ["expired", "nears-expiry", "begun", "approved", "requested"]
    # What is over does not stand in the way of a new one.
    application = shop.operator.get(item).json()["application"]
    assert _ask(shop, application=application).status_code == 201


def test_other_terms_are_a_request_of_their_own(shop: Shop) -> None:
    item = _active(shop, plan="standard", daily_quota=500)
    wish = {"plan": "standard", "daily_quota": 900, "why": "more branches"}

    change = shop.operator.post(f"{item}/changes", wish).json()
    again = shop.operator.post(f"{item}/changes", wish)
    assert _denial(again) == (409, "/problems/change-pending", "change-pending")
    assert shop.operator.get(item).json()["daily_quota"] == 500
    waiting = shop.admin.get("/subscription-changes?status=requested").json()["items"]
    assert [found["id"] for found in waiting] == [change["id"]]
    approved = shop.admin.post(f"/subscription-changes/{change['id']}:approve").json()

    assert (approved["status"], shop.operator.get(item).json()["daily_quota"]) == ("applied", 900)
    same = shop.operator.post(f"{item}/changes", wish)
    assert _denial(same) == (422, "/problems/nothing-changes", "nothing-changes")
    body = {"reason": "not this year", "denial": "quota-too-high"}
    more = shop.operator.post(f"{item}/changes", wish | {"daily_quota": 10_000}).json()
    declined = shop.admin.post(f"/subscription-changes/{more['id']}:decline", body).json()
    assert declined["denial"]["reason"] == "quota-too-high"
    assert shop.operator.get(item).json()["daily_quota"] == 900
    assert _kinds(shop, item)[:2] == ["change-declined", "change-requested"]


def test_a_change_within_a_self_approved_plan_applies_at_once(shop: Shop) -> None:
    item = _active(shop, plan="trial", daily_quota=10)

    change = shop.operator.post(
        f"{item}/changes", {"plan": "trial", "daily_quota": 99, "why": "more"}
    )

    assert (change.json()["status"], change.json()["decided_by"]) == ("applied", "plan:trial")
    assert shop.operator.get(item).json()["daily_quota"] == 99


def test_nobody_decides_on_a_change_that_they_asked_for_or_cannot_see(shop: Shop) -> None:
    foreign = shop.application("other", "guizhou")
    body = {"application": foreign, "capability": "digit-recognition", **TERMS}
    asked = shop.admin.post("/subscriptions", body | {"plan": "trial"}).json()
    wish = {"plan": "standard", "why": "more branches"}
    change = shop.admin.post(f"/subscriptions/{asked['id']}/changes", wish).json()

    own = shop.admin.post(f"/subscription-changes/{change['id']}:approve")
    hidden = shop.operator.post(f"/subscription-changes/{change['id']}:withdraw")

    assert _denial(own) == (403, "/problems/own-subscription", "own-request")
    assert hidden.status_code == 404
    assert shop.operator.get("/subscription-changes").json()["total"] == 0


def test_who_nears_the_quota_is_told_once_a_day_and_once_when_it_is_used_up(
    shop: Shop, duties: Duties
) -> None:
    item = _active(shop, plan="trial", daily_quota=100)
    application = shop.operator.get(item).json()["application"]

    for more in (79, 1, 10, 10, 5):
        hour = shop.world.clock().replace(minute=0)
        key = UsageKey(
            province="zhejiang",
            capability="digit-recognition",
            version="1.0.0",
            application=application,
            hour=hour,
        )
        with shop.world.database.session() as session:
            UsageStore(session).add({key: UsageSum(more, more, 0, 0)})
        duties.warn_of_quotas()
        duties.warn_of_quotas()

    assert _kinds(shop, item)[:2] == ["quota-used-up", "nears-quota"]
    assert len(_kinds(shop, item)) == 4
    used = shop.operator.get(f"{item}/usage").json()
    assert (used["used_today"], used["daily_quota"], used["zone"]) == (105, 100, "Asia/Shanghai")
    assert len(used["days"]) == 14


def test_a_token_that_is_refused_says_which_cure_there_is(shop: Shop) -> None:
    made = shop.admin.post("/applications", {"name": "caller", "province": "zhejiang"}).json()
    edge = shop.world.enrol("zhejiang").sign_in()
    path = f"/api/v1/edges/{edge.identity.edge}/tokens"
    caller = {"client_id": made["client_id"], "client_secret": made["client_secret"]}
    wanted = {**caller, "scope": "infer:digit-recognition"}

    never = edge.http.post(path, json=wanted)
    item = f"/subscriptions/{_ask(shop, application=made['client_id']).json()['id']}"
    waiting = edge.http.post(path, json=wanted)
    shop.admin.post(f"{item}:approve")
    given = edge.http.post(path, json=wanted)
    shop.admin.post(f"{item}:suspend", {"reason": "invoice unpaid"})
    suspended = edge.http.post(path, json=wanted)

    assert given.status_code == 200
    reasons = [answer.json()["reason"] for answer in (never, waiting, suspended)]
    assert reasons == ["not-subscribed", "awaiting-decision", "suspended"]
    assert all(answer.json()["cure"] for answer in (never, waiting, suspended))
