"""How roll-outs lie in SQL."""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from capability_sdk.contracts.scheduling import Apart, Priority
from center.capability.rows import CapabilityRow
from center.columns import Json, Key, LongText, UtcDateTime
from center.database import Base
from center.instance.domain import Plan, share_of
from center.rollout.domain import Obstacle, Rails, Rollout, RolloutState, Stage


class RolloutRow(Base):
    """One version on its way."""

    __tablename__ = "rollout"

    id: Mapped[str] = mapped_column(Key, primary_key=True)
    capability: Mapped[str] = mapped_column(Key, ForeignKey(CapabilityRow.name), index=True)
    version: Mapped[str] = mapped_column(Key)
    provinces_text: Mapped[str] = mapped_column(LongText)
    """Each name between spaces, so that a query finds the roll-outs of a province."""
    stages: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    rails: Mapped[dict[str, Any]] = mapped_column(Json)
    state: Mapped[str] = mapped_column(Key, index=True)
    stage: Mapped[int] = mapped_column()
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(LongText)
    started_by: Mapped[str] = mapped_column(Key)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    before: Mapped[dict[str, Any]] = mapped_column(Json)
    written: Mapped[dict[str, int]] = mapped_column(Json)
    baseline: Mapped[dict[str, Any]] = mapped_column(Json)
    """Totals when the stage began, by province and version."""
    left_as_is: Mapped[dict[str, str]] = mapped_column(Json)
    """Provinces that a roll-back left as they were, and why."""


def members_of(item: Rollout) -> dict[str, Any]:
    """Lay a roll-out out for SQL, without its baseline."""
    stages = [
        {
            "provinces": list(stage.provinces),
            "percent": stage.percent,
            "soak_seconds": stage.soak.total_seconds(),
        }
        for stage in item.stages
    ]
    return {
        **{name: getattr(item, name) for name in _PLAIN},
        "stages": stages,
        "rails": asdict(item.rails),
        "before": {name: asdict(plan) for name, plan in item.before.items()},
        "written": item.written,
        "left_as_is": item.left,
    }


_PLAIN = (
    *("id", "capability", "version", "state", "stage", "since", "reason"),
    *("started_by", "started_at"),
)


def to_rollout(row: RolloutRow) -> Rollout:
    """Read a roll-out back."""
    return Rollout(
        **{name: getattr(row, name) for name in _PLAIN if name != "state"},
        state=RolloutState(row.state),
        stages=tuple(
            Stage(
                tuple(item["provinces"]), item["percent"], timedelta(seconds=item["soak_seconds"])
            )
            for item in row.stages
        ),
        rails=Rails(**row.rails),
        before={name: _plan(plan) for name, plan in row.before.items()},
        written=dict(row.written),
        left={name: Obstacle(why) for name, why in row.left_as_is.items()},
    )


def _plan(members: dict[str, Any]) -> Plan:
    shares = tuple(share_of(item) for item in members["shares"])
    return Plan(shares, Priority(members["priority"]), Apart(members["apart"]))
