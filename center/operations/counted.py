"""Where the usage of a scope lies: in hours where they are asked for, else in spans mostly."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    Subquery,
    and_,
    cast,
    false,
    func,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute

from center.identity.store.places import serving_provinces
from center.operations.rows import (
    FIGURES,
    LATENCY_COLUMNS,
    UsageHourRow,
    UsageSeriesRow,
    UsageSpanRow,
)
from center.operations.spans import HOUR, Stretch, stretches

SUMS = (*FIGURES, *LATENCY_COLUMNS)
_NAMES = ("province", "capability", "version", "application")


@dataclass(frozen=True, slots=True)
class Scope:
    """Which usage counts; None stands for all of it.

    Attributes:
        provinces: None stands for those that serve: what answers a draft is nobody's usage.
        books: Organisations whose cost centre the asker may read; others' usage is left out where
            it is grouped by cost centre.
    """

    provinces: Collection[str] | None = None
    capabilities: Collection[str] | None = None
    applications: Collection[str] | None = None
    begins: datetime | None = None
    ends: datetime | None = None
    books: Collection[str] | None = None


def counted_hours(scope: Scope, figures: Sequence[str]) -> Subquery:
    """Return a scope's rows of usage, hour by hour, with some of `SUMS`."""
    row = UsageHourRow
    columns = [getattr(row, name) for name in (*_NAMES, "hour", *figures)]
    conditions = [_within(row.hour, Stretch(HOUR, scope.begins, scope.ends))]
    if scope.provinces is None:
        conditions.append(_serves(row))
    return select(*columns).where(*conditions, *_conditions(row, scope)).subquery("counted")


def counted(scope: Scope, figures: Sequence[str]) -> Subquery:
    """Return some of `SUMS` of a scope by province, capability, version and application.

    A group may stand in two rows, one from the spans and one from the hours at their ends.
    """
    cover = stretches(scope.begins, scope.ends)
    hours = [part for part in cover if part.hours == HOUR]
    spans = [part for part in cover if part.hours != HOUR]
    halves = [_of_spans(scope, spans, figures)] if spans else []
    if hours or not spans:
        halves.append(_of_hours(scope, hours, figures))
    return union_all(*halves).subquery("counted")


def _of_spans(scope: Scope, cover: Sequence[Stretch], figures: Sequence[str]) -> Select[Any]:
    span, row = UsageSpanRow, UsageSeriesRow
    inside = [and_(span.hours == part.hours, _within(span.begins, part)) for part in cover]
    summed = select(span.series, *_sums(span, figures)).where(or_(*inside)).group_by(span.series)
    if conditions := _conditions(row, scope):
        summed = summed.where(span.series.in_(select(row.id).where(*conditions)))
    found = summed.subquery("spans")
    names = [getattr(row, name) for name in _NAMES]
    sums = [found.c[name] for name in figures]
    statement = select(*names, *sums).join(found, found.c.series == row.id)
    return statement if scope.provinces is not None else statement.where(_serves(row))


def _of_hours(scope: Scope, cover: Sequence[Stretch], figures: Sequence[str]) -> Select[Any]:
    row = UsageHourRow
    names = [getattr(row, name) for name in _NAMES]
    inside = or_(false(), *(_within(row.hour, part) for part in cover))
    statement = select(*names, *_sums(row, figures)).where(inside, *_conditions(row, scope))
    if scope.provinces is None:
        statement = statement.where(_serves(row))
    return statement.group_by(*names)


def _serves(row: type[UsageHourRow] | type[UsageSeriesRow]) -> ColumnElement[bool]:
    # SQLite would walk all hours of each province by the primary key, past the index of the hours
    # asked for: 85 ms more. An expression has no index.
    return row.province.concat("").in_(serving_provinces())


def _sums(
    row: type[UsageHourRow] | type[UsageSpanRow], figures: Sequence[str]
) -> list[ColumnElement[int]]:
    # PostgreSQL's sum of whole numbers is a decimal, and slow to add up once more.
    return [cast(func.sum(getattr(row, name)), BigInteger).label(name) for name in figures]


def _within(start: InstrumentedAttribute[datetime], part: Stretch) -> ColumnElement[bool]:
    bounds = [start >= part.begins] if part.begins is not None else []
    bounds += [start < part.ends] if part.ends is not None else []
    return and_(true(), *bounds)


def _conditions(
    row: type[UsageHourRow] | type[UsageSeriesRow], scope: Scope
) -> list[ColumnElement[bool]]:
    wanted = (
        (row.province, scope.provinces),
        (row.capability, scope.capabilities),
        (row.application, scope.applications),
    )
    return [column.in_(sorted(names)) for column, names in wanted if names is not None]
