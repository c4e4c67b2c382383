"""Usage as people ask for it: hourly totals, grouped, with shares of latency and whose books."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from center.identity.store.applications import ApplicationRow
from center.identity.store.organisations import OrganisationRow
from center.identity.store.places import serving_provinces
from center.operations.domain import UsageDimension
from center.operations.latency import quantile_ms
from center.operations.rows import LATENCY_COLUMNS, UsageHourRow
from center.subscription.domain import Status
from center.subscription.store import SubscriptionRow

FIGURES = ("calls", "units", "errors", "failures", "throttled")
"""Sums that a list can be sorted by."""

_OWNED = frozenset({UsageDimension.ORGANISATION, UsageDimension.COST_CENTRE})
_OF_SUBSCRIPTION = frozenset(
    {UsageDimension.PROVINCE, UsageDimension.CAPABILITY, UsageDimension.APPLICATION}
)
_COLUMNS: dict[UsageDimension, ColumnElement[Any]] = {
    UsageDimension.PROVINCE: UsageHourRow.province.expression,
    UsageDimension.CAPABILITY: UsageHourRow.capability.expression,
    UsageDimension.VERSION: UsageHourRow.version.expression,
    UsageDimension.APPLICATION: UsageHourRow.application.expression,
    UsageDimension.HOUR: UsageHourRow.hour.expression,
    UsageDimension.ORGANISATION: func.coalesce(ApplicationRow.organisation, ""),
    UsageDimension.COST_CENTRE: func.coalesce(OrganisationRow.cost_centre, ""),
}


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
    application: str | None = None
    begins: datetime | None = None
    ends: datetime | None = None
    books: Collection[str] | None = None


class UsageTotals:
    """Sums of the hours of one session, by dimensions."""

    def __init__(self, session: Session, by: Sequence[UsageDimension], scope: Scope) -> None:
        self._session = session
        self._by = tuple(by)
        self._scope = scope
        self._groups = [_COLUMNS[name].label(name) for name in by]

    def count(self) -> int:
        """Count the groups."""
        inner = self._joined(select(*self._groups)).group_by(*self._columns).subquery()
        return self._session.scalar(select(func.count()).select_from(inner)) or 0

    def read(self, *, skip: int, limit: int, sort: str = "") -> list[dict[str, Any]]:
        """Return groups with their figures; without a sort in the order of the dimensions.

        Args:
            skip: Groups that were shown before.
            limit: Groups to return, at most.
            sort: A name of `FIGURES`, with a minus before it for the largest first.
        """
        row = UsageHourRow
        sums = [func.sum(getattr(row, name)).label(name) for name in (*FIGURES, *LATENCY_COLUMNS)]
        statement = self._joined(select(*self._groups, *sums)).group_by(*self._columns)
        figure = func.sum(getattr(row, sort.removeprefix("-"))) if sort else None
        first = [] if figure is None else [figure.desc() if sort[0] == "-" else figure.asc()]
        ordered = statement.order_by(*first, *self._columns).offset(skip).limit(limit)
        lines = [_line(dict(line)) for line in self._session.execute(ordered).mappings()]
        return self._with_quotas([line for line in lines if line["calls"] is not None])

    @property
    def _columns(self) -> list[ColumnElement[Any]]:
        return [_COLUMNS[name] for name in self._by]

    def _joined(self, statement: Select[Any]) -> Select[Any]:
        row, scope = UsageHourRow, self._scope
        statement = statement.select_from(row)
        if _OWNED & set(self._by):
            statement = statement.outerjoin(
                ApplicationRow, ApplicationRow.client_id == row.application
            ).outerjoin(OrganisationRow, OrganisationRow.name == ApplicationRow.organisation)
        if UsageDimension.COST_CENTRE in self._by and scope.books is not None:
            statement = statement.where(ApplicationRow.organisation.in_(sorted(scope.books)))
        within = serving_provinces() if scope.provinces is None else sorted(scope.provinces)
        statement = statement.where(row.province.in_(within))
        if scope.capabilities is not None:
            statement = statement.where(row.capability.in_(sorted(scope.capabilities)))
        if scope.application is not None:
            statement = statement.where(row.application == scope.application)
        if scope.begins is not None:
            statement = statement.where(row.hour >= scope.begins)
        if scope.ends is not None:
            statement = statement.where(row.hour < scope.ends)
        return statement

    def _with_quotas(self, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Add what the active subscriptions of each group may call a day, where groups are theirs."""
        if not self._by or not set(self._by) <= _OF_SUBSCRIPTION:
            return [{**line, "daily_quota": None} for line in lines]
        row = SubscriptionRow
        columns = [getattr(row, name) for name in self._by]
        statement = select(*columns, func.sum(row.daily_quota)).where(row.status == Status.ACTIVE)
        found = self._session.execute(statement.group_by(*columns)).all()
        quotas = {tuple(line[:-1]): int(line[-1]) for line in found}
        return [
            {**line, "daily_quota": quotas.get(tuple(line[name] for name in self._by))}
            for line in lines
        ]


def _line(line: dict[str, Any]) -> dict[str, Any]:
    """Turn the engines' decimals into whole numbers, and the cells into quantiles."""
    cells = [int(line.pop(name) or 0) for name in LATENCY_COLUMNS]
    sums = {name: None if line[name] is None else int(line[name]) for name in FIGURES}
    return {
        **line,
        **sums,
        "p50_ms": quantile_ms(cells, 0.5),
        "p99_ms": quantile_ms(cells, 0.99),
    }
