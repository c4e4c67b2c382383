"""What HTTP shows of roll-outs, and what it takes."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Annotated, Self

from pydantic import Field

from capability_sdk.contracts.model import (
    CapabilityName,
    ProvinceName,
    SemanticVersion,
    Strict,
    UtcTime,
    Wire,
)
from capability_sdk.contracts.scaling import Reason
from center.rollout.domain import (
    NOTHING_YET,
    Obstacle,
    Rails,
    Rollout,
    RolloutState,
    Stage,
    broken_rails,
)
from center.rollout.service import Wish
from center.rollout.standing import Standing
from center.rollout.way_back import WayBack

Part = Annotated[float, Field(ge=0, le=1)]


class StageBody(Strict):
    """One step of a roll-out."""

    provinces: Annotated[list[ProvinceName], Field(min_length=1, max_length=100)]
    percent: Annotated[int, Field(ge=1, le=100, description="Of the traffic there.")]
    soak_minutes: Annotated[
        int, Field(ge=0, le=10_080, description="How long at least, before the next stage.")
    ] = 30


class RailsBody(Strict):
    """What pauses a roll-out by itself; null does not look at it."""

    failure_share: Part | None = Field(
        default=0.01, description="Most of the new version's calls that may fail, 0 to 1."
    )
    p99_ms: Annotated[float, Field(gt=0)] | None = None
    drift: bool = True
    least_correct_share: Part | None = Field(
        default=None, description="Least share of labelled answers that must be right."
    )
    least_calls: Annotated[
        int,
        Field(ge=0, le=10_000_000, description="In each province, before a stage has passed."),
    ] = 100


class RolloutBody(Strict):
    """Body of ``POST /rollouts``."""

    capability: CapabilityName
    version: SemanticVersion
    stages: Annotated[list[StageBody], Field(min_length=1, max_length=20)]
    rails: RailsBody = RailsBody()

    @property
    def wish(self) -> Wish:
        """The body as a value."""
        stages = tuple(
            Stage(tuple(item.provinces), item.percent, timedelta(minutes=item.soak_minutes))
            for item in self.stages
        )
        return Wish(self.capability, self.version, stages, Rails(**self.rails.model_dump()))


class ReasonBody(Strict):
    """Body of an act on a roll-out."""

    reason: Reason


class RolloutView(Wire):
    """One roll-out."""

    id: str
    capability: str
    version: str
    stages: list[StageBody]
    rails: RailsBody
    state: RolloutState
    stage: int = Field(description="Index of the stage in force.")
    since: UtcTime = Field(description="Since when the stage is watched, or when it ended.")
    reason: str = Field(description="Why it is paused or was rolled back.")
    started_by: str
    started_at: UtcTime

    @classmethod
    def of(cls, item: Rollout) -> Self:
        """Show a roll-out."""
        stages = [
            StageBody(
                provinces=list(stage.provinces),
                percent=stage.percent,
                soak_minutes=int(stage.soak.total_seconds() // 60),
            )
            for stage in item.stages
        ]
        names = set(cls.model_fields) - {"stages", "rails"}
        return cls(
            stages=stages,
            rails=RailsBody(**asdict(item.rails)),
            **{name: getattr(item, name) for name in names},
        )


class VersionTraffic(Wire):
    """One version in one province: its part of the traffic as it should be, and as it was served."""

    version: str
    weight: int = Field(description="As it stands in the deployment; 0 is warm, or gone.")
    share: float = Field(description="Of the traffic that it should have, 0 to 1.")
    served: float | None = Field(description="Of the calls since, 0 to 1; null without any.")
    calls: int
    failures: int
    p99_ms: float | None = None
    is_drifting: bool
    labelled: int
    correct_share: float | None = None
    ready: int = Field(description="Instances that the province reported last.")


class WeightView(Wire):
    """A version with its part of the traffic."""

    version: str
    weight: int


class WayBackView(Wire):
    """What a roll-back would run in one province."""

    versions: list[WeightView]
    obstacle: Obstacle | None = Field(description="Why it would leave the province as it is.")
    detail: str = Field(description="The same in words.")

    @classmethod
    def of(cls, way: WayBack) -> Self:
        """Show a way back."""
        shares = [WeightView(version=s.version, weight=s.weight) for s in way.plan.shares]
        return cls(versions=shares, obstacle=way.obstacle, detail=way.detail)


class ProvinceTraffic(Wire):
    """One province of a roll-out: what should run, what does, and the way back."""

    province: str
    percent: int = Field(
        description="Of the traffic to the new version; 0 where no stage gives any."
    )
    versions: list[VersionTraffic]
    changed_at: UtcTime | None = Field(description="When its deployment was changed last.")
    heard_at: UtcTime | None = Field(description="When its calls were told last.")
    reported_at: UtcTime | None = Field(description="When its instances were told last.")
    broken: list[str] = Field(description="Guard rails that are broken, in words.")
    back: WayBackView | None = Field(description="Null where there is no way back.")
    left: Obstacle | None = Field(description="Why a roll-back left it as it was.")

    @classmethod
    def of(cls, item: Rollout, name: str, standing: Standing) -> Self:
        """Show one province."""
        counters = standing.counters
        weights = {share.version: share.weight for share in standing.plan.shares}
        total, calls = sum(weights.values()), sum(one.calls for one in counters.values())
        percent = item.percents().get(name, 0)
        new = counters.get(item.version, NOTHING_YET)
        return cls(
            province=name,
            percent=percent,
            versions=[
                VersionTraffic(
                    version=version,
                    weight=weights.get(version, 0),
                    share=weights.get(version, 0) / total if total else 0,
                    served=one.calls / calls if calls else None,
                    **asdict(one),
                )
                for version, one in counters.items()
            ],
            changed_at=standing.changed_at,
            heard_at=standing.heard_at,
            reported_at=standing.reported_at,
            broken=list(broken_rails(item.rails, new)) if percent else [],
            back=None if standing.way_back is None else WayBackView.of(standing.way_back),
            left=item.left.get(name),
        )


class RolloutDetail(RolloutView):
    """One roll-out, province by province."""

    provinces: list[ProvinceTraffic]

    @classmethod
    def with_provinces(cls, item: Rollout, standings: Mapping[str, Standing]) -> Self:
        """Show a roll-out beside what its versions do."""
        provinces = [ProvinceTraffic.of(item, name, one) for name, one in standings.items()]
        return cls(provinces=provinces, **RolloutView.of(item).model_dump())
