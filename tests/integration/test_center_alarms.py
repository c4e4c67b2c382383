"""What goes wrong becomes one alarm that people work on, and that ends by itself."""

from datetime import timedelta
from typing import Any

from httpx2 import Response

from center.alarm.evaluation import Evaluation
from center.alarm.rules import center_rules
from tests.center_stock import DIGITS
from tests.integration.telemetry_world import NOW, Center, health, quality, turned_away, usage


def look(center: Center, after: timedelta = timedelta(0)) -> None:
    """Let time pass, then let the worker ask every rule once."""
    center.world.clock.move(after)
    rules = center_rules(center.world.settings)
    Evaluation(center.database, rules, center.world.clock).run()


def alarms(center: Center, as_: str = "admin", **query: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = center.get("/alarms", as_, **query)["items"]
    return items


def act(center: Center, alarm: str, what: str, body: object = None, as_: str = "admin") -> Response:
    return center.client(as_).post(f"/api/v1/alarms/{alarm}:{what}", json=body)


def history(center: Center, alarm: str) -> list[str]:
    return [item["kind"] for item in center.get(f"/alarms/{alarm}/events", "admin")["items"]]


def flood(center: Center, first: int = 1, records: int = 60) -> None:
    """Send records of four answered calls, and each of the others of three that were turned away."""
    center.sign_in_again("zhejiang")
    at = center.world.clock().isoformat()
    told = [
        usage(seq, at=at) if seq % 15 == 0 else turned_away(seq, 3, at=at)
        for seq in range(first, first + records)
    ]
    answer = center.send(told)
    assert answer.status_code == 200, answer.text


def test_a_flood_is_one_alarm_that_names_its_sources_and_ends_by_itself(center: Center) -> None:
    flood(center)
    look(center)
    flood(center, first=61)
    look(center, timedelta(seconds=5))

    (alarm,) = alarms(center, rule="flood")
    assert (alarm["capability"], alarm["province"]) == (DIGITS, "zhejiang")
    assert (alarm["severity"], alarm["state"], alarm["count"]) == ("critical", "open", 1)
    (source,) = alarm["evidence"]["sources"]
    assert (source["application"], source["name"]) == ("app-z", "bank")
    assert (source["calls"], source["refused"]) == (4 + 56 * 3, 56 * 3)

    look(center, timedelta(minutes=14))
    assert alarms(center, rule="flood") == []
    (ended,) = alarms(center, state="resolved")
    assert (ended["id"], ended["resolved_by"], ended["firing"]) == (alarm["id"], None, False)
    assert history(center, alarm["id"]) == ["raised", "ended"]


def test_a_cause_that_comes_back_soon_is_the_same_alarm_and_later_another(center: Center) -> None:
    flood(center)
    look(center)
    look(center, timedelta(minutes=11))
    flood(center, first=61)
    look(center, timedelta(seconds=2))
    (again,) = alarms(center, rule="flood")
    assert again["count"] == 2
    look(center, timedelta(minutes=11))

    center.world.clock.move(timedelta(minutes=16))
    flood(center, first=121)
    look(center)

    (other,) = alarms(center, rule="flood")
    assert (other["count"], other["id"] != again["id"]) == (1, True)


def test_people_acknowledge_assign_comment_silence_and_resolve(center: Center) -> None:
    flood(center)
    look(center)
    (alarm,) = alarms(center)
    center.client("zhejiang")

    seen = act(center, alarm["id"], "acknowledge", as_="zhejiang").json()
    assert (seen["state"], seen["acknowledged_by"]) == ("acknowledged", "zhejiang-person")
    given = act(center, alarm["id"], "assign", {"assignee": "zhejiang-person"}).json()
    assert given["state"] == "assigned"
    act(center, alarm["id"], "comment", {"text": "asked the bank"})
    until = (NOW + timedelta(hours=1)).isoformat()
    quiet = act(center, alarm["id"], "silence", {"until": until, "reason": "known"}).json()
    assert quiet["state"] == "silenced"
    done = act(center, alarm["id"], "resolve", {"text": "limit raised"}).json()

    assert (done["state"], done["resolved_by"], done["firing"]) == ("resolved", "root", True)
    assert history(center, alarm["id"]) == [
        *("raised", "acknowledged", "assigned", "commented", "silenced", "resolved")
    ]
    look(center, timedelta(seconds=10))
    assert alarms(center) == []  # the cause lasts, but a person has said that it is dealt with
    assert act(center, alarm["id"], "acknowledge").status_code == 409


def test_a_change_made_for_an_older_state_is_refused(sqlite_center: Center) -> None:
    flood(sqlite_center)
    look(sqlite_center)
    (alarm,) = alarms(sqlite_center)
    act(sqlite_center, alarm["id"], "acknowledge")

    late = sqlite_center.client("admin").post(
        f"/api/v1/alarms/{alarm['id']}:resolve", json={}, headers={"If-Match": '"1"'}
    )

    assert late.status_code == 412


def test_an_alarm_goes_to_nobody_who_cannot_see_it(sqlite_center: Center) -> None:
    flood(sqlite_center)
    look(sqlite_center)
    (alarm,) = alarms(sqlite_center)
    sqlite_center.client("guizhou")

    for name in ("guizhou-person", "nobody-at-all"):
        refused = act(sqlite_center, alarm["id"], "assign", {"assignee": name})
        assert (refused.status_code, refused.json()["type"]) == (422, "/problems/bad-assignee")


def test_each_sees_the_alarms_of_their_province_or_their_capabilities(center: Center) -> None:
    flood(center)
    look(center, timedelta(minutes=6))  # by now Guizhou's edge has been silent for five minutes

    def seen(who: str) -> set[tuple[str, str]]:
        return {(item["rule"], item["province"]) for item in alarms(center, who)}

    assert seen("admin") == {("flood", "zhejiang"), ("edge-silent", "guizhou"), *seen("zhejiang")}
    assert seen("engineer") == {("flood", "zhejiang")}
    assert seen("guizhou") == {("edge-silent", "guizhou")}
    assert seen("stranger") == set()
    (alarm,) = alarms(center, "engineer")
    assert center.ask(f"/alarms/{alarm['id']}", "guizhou").status_code == 404
    assert act(center, alarm["id"], "acknowledge", as_="guizhou").status_code == 404


def test_a_silence_quiets_what_stands_and_what_comes_until_it_is_ended(center: Center) -> None:
    flood(center)
    look(center)
    wish = {"rule": "flood", "province": "zhejiang", "reason": "load test of the bank"}
    until = (NOW + timedelta(hours=2)).isoformat()
    http = center.client("zhejiang")

    made = http.post("/api/v1/alarm-silences", json={**wish, "ends_at": until})

    assert made.status_code == 201, made.text
    assert [item["state"] for item in alarms(center, rule="flood")] == ["silenced"]
    assert alarms(center, state="open") == []
    look(center, timedelta(minutes=11))
    flood(center, first=61)
    look(center, timedelta(minutes=16))
    assert {item["state"] for item in alarms(center, rule="flood")} <= {"silenced"}

    http.delete(f"/api/v1/alarm-silences/{made.json()['id']}")
    assert "silenced" not in {item["state"] for item in alarms(center)}
    assert center.get("/alarm-silences", "admin")["items"] == []


def test_nobody_silences_what_is_not_theirs_or_everything(sqlite_center: Center) -> None:
    ends = {"ends_at": (NOW + timedelta(hours=1)).isoformat(), "reason": "because"}
    wishes = [
        ("zhejiang", {"province": "guizhou"}, 403),
        ("zhejiang", {"rule": "flood"}, 403),
        ("engineer", {"capability": "another"}, 403),
        ("admin", {}, 422),
    ]
    for who, wish, status in wishes:
        answer = sqlite_center.client(who).post("/api/v1/alarm-silences", json={**wish, **ends})
        assert answer.status_code == status, answer.text


def test_failing_instances_silent_edges_and_used_quotas_are_found(center: Center) -> None:
    failing = {
        "id": "i-1",
        "capability": DIGITS,
        "version": "1.0.0",
        "node": "n-1",
        "health": "failed",
        "code_digest": "sha256:" + "1" * 64,
        "weights_digest": "sha256:" + "0" * 64,
    }
    center.send([health(1, instances=[failing])], stream="health")
    center.send([usage(seq) for seq in range(1, 901)])
    look(center, timedelta(minutes=6))

    found = {(item["rule"], item["province"], item["severity"]) for item in alarms(center)}
    assert ("instance-failing", "zhejiang", "critical") in found
    assert ("edge-silent", "guizhou", "warning") in found
    assert ("quota-near", "zhejiang", "notice") in found


def test_quality_that_fell_is_an_alarm_and_chance_is_none(center: Center) -> None:
    before = (NOW - timedelta(days=3)).replace(minute=0)
    center.send([quality(1, {(1, 1): 380, (2, 1): 20}, 400, window=before.isoformat())])
    center.send([quality(2, {(1, 1): 92, (2, 1): 8}, 100)])
    look(center)
    assert alarms(center) == []

    center.send([quality(3, {(1, 1): 60, (2, 1): 90}, 150)])
    look(center)

    (alarm,) = alarms(center)
    assert (alarm["rule"], alarm["severity"]) == ("quality-down", "critical")
    assert alarm["evidence"]["labelled"] == 250
