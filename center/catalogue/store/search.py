"""Searching the store: which capabilities, in which order."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, tuple_
from sqlalchemy.orm import Session

from center.capability.domain import LISTED, CapabilityVersion, Stage, precedence
from center.capability.rows import CapabilityVersionRow, to_version
from center.catalogue.domain import Here, Sort, Wanted
from center.catalogue.store.shelf import Shelf
from center.instance.store import DeploymentRow
from center.paging import Page, Paging, decode_cursor, encode_cursor
from center.subscription.domain import Status
from center.subscription.store import SubscriptionRow


@dataclass(frozen=True, slots=True)
class Front:
    """The version that stands for a capability in a list; no more of it than a list shows.

    Attributes:
        task: The owner's word for it, or else the manifest's.
        manifest: As it lies in SQL: checking hundreds of them anew would be most of a list's cost.
    """

    name: str
    version: str
    stage: Stage
    organisation: str
    task: str
    published_at: datetime | None
    manifest: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Users:
    """Who may call a capability now, within a reader's reach."""

    applications: int
    provinces: int


class CatalogueStore:
    """Listed capabilities of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def page(
        self, here: Here, wanted: Wanted, sort: Sort, paging: Paging, now: datetime
    ) -> Page[Front]:
        """Return a page of capabilities in the asked order; equal ones stand by name.

        Raises:
            InvalidRequest: The cursor is not one of this list.
        """
        shelf = Shelf.of(here, now)
        matching = shelf.matching(wanted)
        total = self._session.scalar(select(func.count()).select_from(shelf.rows).where(matching))
        position = _position(shelf, sort, wanted).label("position")
        columns = shelf.columns
        statement = select(columns.capability, columns.version, columns.task, position)
        statement = statement.where(matching, *_after(paging, position, columns.capability))
        statement = statement.order_by(position.desc(), columns.capability)
        lines = list(self._session.execute(statement.limit(paging.limit + 1)))
        following = None
        if len(lines) > paging.limit:
            lines = lines[: paging.limit]
            following = encode_cursor([int(lines[-1].position), lines[-1].capability])
        return Page.model_construct(items=self._fronts(lines), next=following, total=total or 0)

    def find(self, name: str, now: datetime) -> Front | None:
        """Return one listed capability by the version that stands for it."""
        shelf = Shelf.of(Here(), now)
        columns = shelf.columns
        found = self._session.execute(
            select(columns.capability, columns.version, columns.task).where(
                columns.capability == name
            )
        )
        return next(iter(self._fronts(list(found))), None)

    def listed(self, name: str) -> list[CapabilityVersion]:
        """Return a capability's listed versions, the highest number first."""
        row = CapabilityVersionRow
        statement = select(row).where(row.capability == name, row.stage.in_(sorted(LISTED)))
        found = [to_version(item) for item in self._session.scalars(statement)]
        return sorted(found, key=lambda item: precedence(item.version), reverse=True)

    def _fronts(self, lines: Sequence[Any]) -> list[Front]:
        row = CapabilityVersionRow
        keys = [(line.capability, line.version) for line in lines]
        statement = select(
            *(row.capability, row.version, row.stage, row.organisation),
            *(row.published_at, row.manifest),
        ).where(tuple_(row.capability, row.version).in_(keys))
        found = {(item.capability, item.version): item for item in self._session.execute(statement)}
        return [_front(found[line.capability, line.version], line.task) for line in lines]

    def provinces_of(self, names: Collection[str]) -> dict[str, list[str]]:
        """Return where capabilities are deployed, by name and sorted."""
        row = DeploymentRow
        statement = select(row.capability, row.province).where(
            row.capability.in_(names), row.present
        )
        found: dict[str, list[str]] = {}
        for capability, province in self._session.execute(statement.order_by(row.province)):
            found.setdefault(capability, []).append(province)
        return found

    def users(self, name: str) -> Users:
        """Count the applications, and their provinces, that hold an active subscription."""
        row = SubscriptionRow
        statement = select(
            func.count(row.application.distinct()), func.count(row.province.distinct())
        ).where(row.capability == name, row.status == Status.ACTIVE)
        applications, provinces = self._session.execute(statement).one()
        return Users(applications, provinces)


def _front(item: Any, task: str) -> Front:  # noqa: ANN401 - a row of six columns
    return Front(
        item.capability,
        item.version,
        Stage(item.stage),
        item.organisation,
        task,
        item.published_at,
        item.manifest,
    )


def _position(shelf: Shelf, sort: Sort, wanted: Wanted) -> ColumnElement[int]:
    if sort is Sort.NEWEST:
        newest: ColumnElement[int] = shelf.columns.published_us
        return newest
    if sort is Sort.QUALITY:
        return shelf.accuracy
    if sort is Sort.USAGE or not wanted.words:
        used: ColumnElement[int] = shelf.columns.calls
        return used
    return shelf.relevance(wanted.words)


def _after(
    paging: Paging, position: ColumnElement[Any], name: ColumnElement[str]
) -> list[ColumnElement[bool]]:
    if paging.cursor is None:
        return []
    value, last = decode_cursor(paging.cursor, (int, str))
    return [or_(position < value, and_(position == value, name > last))]
