"""Lists ask the database as often for fifty rows as for five: generated over all of them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.orm import configure_mappers
from starlette.testclient import TestClient

from center import rows
from center.database import Base, Database
from tests.bench.country_data import SMALL, Country
from tests.bench.country_lists import Route, routes, signed_in

FEW, MANY = 5, 50
FULL = {
    "/api/v1/applications",
    "/api/v1/capabilities",
    "/api/v1/deployments",
    "/api/v1/drift",
    "/api/v1/provinces/{province}/uncounted-telemetry",
    "/api/v1/quality",
    "/api/v1/subscriptions",
    "/api/v1/usage",
    "/api/v1/usage/calls",
}
"""Lists that the country fills with more than fifty rows; others are asked with what there is."""


class Center:
    """A center over a country, whose statements are counted."""

    def __init__(self, url: str, folder: Path) -> None:
        database = Database(url)
        rows.metadata.create_all(database.engine)
        Country(SMALL, datetime.now(UTC)).build(database)
        self.http: TestClient = signed_in(url, folder)
        database.close()
        app: Any = self.http.app
        self._engine = app.state.database.engine

    def statements(self, address: str) -> tuple[int, dict[str, Any]]:
        """Ask, and count the statements; the transaction's own frame does not count."""
        texts: list[str] = []

        def note(_c: Any, _k: Any, text: str, *_: Any) -> None:  # noqa: ANN401 - SQLAlchemy's own
            if not text.startswith(("PRAGMA", "BEGIN")):
                texts.append(text)

        event.listen(self._engine, "before_cursor_execute", note)
        try:
            answer = self.http.get(address)
        finally:
            event.remove(self._engine, "before_cursor_execute", note)
        assert answer.status_code == 200, f"{address}: {answer.text[:300]}"
        return len(texts), answer.json()


@pytest.fixture(scope="module")
def center(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Center]:
    folder = tmp_path_factory.mktemp("country")
    center = Center(f"sqlite:///{folder / 'center.db'}", folder)
    yield center
    center.http.__exit__(None, None, None)


def paged(center: Center) -> list[Route]:
    known, _ = routes(center.http.get("/openapi.json").json())
    return [route for route in known if route.is_paged]


def test_every_list_asks_as_often_for_fifty_rows_as_for_five(center: Center) -> None:
    growing, full = {}, set()
    for route in paged(center):
        if center.http.get(route.address(FEW)).status_code == 404:
            continue
        few, _ = center.statements(route.address(FEW))
        many, page = center.statements(route.address(MANY))
        if len(page.get("items", ())) == MANY:
            full.add(route.path)
        if few != many:
            growing[route.path] = (few, many)
    assert growing == {}
    assert full >= FULL


def test_no_row_has_a_relation_that_would_load_behind_a_querys_back() -> None:
    configure_mappers()

    lazy = {
        f"{mapper.class_.__name__}.{relation.key}"
        for mapper in Base.registry.mappers
        for relation in mapper.relationships
        if relation.lazy not in ("raise", "raise_on_sql")
    }

    assert lazy == set()
