"""What scaling remembers: forecasts, changes of replicas, boosts."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, delete, func, select
from sqlalchemy.orm import Mapped, mapped_column

from capability_sdk.contracts.scaling import ScalingChange
from scheduler.database import Database, Row
from scheduler.scaling.forecast import Forecast
from scheduler.scaling.traffic import Name

_CHANGES_KEPT = 5000


class ForecastRow(Row):
    """What was learnt of one capability's rate."""

    __tablename__ = "forecast"
    capability: Mapped[str] = mapped_column(primary_key=True)
    learnt: Mapped[dict[str, Any]] = mapped_column(JSON)


class ReplicasRow(Row):
    """What a version has now."""

    __tablename__ = "replicas"
    capability: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int]


class ScalingChangeRow(Row):
    """A change of a version's replicas."""

    __tablename__ = "scaling_change"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    at: Mapped[str]
    capability: Mapped[str] = mapped_column(index=True)
    version: Mapped[str]
    before: Mapped[int]
    after: Mapped[int]
    reason: Mapped[str]


class BoostRow(Row):
    """A boost of a capability, and when its objective held again."""

    __tablename__ = "boost"
    id: Mapped[str] = mapped_column(primary_key=True)
    recovered_at: Mapped[float | None]


class ScalingStore:
    """Every query of scaling; each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def forecasts(self) -> dict[str, Forecast]:
        """Return what was learnt, by capability."""
        with self._database.session() as session:
            rows = session.scalars(select(ForecastRow))
            return {row.capability: _forecast(row.learnt) for row in rows}

    def put_forecasts(self, forecasts: dict[str, Forecast]) -> None:
        """Keep what was learnt."""
        with self._database.session(write=True) as session:
            for capability, item in forecasts.items():
                session.merge(ForecastRow(capability=capability, learnt=asdict(item)))

    def replicas(self) -> dict[Name, int]:
        """Return the replicas in force, by capability and version."""
        with self._database.session() as session:
            rows = session.scalars(select(ReplicasRow))
            return {(row.capability, row.version): row.count for row in rows}

    def put_replicas(self, replicas: dict[Name, int], changes: Sequence[ScalingChange]) -> None:
        """Replace the replicas in force, and keep what changed in them."""
        with self._database.session(write=True) as session:
            session.execute(delete(ReplicasRow))
            for (capability, version), count in replicas.items():
                session.add(ReplicasRow(capability=capability, version=version, count=count))
            for item in changes:
                values = item.model_dump(exclude={"at"})
                session.add(ScalingChangeRow(at=item.at.isoformat(), **values))
            session.flush()
            newest = select(func.max(ScalingChangeRow.id)).scalar_subquery()
            old = ScalingChangeRow.id <= newest - _CHANGES_KEPT
            session.execute(delete(ScalingChangeRow).where(old))

    def changes(self, capability: str | None, limit: int) -> list[ScalingChange]:
        """Return changes of replicas, newest first."""
        query = select(ScalingChangeRow).order_by(ScalingChangeRow.id.desc()).limit(limit)
        if capability is not None:
            query = query.where(ScalingChangeRow.capability == capability)
        with self._database.session() as session:
            return [_change(row) for row in session.scalars(query)]

    def recoveries(self) -> dict[str, datetime]:
        """Return when objectives held again, by boost."""
        with self._database.session() as session:
            rows = session.scalars(select(BoostRow).where(BoostRow.recovered_at.is_not(None)))
            return {row.id: datetime.fromtimestamp(row.recovered_at or 0, UTC) for row in rows}

    def recover(self, boost: str, at: datetime) -> None:
        """Note that the objective of a boosted capability holds again."""
        with self._database.session(write=True) as session:
            session.merge(BoostRow(id=boost, recovered_at=at.timestamp()))


def _forecast(learnt: dict[str, Any]) -> Forecast:
    season = learnt["season"]
    return Forecast(
        **{
            **learnt,
            "season": None if season is None else tuple(season),
            "first_day": tuple(learnt["first_day"]),
        }
    )


def _change(row: ScalingChangeRow) -> ScalingChange:
    return ScalingChange(
        at=datetime.fromisoformat(row.at),
        capability=row.capability,
        version=row.version,
        before=row.before,
        after=row.after,
        reason=row.reason,
    )
