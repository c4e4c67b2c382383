"""Usage added up by spans: kept with the hours, in the same transaction."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, bindparam, insert, select, update
from sqlalchemy.orm import Session

from center.operations.domain import UsageKey, UsageSum
from center.operations.rows import FIGURES, LATENCY_COLUMNS, UsageSeriesRow, UsageSpanRow
from center.operations.spans import SPAN_HOURS, span_of

_SPAN = cast("Table", UsageSpanRow.__table__)
_PLACE = ("hours", "begins", "series")
_ADD = (
    update(_SPAN)
    # A parameter of an UPDATE may not bear a column's name.
    .where(*(_SPAN.c[name] == bindparam(f"the_{name}") for name in _PLACE))
    .values({n: _SPAN.c[n] + bindparam(f"the_{n}") for n in (*FIGURES, *LATENCY_COLUMNS)})
)

_Series = tuple[str, str, str, str]
"""Province, capability, version and application."""

_Place = tuple[int, datetime, int]


class SpanStore:
    """Spans of one session; the caller holds the lock of the province that it adds to."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, sums: Mapping[UsageKey, UsageSum]) -> None:
        """Add hours of one province to the spans of every length that they lie in."""
        if not sums:
            return
        numbers = self._numbers({_series_of(key) for key in sums})
        added: dict[_Place, UsageSum] = {}
        for key, usage in sums.items():
            for hours in SPAN_HOURS:
                place = (hours, span_of(key.hour, hours), numbers[_series_of(key)])
                added.setdefault(place, UsageSum()).merge(usage)
        known = self._known(added)
        values = {place: _values(place, usage) for place, usage in sorted(added.items())}
        connection = self._session.connection()
        if fresh := [item for place, item in values.items() if place not in known]:
            connection.execute(insert(_SPAN), fresh)
        if more := [item for place, item in values.items() if place in known]:
            named = [{f"the_{name}": value for name, value in item.items()} for item in more]
            connection.execute(_ADD, named)

    def _numbers(self, wanted: set[_Series]) -> dict[_Series, int]:
        """Return the number of each series; one that is new gets its own."""
        row = UsageSeriesRow
        statement = select(row).where(
            row.province.in_({province for province, *_ in wanted}),
            row.capability.in_({capability for _, capability, *_ in wanted}),
        )
        found = {_series_of(item): item.id for item in self._session.scalars(statement)}
        fresh = [
            row(province=province, capability=capability, version=version, application=application)
            for province, capability, version, application in sorted(wanted - found.keys())
        ]
        self._session.add_all(fresh)
        self._session.flush()
        return found | {_series_of(item): item.id for item in fresh}

    def _known(self, wanted: Iterable[_Place]) -> set[_Place]:
        """Return those places that have a row already."""
        lengths, starts, series = (set(members) for members in zip(*wanted, strict=True))
        row = UsageSpanRow
        statement = select(row.hours, row.begins, row.series).where(
            row.hours.in_(lengths), row.begins.in_(starts), row.series.in_(series)
        )
        return {(hours, begins, which) for hours, begins, which in self._session.execute(statement)}


def _series_of(item: UsageKey | UsageSeriesRow) -> _Series:
    return item.province, item.capability, item.version, item.application


def _values(place: _Place, usage: UsageSum) -> dict[str, Any]:
    figures = {name: getattr(usage, name) for name in FIGURES}
    cells = dict(zip(LATENCY_COLUMNS, usage.latency, strict=True))
    return dict(zip(_PLACE, place, strict=True)) | figures | cells
