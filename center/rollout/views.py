"""What HTTP shows of roll-outs, and what it takes."""

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
from center.rollout.domain import Counters, Rails, Rollout, Stage, State, broken_rails
from center.rollout.service import Wish

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
    state: State
    stage: int = Field(description="Index of the stage in force.")
    since: UtcTime = Field(description="Since when the stage is watched.")
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


class CountersView(Wire):
    """What the new version has done in one province since the stage began."""

    province: str
    percent: int = Field(description="Of the traffic; 0 where no stage has reached it.")
    calls: int
    failures: int
    p99_ms: float | None = None
    is_drifting: bool
    labelled: int
    correct_share: float | None = None
    ready: int
    broken: list[str] = Field(description="Guard rails that are broken, in words.")


class RolloutDetail(RolloutView):
    """One roll-out with its live counters, province by province."""

    provinces: list[CountersView]

    @classmethod
    def with_counters(cls, item: Rollout, counters: dict[str, Counters]) -> Self:
        """Show a roll-out beside what its version does."""
        percents = item.percents()
        provinces = [
            CountersView(
                province=name,
                percent=percents.get(name, 0),
                broken=list(broken_rails(item.rails, one)) if name in percents else [],
                **asdict(one),
            )
            for name, one in counters.items()
        ]
        return cls(provinces=provinces, **RolloutView.of(item).model_dump())
