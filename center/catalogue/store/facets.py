"""Counts beside each value of each facet."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from center.catalogue.domain import Facet, Here, Wanted
from center.catalogue.store.shelf import Shelf
from center.instance.store import DeploymentRow


@dataclass(frozen=True, slots=True)
class FacetCount:
    """How many capabilities of a search have a value."""

    value: str
    count: int


class FacetStore:
    """Counts of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def counts(self, here: Here, wanted: Wanted, now: datetime) -> dict[Facet, list[FacetCount]]:
        """Count each facet's values among what the search's other facets leave, most first."""
        shelf = Shelf.of(here, now)
        return {facet: self._count(shelf, facet, wanted.without(facet)) for facet in Facet}

    def _count(self, shelf: Shelf, facet: Facet, wanted: Wanted) -> list[FacetCount]:
        if facet is Facet.AVAILABLE_IN:
            row = DeploymentRow
            statement = (
                select(row.province, func.count().label("count"))
                .join(shelf.rows, shelf.columns.capability == row.capability)
                .where(row.present, shelf.matching(wanted))
                .group_by(row.province)
            )
        else:
            valued = select(shelf.value_of(facet).label("value")).where(shelf.matching(wanted))
            values = valued.subquery()
            statement = select(values.c.value, func.count().label("count")).group_by(values.c.value)
        found = [FacetCount(value, count) for value, count in self._session.execute(statement)]
        return sorted(found, key=lambda item: (-item.count, item.value))
