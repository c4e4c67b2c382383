"""What every document archive does, whatever engine stands behind it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from capability_sdk.archive.errors import DocumentNotFound
from capability_sdk.archive.ports import Document, DocumentArchive
from capability_sdk.archive.sql import SqlArchive

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Clock:
    """Stands where the test puts it."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["sql"])
def archive(
    request: pytest.FixtureRequest, tmp_path: Path, clock: Clock
) -> Iterator[DocumentArchive]:
    assert request.param == "sql"
    engine = create_engine(f"sqlite:///{tmp_path / 'archive.db'}")
    yield SqlArchive(engine, clock=clock)
    engine.dispose()


def _document(key: str, *, hours: float = 1, **body: object) -> Document:
    return Document(key, body, NOON + timedelta(hours=hours))


def test_what_was_put_is_found_again(archive: DocumentArchive) -> None:
    document = _document("r-1", values=["3", 1, 2.5], title="画")
    archive.put("predictions", [document])

    assert archive.get("predictions", "r-1") == document


def test_a_document_that_is_not_there_is_refused_by_name(archive: DocumentArchive) -> None:
    with pytest.raises(DocumentNotFound, match="r-9"):
        archive.get("predictions", "r-9")


def test_find_returns_only_what_is_there(archive: DocumentArchive) -> None:
    archive.put("predictions", [_document("r-1"), _document("r-2")])

    assert set(archive.find("predictions", ["r-2", "r-3"])) == {"r-2"}


def test_more_keys_than_one_statement_takes_are_found(archive: DocumentArchive) -> None:
    archive.put("predictions", [_document(f"r-{number}") for number in range(1201)])

    assert len(archive.find("predictions", [f"r-{number}" for number in range(1300)])) == 1201


def test_the_same_key_is_replaced_and_the_last_of_one_call_counts(
    archive: DocumentArchive,
) -> None:
    archive.put("predictions", [_document("r-1", value=1)])
    archive.put("predictions", [_document("r-1", value=2), _document("r-1", value=3)])

    assert archive.get("predictions", "r-1").body == {"value": 3}


def test_collections_are_apart(archive: DocumentArchive) -> None:
    archive.put("predictions", [_document("r-1", value=1)])
    archive.put("calls", [_document("r-1", value=2)])

    assert archive.get("predictions", "r-1").body == {"value": 1}


def test_a_document_is_gone_from_the_moment_it_expires(
    archive: DocumentArchive, clock: Clock
) -> None:
    archive.put("predictions", [_document("early", hours=1), _document("late", hours=2)])

    clock.now = NOON + timedelta(hours=1)

    assert set(archive.find("predictions", ["early", "late"])) == {"late"}
    assert archive.purge() == 1
    assert archive.purge() == 0


def test_a_batch_that_cannot_be_stored_leaves_nothing(archive: DocumentArchive) -> None:
    with pytest.raises(ValueError, match="JSON"):
        archive.put("predictions", [_document("good"), _document("bad", value=float("nan"))])

    assert archive.find("predictions", ["good"]) == {}
