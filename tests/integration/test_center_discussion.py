"""Ratings, comments, favourites and notes, through HTTP and on every engine."""

import secrets
from collections.abc import Iterator

import pytest

from tests.center_store_world import Shop, manifest, open_shop
from tests.center_world import Person, running_center


@pytest.fixture(scope="module")
def shop(lasting_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with running_center(lasting_database_url, tmp_path_factory.mktemp("center")) as world:
        yield open_shop(world)


@pytest.fixture
def topic(shop: Shop) -> str:
    """Address of a capability that nobody spoke of yet."""
    item = manifest("topic-" + secrets.token_hex(6))
    shop.publish(item)
    return f"/capabilities/{item.name}"


def _put(person: Person, path: str, body: object, etag: str | None = None) -> int:
    headers = {} if etag is None else {"If-Match": etag}
    answer = person.http.put(f"/api/v1{path}", json=body, headers=headers)
    status: int = answer.status_code
    return status


def test_each_person_rates_once_and_the_mean_counts_everybody(shop: Shop, topic: str) -> None:
    for person, stars in ((shop.operator, 2), (shop.author, 5), (shop.operator, 4)):
        assert _put(person, f"{topic}/rating", {"stars": stars, "text": "读得准"}) == 200

    summary = shop.operator.get(f"{topic}/rating").json()
    listed = shop.author.get(f"{topic}/ratings").json()

    assert (summary["mean"], summary["count"]) == (4.5, 2)
    assert summary["by_stars"] == [0, 0, 0, 1, 1]
    assert summary["mine"]["stars"] == 4
    assert {item["author"]: item["stars"] for item in listed["items"]} == {
        "operator": 4,
        "author": 5,
    }
    assert _put(shop.operator, f"{topic}/rating", {"stars": 6}) == 422
    assert shop.operator.delete(f"{topic}/rating").status_code == 204
    assert shop.operator.get(f"{topic}/rating").json()["mean"] == 5.0


def test_a_thread_is_one_level_deep_and_its_author_alone_changes_a_comment(
    shop: Shop, topic: str
) -> None:
    head = shop.operator.post(f"{topic}/comments", {"text": "夜里慢吗。"}).json()
    reply = shop.author.post(f"{topic}/comments", {"text": "No.", "parent": head["id"]}).json()
    deeper = shop.operator.post(f"{topic}/comments", {"text": "Why?", "parent": reply["id"]})
    stolen = shop.author.http.put(f"/api/v1/comments/{head['id']}", json={"text": "mine"})

    assert _put(shop.operator, f"/comments/{head['id']}", {"text": "慢吗。"}, '"1"') == 200
    assert _put(shop.operator, f"/comments/{head['id']}", {"text": "again"}, '"1"') == 412
    assert (deeper.status_code, deeper.json()["thread"]) == (409, head["id"])
    assert (stolen.status_code, stolen.json()["type"]) == (403, "/problems/not-your-comment")
    (thread,) = shop.colleague.get(f"{topic}/comments").json()["items"]
    assert (thread["text"], thread["replies"][0]["text"]) == ("慢吗。", "No.")
    assert thread["edited_at"] is not None


def test_a_comment_that_is_taken_back_leaves_its_place_only_to_replies(
    shop: Shop, topic: str
) -> None:
    kept, lone = (shop.operator.post(f"{topic}/comments", {"text": t}).json()["id"] for t in "ab")
    shop.author.post(f"{topic}/comments", {"text": "still here", "parent": kept})

    assert [shop.operator.delete(f"/comments/{item}").status_code for item in (kept, lone)] == [
        *(204, 204)
    ]

    (thread,) = shop.author.get(f"{topic}/comments").json()["items"]
    assert (thread["id"], thread["text"], thread["is_deleted"]) == (kept, None, True)
    assert [reply["text"] for reply in thread["replies"]] == ["still here"]
    assert shop.operator.delete(f"/comments/{kept}").status_code == 404


def test_an_admin_hides_a_comment_on_the_record(shop: Shop, topic: str) -> None:
    comment = shop.operator.post(f"{topic}/comments", {"text": "call 555-0100"}).json()["id"]

    assert shop.author.post(f"/comments/{comment}:hide", {"reason": "no"}).status_code == 403
    answer = shop.admin.post(f"/comments/{comment}:hide", {"reason": "a telephone number"})

    assert answer.status_code == 200, answer.text
    (shown,) = shop.author.get(f"{topic}/comments").json()["items"]
    assert (shown["text"], shown["hidden_reason"]) == (None, "a telephone number")
    acts = [item["act"] for item in shop.admin.get("/audit?limit=500").json()["items"]]
    assert "comment.hidden" in acts
    assert shop.admin.post(f"/comments/{comment}:show").json()["text"] == "call 555-0100"


def test_each_role_writes_its_notes_and_every_revision_stays(shop: Shop, topic: str) -> None:
    assert _put(shop.operator, f"{topic}/notes/need", {"text": "Cheques, 3,000 a day"}) == 200
    assert _put(shop.operator, f"{topic}/notes/data", {"text": "no"}) == 403
    assert _put(shop.colleague, f"{topic}/notes/data", {"text": "not my capability"}) == 403
    assert _put(shop.author, f"{topic}/notes/runbook", {"text": "Restart it."}, '"0"') == 200
    assert _put(shop.operator, f"{topic}/notes/runbook", {"text": "Call us."}, '"1"') == 200
    assert _put(shop.author, f"{topic}/notes/runbook", {"text": "Late."}, '"1"') == 412

    notes = {item["kind"]: item for item in shop.operator.get(f"{topic}/notes").json()["items"]}
    history = shop.author.get(f"{topic}/notes/runbook/revisions").json()["items"]

    assert list(notes) == ["need", "data", "performance", "runbook"]
    assert [notes[kind]["may_write"] for kind in notes] == [True, False, False, True]
    assert notes["runbook"]["current"]["text"] == "Call us."
    assert [(item["author"], item["role"], item["revision"]) for item in history] == [
        ("operator", "operator", 2),
        ("author", "engineer", 1),
    ]


def test_favourites_are_ones_own(shop: Shop, topic: str) -> None:
    for _ in range(2):
        assert shop.operator.http.put(f"/api/v1{topic}/favourite").status_code == 204

    assert shop.operator.get("/favourites").json() == {"items": [topic.rpartition("/")[2]]}
    assert shop.author.get("/favourites").json() == {"items": []}
    assert shop.operator.delete(f"{topic}/favourite").status_code == 204
    assert shop.operator.get("/favourites").json() == {"items": []}


def test_C01_what_is_not_in_the_store_cannot_be_discussed(shop: Shop) -> None:
    shop.keep(manifest("quiet-work"))
    quiet = "/capabilities/quiet-work"
    hidden = shop.author.post(f"{quiet}/comments", {"text": "for colleagues"}).json()["id"]

    assert shop.operator.post(f"{quiet}/comments", {"text": "hello"}).status_code == 404
    assert shop.operator.get(f"{quiet}/comments").status_code == 404
    assert _put(shop.operator, f"{quiet}/rating", {"stars": 1}) == 404
    assert _put(shop.operator, f"/comments/{hidden}", {"text": "found"}) == 404
    assert shop.operator.http.put(f"/api/v1{quiet}/favourite").status_code == 404
