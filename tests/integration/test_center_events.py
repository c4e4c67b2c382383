"""Live events: what pages hear of a change, and when they hear nothing any more."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import httpx2
import pytest

from tests.center_process import PASSWORD, CenterProcess, running_center_process


@pytest.fixture(scope="module")
def center(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CenterProcess]:
    with running_center_process(tmp_path_factory.mktemp("center")) as made:
        for province in ("zhejiang", "guizhou"):
            made.add_province(province)
        for name, role, organisation in (
            ("op", "operator", "zhejiang"),
            ("eng", "engineer", "center"),
        ):
            made.join(name, role, organisation).close()
        yield made


class Page:
    """A person's page: signed in by cookie, and able to listen."""

    def __init__(self, url: str, name: str) -> None:
        self.http = httpx2.Client(base_url=f"{url}/api/v1", timeout=30)
        answer = self.http.post("/sessions", json={"name": name, "password": PASSWORD})
        self.http.headers["X-CSRF-Token"] = answer.json()["csrf_token"]

    def add_province(self, name: str) -> None:
        body = {"name": name, "titles": {"zh": name, "en": name}}
        assert self.http.post("/provinces", json=body).status_code == 201

    def add_application(self, province: str, name: str) -> None:
        made = self.http.post("/applications", json={"name": name, "province": province})
        assert made.status_code == 201, made.text

    @contextmanager
    def listen(
        self, topics: str, position: str | None = None
    ) -> Iterator[Iterator[dict[str, Any]]]:
        headers = {"Last-Event-ID": position} if position is not None else {}
        with self.http.stream("GET", f"/events?topics={topics}", headers=headers) as answer:
            assert answer.status_code == 200
            assert answer.headers["content-type"].startswith("text/event-stream")
            yield _events(answer.iter_lines())


def _events(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    event: dict[str, Any] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        if not line and "event" in event:
            yield event
            event = {}
        elif name in ("event", "id"):
            event[name] = value
        elif name == "data":
            event.update(json.loads(value))


@pytest.fixture(scope="module")
def page(center: CenterProcess) -> Iterator[Callable[[str], Page]]:
    with ExitStack() as opened:

        def sign_in(name: str) -> Page:
            made = Page(center.url, name)
            opened.callback(made.http.close)
            return made

        yield sign_in


@pytest.fixture(scope="module")
def admin(page: Callable[[str], Page]) -> Page:
    return page("root")


@pytest.fixture(scope="module")
def operator(page: Callable[[str], Page]) -> Page:
    return page("op")


@pytest.fixture(scope="module")
def engineer(page: Callable[[str], Page]) -> Page:
    return page("eng")


def test_a_page_hears_of_a_change_that_somebody_else_makes(admin: Page, operator: Page) -> None:
    with operator.listen("applications,provinces") as events:
        ready = next(events)
        admin.add_application("zhejiang", "heard")
        heard = next(events)

    assert ready["topics"] == ["applications", "provinces"]
    assert (heard["event"], heard["topic"]) == ("changed", "applications")
    assert heard["id"] != ready["id"]


def test_a_page_that_was_away_hears_of_what_it_missed_and_of_nothing_else(
    admin: Page, operator: Page
) -> None:
    with operator.listen("applications,deployments") as events:
        position = next(events)["id"]
    admin.add_application("zhejiang", "missed")

    with operator.listen("applications,deployments", position) as events:
        assert next(events)["event"] == "ready"
        missed = next(events)
    with operator.listen("applications,deployments", missed["id"]) as events:
        assert next(events)["event"] == "ready"
        admin.add_application("zhejiang", "later")
        later = next(events)

    assert missed["topic"] == later["topic"] == "applications"


def test_a_position_that_means_nothing_here_counts_as_everything_missed(operator: Page) -> None:
    with operator.listen("applications,provinces", "of another release") as events:
        assert [next(events)["event"] for _ in range(3)] == ["ready", "changed", "changed"]


def test_a_change_in_one_province_is_not_heard_in_another(admin: Page, operator: Page) -> None:
    with operator.listen("applications,provinces") as events:
        next(events)
        admin.add_application("guizhou", "elsewhere")
        admin.add_province("yunnan")
        heard = next(events)

    assert heard["topic"] == "provinces"


def test_topics_that_a_role_may_not_read_are_left_out(engineer: Page) -> None:
    with engineer.listen("audit,users,store") as events:
        assert next(events)["topics"] == ["store"]


def test_a_topic_that_nobody_declared_is_refused(center: CenterProcess, engineer: Page) -> None:
    answer = engineer.http.get("/events?topics=store,everything")

    assert answer.status_code == 422
    assert answer.json()["type"] == "/problems/unknown-topic"
    assert httpx2.get(f"{center.url}/api/v1/events?topics=store").status_code == 401


def test_streams_end_with_the_sign_in_and_leave_the_others_open(
    page: Callable[[str], Page], admin: Page, engineer: Page
) -> None:
    leaver = page("op")
    with leaver.listen("store") as ending, engineer.listen("provinces") as going_on:
        next(ending)
        next(going_on)
        assert leaver.http.delete("/sessions/current").status_code == 204

        assert list(ending) == []  # it ends by itself
        admin.add_province("hubei")
        assert next(going_on)["topic"] == "provinces"


def test_one_person_has_so_many_streams_and_a_closed_one_makes_room(engineer: Page) -> None:
    with ExitStack() as opened:
        streams = [opened.enter_context(engineer.listen("store")) for _ in range(12)]
        assert {next(events)["event"] for events in streams} == {"ready"}
        refused = engineer.http.get("/events?topics=store")

    assert refused.status_code == 429
    assert refused.json()["type"] == "/problems/too-many-streams"
    with engineer.listen("store") as events:
        assert next(events)["event"] == "ready"
