"""The worker's part: joins what every domain knows of a province into its cells of the board.

Queries are a fixed number a province, each by an index that begins with it.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, select
from sqlalchemy.orm import Session

from capability_sdk.kit.clock import Clock
from center.board.domain import Figures
from center.board.store import BoardStore
from center.database import Database
from center.feedback.store import QualityCellRow
from center.identity.store import serving_provinces
from center.instance.store import DeploymentRow
from center.monitoring.rows import DriftRow
from center.operations.domain import hour_of
from center.operations.rows import ProvinceHealthRow, UsageHourRow
from center.subscription.domain import Status
from center.subscription.store import SubscriptionRow

WINDOW = timedelta(hours=24)
RECENT_QUALITY = timedelta(days=2)
QUALITY_BEFORE = timedelta(days=14)
_REFRESH = timedelta(minutes=1)
_AT_ONCE = 4
"""Provinces that one part joins, so that other jobs of the worker have their turn."""


@dataclass(frozen=True, slots=True)
class Board:
    """Keeps the board up to date."""

    database: Database
    clock: Clock

    def run(self) -> bool:
        """Join the next provinces whose figures have changed; False where there is none."""
        now = self.clock()
        with self.database.session(write=False) as session:
            names = list(session.scalars(serving_provinces()))
            due = BoardStore(session).due(names, now - _REFRESH)
        for province in due[:_AT_ONCE]:
            with self.database.session(write=False) as session:
                cells, spoken_at = join(session, province, now)
            with self.database.session() as session:
                BoardStore(session).replace(province, cells, spoken_at, now)
        return len(due) > _AT_ONCE


def join(session: Session, province: str, now: datetime) -> tuple[list[Figures], datetime | None]:
    """Return a province's cells, and the newest moment that its edge spoke of."""
    merged: dict[str, dict[str, Any]] = defaultdict(dict)
    parts = (
        _deployed(session, province),
        _used(session, province, hour_of(now) - WINDOW),
        _granted(session, province),
        _drift(session, province),
        _quality(session, province, now),
    )
    for part in parts:
        for capability, members in part.items():
            data_at = max(
                filter(None, (merged[capability].get("data_at"), members.get("data_at"))),
                default=None,
            )
            merged[capability] |= {**members, "data_at": data_at}
    cells = [
        Figures(**{**_NOTHING, **members, "province": province, "capability": capability})
        for capability, members in merged.items()
        if members.keys() - {"quota", "data_at"}
    ]
    reported_at = session.scalar(
        select(ProvinceHealthRow.reported_at).where(ProvinceHealthRow.province == province)
    )
    spoken = [reported_at, *(cell.data_at for cell in cells)]
    return cells, max(filter(None, spoken), default=None)


_NOTHING: dict[str, Any] = {
    **dict.fromkeys(Figures._fields),
    **dict.fromkeys(
        ("calls", "errors", "refused", "latency_us", "quota", "used", "rows", "moved"), 0
    ),
    **dict.fromkeys(("labelled", "labelled_before"), 0),
    "version": "",
    "is_deployed": False,
}

_Part = Mapping[str, dict[str, Any]]
"""Capability to some members of its figures."""


def _deployed(session: Session, province: str) -> _Part:
    row = DeploymentRow
    statement = select(row.capability, row.shares, row.updated_at).where(
        row.province == province, row.present
    )
    return {
        capability: {
            "is_deployed": True,
            "deployed_at": updated_at,
            "version": max(shares, key=lambda share: share["weight"])["version"],
        }
        for capability, shares, updated_at in session.execute(statement)
    }


def _used(session: Session, province: str, begins: datetime) -> _Part:
    row = UsageHourRow
    statement = (
        select(
            row.capability,
            func.sum(row.calls),
            func.sum(row.errors),
            func.sum(row.throttled),
            func.sum(row.latency_us),
            func.sum(row.units),
            func.max(row.hour),
        )
        .where(row.province == province, row.hour >= begins)
        .group_by(row.capability)
    )
    names = ("calls", "errors", "refused", "latency_us", "used")
    return {
        capability: {
            **{name: int(value) for name, value in zip(names, sums, strict=True)},
            "data_at": newest + timedelta(hours=1),
        }
        for capability, *sums, newest in session.execute(statement)
    }


def _granted(session: Session, province: str) -> _Part:
    row = SubscriptionRow
    statement = (
        select(row.capability, func.sum(row.daily_quota))
        .where(row.province == province, row.status == Status.ACTIVE)
        .group_by(row.capability)
    )
    return {capability: {"quota": int(quota)} for capability, quota in session.execute(statement)}


def _drift(session: Session, province: str) -> _Part:
    row = DriftRow
    statement = (
        select(
            row.capability,
            row.version,
            row.verdict,
            row.since,
            row.rows,
            row.moved,
            row.worst_column,
            row.worst_effect,
            row.worst_shift,
            row.window_to,
        )
        .where(row.province == province)
        .order_by(row.profile_at)
    )
    names = ("version", "verdict", "since", "rows", "moved", "column", "effect", "shift", "data_at")
    return {
        capability: dict(zip(names, members, strict=True))
        for capability, *members in session.execute(statement)
    }


def _quality(session: Session, province: str, now: datetime) -> _Part:
    recent = now - RECENT_QUALITY
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    for suffix, begins, ends in (("", recent, now), ("_before", now - QUALITY_BEFORE, recent)):
        for capability, labelled, right in session.execute(_judged(province, begins, ends)):
            found[capability] |= {
                f"labelled{suffix}": int(labelled),
                f"accuracy{suffix}": int(right) / int(labelled),
            }
    return found


def _judged(province: str, begins: datetime, ends: datetime) -> Select[str, int, int]:
    row = QualityCellRow
    is_right: ColumnElement[int] = case((row.predicted == row.actual, row.rows), else_=0)
    return (
        select(row.capability, func.sum(row.rows), func.sum(is_right))
        .where(row.province == province, row.hour >= begins, row.hour < ends)
        .group_by(row.capability)
    )
