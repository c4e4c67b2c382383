"""An incident file gathers what happened on one timeline, and closes only when it has learnt."""

from datetime import timedelta
from typing import Any

from httpx2 import Response

from tests.center_stock import DIGITS
from tests.integration.telemetry_world import NOW, Center
from tests.integration.test_center_alarms import act, alarms, flood, look

FILE: dict[str, Any] = {
    "title": "Digits answer 429",
    "severity": "critical",
    "begins_at": NOW.isoformat(),
    "capabilities": [DIGITS],
    "provinces": ["zhejiang"],
}


def post(center: Center, path: str, body: object = None, as_: str = "admin") -> Response:
    return center.client(as_).post(f"/api/v1/incidents{path}", json=body)


def opened(center: Center, as_: str = "admin", **changes: object) -> str:
    answer = post(center, "", {**FILE, **changes}, as_)
    assert answer.status_code == 201, answer.text
    identifier: str = answer.json()["id"]
    return identifier


def test_the_timeline_gathers_alarms_deployments_and_remarks_in_order(center: Center) -> None:
    share = {"versions": [{"version": "1.0.0", "weight": 1}]}
    path = f"/api/v1/provinces/zhejiang/deployments/{DIGITS}"
    assert center.client("zhejiang").put(path, json=share).status_code == 200
    flood(center)
    look(center, timedelta(seconds=2))
    (alarm,) = alarms(center)
    act(center, alarm["id"], "acknowledge")
    file = opened(center)
    at = (NOW + timedelta(seconds=1)).isoformat()
    post(center, f"/{file}/entries", {"at": at, "text": "the bank called"})

    items = center.get(f"/incidents/{file}/timeline", "zhejiang")["items"]

    acts = [item["act"] for item in items]
    assert acts.index("alarm.raised") < acts.index("alarm.acknowledged")
    assert {"deployment.put", "entry", "incident.opened"} <= set(acts)
    assert [item["at"] for item in items] == sorted(item["at"] for item in items)
    all_items = center.get(f"/incidents/{file}/timeline", "admin", limit="500")["items"]
    edges = {item["subject"] for item in all_items if item["act"] == "edge.enrolled"}
    assert edges == {"edge/edge-zhejiang"}
    raised = items[acts.index("alarm.raised")]
    assert (raised["province"], raised["says"]["en"]) == ("zhejiang", alarm["says"]["en"])


def test_a_file_closes_only_with_causes_and_actions_that_are_done(center: Center) -> None:
    file = opened(center)

    refused = post(center, f"/{file}:close")
    assert (refused.status_code, refused.json()["missing"]) == (
        409,
        ["near_cause", "root_cause", "actions"],
    )

    causes = {"near_cause": "a loop in the client", "root_cause": "no limit for each source"}
    assert (
        center.client("admin").put(f"/api/v1/incidents/{file}", json={**FILE, **causes}).is_success
    )
    body = {"text": "limit each source", "owner": "zhejiang-person", "due_on": "2026-12-01"}
    action = post(center, f"/{file}/actions", body).json()["actions"][0]
    assert post(center, f"/{file}:close").json()["missing"] == ["open_actions"]
    post(center, f"/{file}/actions/{action['id']}:complete")
    closed = post(center, f"/{file}:close").json()

    assert (closed["state"], closed["ends_at"] is not None) == ("closed", True)
    assert closed["actions"][0]["done_by"] == "root"
    late = post(center, f"/{file}/entries", {"at": NOW.isoformat(), "text": "one more thing"})
    assert (late.status_code, late.json()["type"]) == (409, "/problems/incident-closed")
    assert post(center, f"/{file}:reopen").json()["state"] == "open"


def test_a_file_is_seen_where_it_is_about_and_nowhere_else(center: Center) -> None:
    file = opened(center)
    opened(center, title="Guizhou only", provinces=["guizhou"], capabilities=[])

    def seen(who: str) -> set[str]:
        return {item["title"] for item in center.get("/incidents", who)["items"]}

    assert seen("admin") == {FILE["title"], "Guizhou only"}
    assert seen("zhejiang") == seen("engineer") == {FILE["title"]}
    assert seen("guizhou") == {"Guizhou only"}
    assert seen("stranger") == set()
    assert center.ask(f"/incidents/{file}", "guizhou").status_code == 404
    assert post(center, f"/{file}:mitigate", as_="stranger").status_code == 404
    elsewhere = post(center, "", {**FILE, "provinces": ["guizhou"]}, "zhejiang")
    assert elsewhere.status_code == 403


def test_the_postmortem_is_one_document_in_which_nothing_runs(sqlite_center: Center) -> None:
    file = opened(sqlite_center, title="<script>alert(1)</script>", summary="a | b *c*")

    page = sqlite_center.ask(f"/incidents/{file}/postmortem", "admin", format="html")
    text = sqlite_center.ask(f"/incidents/{file}/postmortem", "admin")

    assert "<script>" not in page.text
    assert "&lt;script&gt;" in page.text
    assert "sandbox" in page.headers["content-security-policy"]
    assert text.headers["content-type"].startswith("text/markdown")
    assert r"a \| b \*c\*" in text.text


def test_a_change_for_an_older_state_of_a_file_is_refused(sqlite_center: Center) -> None:
    file = opened(sqlite_center)
    post(sqlite_center, f"/{file}:mitigate")

    late = sqlite_center.client("admin").post(
        f"/api/v1/incidents/{file}:close", headers={"If-Match": '"1"'}
    )

    assert late.status_code == 412
