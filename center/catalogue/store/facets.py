"""Counts beside each value of each facet."""

from collections import Counter
from collections.abc import Sequence
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
        """Count each facet's values among what the search's other facets leave, most first.

        Facets that the search leaves free are all counted of the same rows, in one query.
        """
        shelf = Shelf.of(here, now)
        narrowed = [facet for facet in Facet if wanted.facets.get(facet)]
        free = [facet for facet in _VALUED if facet not in narrowed]
        found = self._count(shelf, free, wanted)
        for facet in narrowed:
            if facet is not Facet.AVAILABLE_IN:
                found |= self._count(shelf, [facet], wanted.without(facet))
        found[Facet.AVAILABLE_IN] = self._provinces(shelf, wanted.without(Facet.AVAILABLE_IN))
        return {facet: _most_first(found[facet]) for facet in Facet}

    def _count(
        self, shelf: Shelf, facets: Sequence[Facet], wanted: Wanted
    ) -> dict[Facet, Counter[str]]:
        found: dict[Facet, Counter[str]] = {facet: Counter() for facet in facets}
        if not facets:
            return found
        values = select(*(shelf.value_of(facet).label(facet) for facet in facets))
        rows = values.where(shelf.matching(wanted)).subquery()
        statement = select(*rows.c, func.count()).group_by(*rows.c)
        for *named, count in self._session.execute(statement):
            for facet, value in zip(facets, named, strict=True):
                found[facet][value] += count
        return found

    def _provinces(self, shelf: Shelf, wanted: Wanted) -> Counter[str]:
        row = DeploymentRow
        # As a list, which each engine makes once; joined, SQLite would look for every deployment anew.
        names = select(shelf.columns.capability).where(shelf.matching(wanted))
        statement = (
            select(row.province, func.count())
            .where(row.present, row.capability.in_(names))
            .group_by(row.province)
        )
        found: Counter[str] = Counter()
        for province, count in self._session.execute(statement):
            found[province] = count
        return found


_VALUED = tuple(facet for facet in Facet if facet is not Facet.AVAILABLE_IN)
"""Facets of which a capability has exactly one value."""


def _most_first(counts: Counter[str]) -> list[FacetCount]:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [FacetCount(value, count) for value, count in ordered]
