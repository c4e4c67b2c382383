"""The statement that groups usage by dimensions."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select

from center.identity.store.applications import ApplicationRow
from center.identity.store.organisations import OrganisationRow
from center.operations.counted import Scope, counted, counted_hours
from center.operations.domain import UsageDimension

_OWNED = frozenset({UsageDimension.ORGANISATION, UsageDimension.COST_CENTRE})


class Grouping:
    """Usage of a scope, grouped, with some of its figures."""

    def __init__(self, by: Sequence[UsageDimension], scope: Scope, figures: Sequence[str]) -> None:
        self._by = tuple(by)
        self._books = scope.books
        self._figures = figures
        count = counted_hours if UsageDimension.HOUR in by else counted
        self._counted = count(scope, figures)
        self._columns = [self._column(name) for name in self._by]

    def statement(self, sort: str, *more: ColumnElement[Any]) -> Select[Any]:
        """Return the groups with the sums of their figures, in order.

        Args:
            sort: One of the figures, with a minus before it for the largest first; empty for the
                order of the dimensions.
            more: Further columns.
        """
        sums = [func.sum(self._counted.c[name]).label(name) for name in self._figures]
        return self._groups(*sums, *more).order_by(*self._order(sort))

    def count(self) -> Select[int]:
        """Return the number of groups."""
        return select(func.count()).select_from(self._groups().subquery())

    def _groups(self, *more: ColumnElement[Any]) -> Select[Any]:
        names = [column.label(name) for name, column in zip(self._by, self._columns, strict=True)]
        counted = self._counted
        statement = select(*names, *more).select_from(counted)
        if _OWNED & set(self._by):
            statement = statement.outerjoin(
                ApplicationRow, ApplicationRow.client_id == counted.c.application
            ).outerjoin(OrganisationRow, OrganisationRow.name == ApplicationRow.organisation)
        if UsageDimension.COST_CENTRE in self._by and self._books is not None:
            statement = statement.where(ApplicationRow.organisation.in_(sorted(self._books)))
        return statement.group_by(*self._columns)

    def _order(self, sort: str) -> list[ColumnElement[Any]]:
        if not sort:
            return self._columns
        figure = func.sum(self._counted.c[sort.removeprefix("-")])
        return [figure.desc() if sort[0] == "-" else figure.asc(), *self._columns]

    def _column(self, name: UsageDimension) -> ColumnElement[Any]:
        if name is UsageDimension.ORGANISATION:
            return func.coalesce(ApplicationRow.organisation, "")
        if name is UsageDimension.COST_CENTRE:
            return func.coalesce(OrganisationRow.cost_centre, "")
        return self._counted.c[name]
