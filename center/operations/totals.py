"""Usage as people ask for it: totals, grouped, with shares of latency and whose books."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from center.operations.counted import SUMS, Scope
from center.operations.domain import UsageDimension
from center.operations.grouping import Grouping
from center.operations.latency import quantile_ms
from center.operations.rows import FIGURES, LATENCY_COLUMNS
from center.subscription.domain import Status
from center.subscription.store import SubscriptionRow

_PIECE = 1000
_OF_SUBSCRIPTION = frozenset(
    {UsageDimension.PROVINCE, UsageDimension.CAPABILITY, UsageDimension.APPLICATION}
)
_NARROWED = {
    UsageDimension.PROVINCE: "provinces",
    UsageDimension.CAPABILITY: "capabilities",
    UsageDimension.APPLICATION: "applications",
}
"""Dimensions that a scope can be narrowed by, and how it names them."""


class UsageTotals:
    """Sums of one session's usage, by dimensions."""

    def __init__(self, session: Session, by: Sequence[UsageDimension], scope: Scope) -> None:
        self._session = session
        self._by = tuple(by)
        self._scope = scope

    def read(self, *, skip: int, limit: int, sort: str = "") -> tuple[list[dict[str, Any]], int]:
        """Return groups with their figures, and how many groups there are in all.

        Args:
            skip: Groups that were shown before.
            limit: Groups to return, at most.
            sort: A name of `FIGURES`, with a minus before it for the largest first; without one
                they come in the order of the dimensions.
        """
        if UsageDimension.HOUR in self._by or not self._by_many:
            lines, total = self._page(SUMS, sort, skip, limit)
        else:
            # Thirty sums of every group are dear: which groups are shown is found by one of them.
            order = sort.removeprefix("-") or FIGURES[0]
            shown, total = self._page([order], sort, skip, limit)
            lines = self._in_detail(shown)
        return self._with_quotas([_line(line) for line in lines]), total

    def every(self, *, sort: str = "") -> Iterator[dict[str, Any]]:
        """Return all groups with their figures, read piece by piece; ``sort`` as in `read`."""
        statement = Grouping(self._by, self._scope, SUMS).statement(sort)
        found = self._session.execute(statement.execution_options(yield_per=_PIECE))
        for piece in found.mappings().partitions():
            yield from self._with_quotas([_line(dict(line)) for line in piece])

    @property
    def _by_many(self) -> bool:
        """Whether there may be far more groups than a page shows."""
        return bool({UsageDimension.CAPABILITY, UsageDimension.APPLICATION} & set(self._by))

    def _page(
        self, figures: Sequence[str], sort: str, skip: int, limit: int
    ) -> tuple[list[dict[str, Any]], int]:
        groups = Grouping(self._by, self._scope, figures)
        statement = groups.statement(sort, func.count().over().label("total"))
        found = self._session.execute(statement.offset(skip).limit(limit)).mappings().all()
        if not found:
            return [], self._session.scalars(groups.count()).one() if skip else 0
        return [dict(line) for line in found], int(found[0]["total"])

    def _in_detail(self, shown: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return groups once more with all of their figures, in the same order."""
        names: dict[str, Any] = {
            _NARROWED[name]: {line[name] for line in shown}
            for name in self._by
            if name in _NARROWED
        }
        statement = Grouping(self._by, replace(self._scope, **names), SUMS).statement("")
        lines = [dict(line) for line in self._session.execute(statement).mappings()]
        found = {self._key(line): line for line in lines}
        return [found[self._key(line)] for line in shown]

    def _key(self, line: Mapping[str, Any]) -> tuple[Any, ...]:
        return tuple(line[name] for name in self._by)

    def _with_quotas(self, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Add what the active subscriptions of each group may call a day, where groups are theirs."""
        if not set(self._by) <= _OF_SUBSCRIPTION:
            return [{**line, "daily_quota": None} for line in lines]
        row = SubscriptionRow
        columns = [getattr(row, name) for name in self._by]
        shown = [getattr(row, name).in_({line[name] for line in lines}) for name in self._by]
        statement = select(*columns, func.sum(row.daily_quota)).where(
            row.status == Status.ACTIVE, *shown
        )
        found = self._session.execute(statement.group_by(*columns)).all()
        quotas = {tuple(line[:-1]): int(line[-1]) for line in found}
        return [{**line, "daily_quota": quotas.get(self._key(line))} for line in lines]


def _line(line: dict[str, Any]) -> dict[str, Any]:
    """Turn the engines' decimals into whole numbers, and the cells into quantiles."""
    cells = [int(line.pop(name) or 0) for name in LATENCY_COLUMNS]
    line.pop("total", None)
    sums = {name: int(line[name]) for name in FIGURES}
    return {
        **line,
        **sums,
        "p50_ms": quantile_ms(cells, 0.5),
        "p99_ms": quantile_ms(cells, 0.99),
    }
