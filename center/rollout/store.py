"""Every query about roll-outs, and about what a version does while it is rolled out."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from center.feedback.store import QualityCellRow
from center.instance.content_store import ReportedContentRow
from center.monitoring.domain import DriftVerdict
from center.monitoring.rows import DriftRow
from center.operations.latency import quantile_ms
from center.operations.rows import LATENCY_COLUMNS, IntakeRow, UsageHourRow
from center.paging import Page, Paging, fetch_page, map_page
from center.reach import Reach
from center.rollout.domain import OPEN, Counters, Rollout
from center.rollout.rows import RolloutRow, members_of, to_rollout

_FIGURES = ("calls", "failures", *LATENCY_COLUMNS, "labelled", "correct")
Totals = dict[str, dict[str, dict[str, int]]]
"""Figures that only grow within their hours, by province and version."""
NO_VERSION = ""
"""What usage says where a call reached no version."""


class RolloutStore:
    """Roll-outs of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def find(self, rollout_id: str) -> Rollout | None:
        """Return a roll-out."""
        row = self._session.get(RolloutRow, rollout_id)
        return None if row is None else to_rollout(row)

    def lock(self, rollout_id: str) -> Rollout | None:
        """Return it as `find` does, and keep others from changing it until the commit."""
        row = self._session.get(RolloutRow, rollout_id, with_for_update=True)
        return None if row is None else to_rollout(row)

    def running(self) -> list[str]:
        """Return the ids of those that the worker drives on."""
        row = RolloutRow
        running = select(row.id).where(row.state == "running").order_by(row.started_at)
        return list(self._session.scalars(running))

    def open_of(self, capability: str) -> list[Rollout]:
        """Return those of a capability that are not over."""
        row = RolloutRow
        statement = select(row).where(row.capability == capability, row.state.in_(sorted(OPEN)))
        return [to_rollout(item) for item in self._session.scalars(statement)]

    def page(self, reach: Reach, capability: str | None, paging: Paging) -> Page[Rollout]:
        """Return a page of roll-outs, the newest first."""
        row = RolloutRow
        statement = select(row)
        names = reach.within(province=None, capability=capability).capabilities
        if names is not None:
            statement = statement.where(row.capability.in_(names))
        if reach.provinces is not None:
            statement = statement.where(or_(*_reaching(reach.provinces)))
        key: Sequence[InstrumentedAttribute[Any]] = [row.started_at, row.id]
        found = fetch_page(self._session, statement, paging, key=key, descending=True)
        return map_page(found, to_rollout)

    def put(self, item: Rollout, *, baseline: Totals | None = None) -> None:
        """Keep a roll-out that is locked, or new."""
        row = self._session.get(RolloutRow, item.id)
        if row is None:
            row = RolloutRow(id=item.id, baseline={})
            self._session.add(row)
        for name, value in members_of(item).items():
            setattr(row, name, value)
        row.provinces_text = _line(item.provinces)
        if baseline is not None:
            row.baseline = baseline
        self._session.flush()

    def baseline(self, rollout_id: str) -> Totals:
        """Return the totals that stood when the stage began."""
        found: Totals = self._session.get_one(RolloutRow, rollout_id).baseline
        return found

    def totals(self, item: Rollout) -> Totals:
        """Return what each version has done since the hour in which the stage began."""
        since = item.since.replace(minute=0, second=0, microsecond=0)
        found: Totals = {name: {} for name in item.provinces}
        for statement in (_usage(item, since), _quality(item, since)):
            for row in self._session.execute(statement).mappings():
                values = dict(row)
                of_province = found[values.pop("province")]
                figures = of_province.setdefault(values.pop("version"), dict.fromkeys(_FIGURES, 0))
                figures |= {name: int(value or 0) for name, value in values.items()}
        return found

    def counters(self, item: Rollout) -> dict[str, dict[str, Counters]]:
        """Return what each version has done since the stage began, by province and version.

        There are those that were called, run, or ran before, and the new one everywhere.
        """
        before, now = self.baseline(item.id), self.totals(item)
        drifting = {(row.province, row.version) for row in self._session.execute(_drifting(item))}
        ready = {
            (row.province, row.version): row.ready for row in self._session.execute(_ready(item))
        }
        known = {*ready, *((name, item.version) for name in item.provinces)}
        known |= {
            (name, share.version) for name, plan in item.before.items() for share in plan.shares
        }
        known |= {(name, version) for name, versions in now.items() for version in versions}
        none = dict.fromkeys(_FIGURES, 0)
        counted: dict[str, dict[str, Counters]] = {}
        for province, version in sorted(known):
            counted.setdefault(province, {})[version] = _counters(
                now[province].get(version, none),
                before.get(province, {}).get(version, none),
                is_drifting=(province, version) in drifting,
                ready=ready.get((province, version), 0),
            )
        return counted

    def heard_at(self, item: Rollout) -> dict[str, datetime]:
        """Return when each of its provinces sent telemetry last."""
        row = IntakeRow
        statement = select(row.province, row.heard_at).where(row.province.in_(item.provinces))
        return dict(self._session.execute(statement).all())


def _counters(
    now: Mapping[str, int], before: Mapping[str, int], *, is_drifting: bool, ready: int
) -> Counters:
    since = {name: value - before[name] for name, value in now.items()}
    labelled = since["labelled"]
    return Counters(
        calls=since["calls"],
        failures=since["failures"],
        p99_ms=quantile_ms([since[cell] for cell in LATENCY_COLUMNS], 0.99),
        is_drifting=is_drifting,
        labelled=labelled,
        correct_share=since["correct"] / labelled if labelled else None,
        ready=ready,
    )


def _line(provinces: Collection[str]) -> str:
    return "".join(f" {name} " for name in provinces)


def _reaching(provinces: Collection[str]) -> list[ColumnElement[bool]]:
    return [RolloutRow.provinces_text.contains(f" {name} ") for name in sorted(provinces)]


def _usage(item: Rollout, since: datetime) -> Select[Any]:
    row = UsageHourRow
    sums = [func.sum(getattr(row, name)).label(name) for name in _FIGURES[:-2]]
    return (
        select(row.province, row.version, *sums)
        .where(row.capability == item.capability, row.hour >= since)
        .where(row.province.in_(item.provinces), row.version != NO_VERSION)
        .group_by(row.province, row.version)
    )


def _quality(item: Rollout, since: datetime) -> Select[str, str, int, Any]:
    row = QualityCellRow
    right = case((row.predicted == row.actual, row.rows), else_=0)
    sums = (func.sum(row.rows).label("labelled"), func.sum(right).label("correct"))
    return (
        select(row.province, row.version, *sums)
        .where(row.capability == item.capability, row.hour >= since)
        .where(row.province.in_(item.provinces))
        .group_by(row.province, row.version)
    )


def _drifting(item: Rollout) -> Select[str, str]:
    row = DriftRow
    return select(row.province, row.version).where(
        row.capability == item.capability, row.verdict == DriftVerdict.DRIFT
    )


def _ready(item: Rollout) -> Select[str, str, int]:
    row = ReportedContentRow
    return select(row.province, row.version, row.ready).where(
        row.capability == item.capability, row.province.in_(item.provinces)
    )
