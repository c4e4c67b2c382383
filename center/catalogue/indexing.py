"""Writes the catalogue's index of a version when the store first needs it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import Depends
from sqlalchemy import Row, and_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from capability_sdk.contracts.manifest import Manifest
from center.capability.domain import LISTED, precedence
from center.capability.rows import CapabilityVersionRow
from center.catalogue.rows import EntryRow
from center.database import Database, DatabaseDep

_STEP = 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_Listed = Row[tuple[str, str, dict[str, object], datetime | None]]


@contextmanager
def indexed(database: Database) -> Iterator[Session]:
    """Open a reading transaction in which every listed version is in the index."""
    with database.session(write=False) as session:
        missing = _missing(session)
    if missing:
        with database.session() as session:
            for version in missing:
                _index(session, version)
    with database.session(write=False) as session:
        yield session


def _indexed_session(database: DatabaseDep) -> Iterator[Session]:
    with indexed(database) as session:
        yield session


IndexedSession = Annotated[Session, Depends(_indexed_session, scope="function")]
"""One reading transaction for a route that looks into the catalogue."""


def _missing(session: Session) -> list[_Listed]:
    row, entry = CapabilityVersionRow, EntryRow
    same = and_(entry.capability == row.capability, entry.version == row.version)
    statement = (
        select(row.capability, row.version, row.manifest, row.published_at)
        .outerjoin(entry, same)
        .where(row.stage.in_(sorted(LISTED)), entry.capability.is_(None))
    )
    return list(session.execute(statement))


def _index(session: Session, version: _Listed) -> None:
    manifest = Manifest.model_validate(version.manifest)
    try:
        with session.begin_nested():
            session.add(_entry(manifest, version.published_at))
    except IntegrityError:
        return  # somebody else looked at the store at the same moment


def _entry(manifest: Manifest, published_at: datetime | None) -> EntryRow:
    major, minor, patch = precedence(manifest.version)
    since = (published_at or _EPOCH) - _EPOCH
    titles, summary = manifest.titles, manifest.summary
    fields = [*manifest.inputs, *manifest.outputs]
    about = (summary.zh, summary.en, manifest.owner, manifest.domain, manifest.algorithm_family)
    return EntryRow(
        capability=manifest.name,
        version=manifest.version,
        precedence=(major * _STEP + minor) * _STEP + patch,
        published_us=since // timedelta(microseconds=1),
        domain=manifest.domain,
        task=manifest.quality.task,
        family=manifest.algorithm_family,
        labels=len(manifest.quality.labels or ()),
        name_text=_folded(manifest.name, manifest.name.replace("-", " ")),
        title_text=_folded(titles.zh, titles.en),
        field_text=_folded(*(text for spec in fields for text in (spec.name, spec.description))),
        about_text=_folded(*about, manifest.licence),
    )


def _folded(*texts: str) -> str:
    return "\n".join(texts).casefold()
