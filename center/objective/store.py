"""Every query about objectives and how capabilities stand to them."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from center.capability.domain import Stage
from center.capability.rows import CapabilityVersionRow
from center.identity.store import serving_provinces
from center.objective.domain import Budget, Burning, Standing, Sums, Target
from center.objective.errors import NoObjective
from center.objective.rows import MeasuredRow, ObjectiveRow, StandingRow
from center.operations.rows import LATENCY_COLUMNS, UsageHourRow, UsageSlotRow, answered
from center.paging import Page, Paging, fetch_page, map_page
from center.reach import Reach

_ONLY = 1
_MILLION = 1_000_000

Place = tuple[str, str]
"""Capability and province."""


class ObjectiveStore:
    """Objectives that people set."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def revision(self, place: Place) -> int | None:
        """Return the revision of what is set for a place itself; None where nothing is."""
        row = self._session.get(ObjectiveRow, place, with_for_update=True)
        return None if row is None else row.revision

    def put(self, place: Place, target: Target, by: str, at: datetime) -> int:
        """Set an objective; return its revision."""
        row = self._session.get(ObjectiveRow, place)
        if row is None:
            row = ObjectiveRow(capability=place[0], province=place[1], revision=0)
            self._session.add(row)
        row.availability, row.p99_ms = target.availability, target.p99_ms
        row.set_by, row.set_at, row.revision = by, at, row.revision + 1
        return row.revision

    def all(self) -> dict[Place, Target]:
        """Return everything that is set."""
        return {
            (row.capability, row.province): Target(row.availability, row.p99_ms, is_set=True)
            for row in self._session.scalars(select(ObjectiveRow))
        }

    def promised(self) -> dict[str, Target]:
        """Return what the manifest of each capability's last published version promises."""
        row = CapabilityVersionRow
        statement = select(row.capability, row.manifest).where(row.stage == Stage.PUBLISHED)
        found: dict[str, Target] = {}
        for capability, manifest in self._session.execute(statement.order_by(row.uploaded_at)):
            objectives = manifest["objectives"]
            found[capability] = Target(objectives["availability"], objectives["p99_ms"])
        return found


class StandingStore:
    """What the worker measured."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def sums(self, since: datetime, *, recent: bool) -> dict[Place, Sums]:
        """Return the calls of each capability and province since a moment.

        Args:
            since: Start of a slot or an hour.
            recent: From the slots, which go back one day; else from the hours.
        """
        row = UsageSlotRow if recent else UsageHourRow
        start = UsageSlotRow.slot if recent else UsageHourRow.hour
        figures = _figures(row)
        statement = select(row.capability, row.province, *figures).where(
            start >= since, row.province.in_(serving_provinces())
        )
        found = self._session.execute(statement.group_by(row.capability, row.province))
        return {
            (capability, province): Sums(int(calls), int(failures), [int(cell) for cell in cells])
            for capability, province, calls, failures, *cells in found
        }

    def hours(self, place: Place, reach: Reach, since: datetime) -> dict[datetime, Sums]:
        """Return one capability's calls hour by hour, in one province or in all within reach."""
        row = UsageHourRow
        capability, province = place
        conditions: list[ColumnElement[bool]] = [row.capability == capability, row.hour >= since]
        if province:
            conditions.append(row.province == province)
        elif reach.provinces is not None:
            conditions.append(row.province.in_(sorted(reach.provinces)))
        else:
            conditions.append(row.province.in_(serving_provinces()))
        figures = _figures(row)
        statement = select(row.hour, *figures).where(*conditions).group_by(row.hour)
        return {
            hour: Sums(int(calls), int(failures), [int(cell) for cell in cells])
            for hour, calls, failures, *cells in self._session.execute(statement.order_by(row.hour))
        }

    def put(self, standings: Mapping[Place, Standing], at: datetime) -> None:
        """Keep what was measured; places that nobody calls any more are forgotten."""
        rows = {(row.capability, row.province): row for row in self._session.scalars(_everything())}
        for place, standing in standings.items():
            row = rows.pop(place, None) or StandingRow(capability=place[0], province=place[1])
            for name, value in _to_columns(standing).items():
                if getattr(row, name) != value:  # an unchanged row is not written
                    setattr(row, name, value)
            self._session.add(row)
        for row in rows.values():
            self._session.delete(row)
        self._session.merge(MeasuredRow(id=_ONLY, at=at))

    def measured_at(self) -> datetime | None:
        """Return when everything was measured last."""
        return self._session.scalar(select(MeasuredRow.at))

    def burning(self) -> list[Standing]:
        """Return every place whose budget burns."""
        statement = _everything().where(StandingRow.burning.is_not(None))
        return [_to_standing(row) for row in self._session.scalars(statement)]

    def page(self, reach: Reach, *, by_province: bool, paging: Paging) -> Page[Standing]:
        """Return a page of standings within reach, the least budget first.

        Args:
            reach: Who is confined to provinces sees those alone, and no total over all of them.
            by_province: Each province by itself; else all provinces together.
            paging: Which page.
        """
        row = StandingRow
        conditions = _within(reach)
        if reach.provinces is None:
            conditions.append(row.province != "" if by_province else row.province == "")
        statement = select(row).where(*conditions)
        key = [row.left_ppm, row.capability, row.province]
        return map_page(fetch_page(self._session, statement, paging, key=key), _to_standing)

    def get(self, place: Place, reach: Reach) -> Standing:
        """Return how a capability stands in one province, or in all of them.

        Raises:
            NoObjective: Nobody called it, or it is out of reach.
        """
        row = StandingRow
        statement = select(row).where(
            row.capability == place[0], row.province == place[1], *_within(reach)
        )
        found = self._session.scalar(statement)
        if found is None:
            raise NoObjective(f"Nothing of {place[0]} was measured against an objective yet.")
        return _to_standing(found)


def _figures(row: type[UsageHourRow | UsageSlotRow]) -> list[ColumnElement[int]]:
    """Return the sums of `Sums`: what was turned away is within no promise, kept or broken."""
    cells = (getattr(row, name) for name in ("failures", *LATENCY_COLUMNS))
    return [func.sum(item) for item in (answered(row), *cells)]


def _everything() -> Any:  # noqa: ANN401 - a SELECT of one row class
    return select(StandingRow)


def _within(reach: Reach) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if reach.provinces is not None:
        conditions.append(StandingRow.province.in_(sorted(reach.provinces)))
    if reach.capabilities is not None:
        conditions.append(StandingRow.capability.in_(sorted(reach.capabilities)))
    return conditions


def _to_columns(item: Standing) -> dict[str, Any]:
    return {
        "calls": item.calls,
        "p99_ms": item.p99_ms,
        "target": asdict(item.target),
        "availability": _plain(item.availability),
        "latency": _plain(item.latency),
        "cells": list(item.cells),
        "left_ppm": round(item.left * _MILLION),
        "burning": item.burning,
    }


def _plain(budget: Budget) -> dict[str, Any]:
    ends = budget.exhausts_at
    return {
        "bad": budget.bad,
        "left": budget.left,
        "burn": {str(int(span.total_seconds())): rate for span, rate in budget.burn.items()},
        "burning": budget.burning,
        "exhausts_at": None if ends is None else ends.replace(second=0, microsecond=0).isoformat(),
    }


def _to_standing(row: StandingRow) -> Standing:
    return Standing(
        capability=row.capability,
        province=row.province,
        target=Target(**row.target),
        calls=row.calls,
        p99_ms=row.p99_ms,
        availability=_to_budget(row.availability),
        latency=_to_budget(row.latency),
        cells=row.cells,
    )


def _to_budget(plain: Mapping[str, Any]) -> Budget:
    ends, burning = plain["exhausts_at"], plain["burning"]
    return Budget(
        bad=plain["bad"],
        left=plain["left"],
        burn={timedelta(seconds=int(span)): rate for span, rate in plain["burn"].items()},
        burning=None if burning is None else Burning(burning),
        exhausts_at=None if ends is None else datetime.fromisoformat(ends),
    )
