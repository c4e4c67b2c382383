"""Roll-outs as values: stages over provinces, guard rails, and the exact split of a stage."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from math import gcd
from typing import Self

from center.instance.domain import MAX_VERSIONS, Plan, Share
from center.rollout.errors import BadRollout, RolloutEnded

FULL = 100


class RolloutState(StrEnum):
    """Where a roll-out is."""

    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    ROLLED_BACK = "rolled-back"


OPEN = frozenset({RolloutState.RUNNING, RolloutState.PAUSED})

_NEXT = {
    RolloutState.RUNNING: {*RolloutState},
    RolloutState.PAUSED: {RolloutState.RUNNING, RolloutState.PAUSED, RolloutState.ROLLED_BACK},
    RolloutState.FINISHED: {RolloutState.ROLLED_BACK},
    RolloutState.ROLLED_BACK: set[RolloutState](),
}


class Obstacle(StrEnum):
    """What keeps a province from running again what it ran before."""

    CHANGED = "changed"
    """Somebody changed the deployment since: theirs is not overwritten."""
    NOT_DEPLOYABLE = "not-deployable"
    """A version was withdrawn, or its approval ended: nothing begins with it any more."""
    UNFIT = "unfit"
    """A version does not take what the province chose of the settings since."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One step: so much of the traffic in these provinces, for at least so long.

    Attributes:
        percent: Of the traffic, to the new version; 1 to 100.
        soak: How long at least, before the next stage.
    """

    provinces: tuple[str, ...]
    percent: int
    soak: timedelta


@dataclass(frozen=True, slots=True)
class Rails:
    """What pauses a roll-out by itself; None does not look at it.

    Attributes:
        failure_share: Most of the new version's calls that may fail, 0 to 1.
        p99_ms: Longest 99th percentile.
        drift: Whether a verdict of drift pauses.
        least_correct_share: Least share of labelled answers that must be right, 0 to 1.
        least_calls: Calls of the new version in each province before a stage counts as passed, and
            before its shares are judged.
    """

    failure_share: float | None
    p99_ms: float | None
    drift: bool
    least_correct_share: float | None
    least_calls: int


@dataclass(frozen=True, slots=True)
class Counters:
    """What one version has done in one province since the roll-out's state or stage began.

    Attributes:
        correct_share: Of labelled answers; None without any.
        ready: Instances that the province reported last.
    """

    calls: int
    failures: int
    p99_ms: float | None
    is_drifting: bool
    labelled: int
    correct_share: float | None
    ready: int


NOTHING_YET = Counters(
    calls=0, failures=0, p99_ms=None, is_drifting=False, labelled=0, correct_share=None, ready=0
)


@dataclass(frozen=True, slots=True)
class Rollout:
    """One version on its way.

    Attributes:
        stage: Index of the stage in force.
        since: When the stage began to be watched, or when it ended.
        reason: Why it is paused or was rolled back; empty otherwise.
        before: What ran in each province, for the way back.
        written: Revision of each deployment that this roll-out wrote last.
        left: Provinces that a roll-back left as they were, and why.
    """

    id: str
    capability: str
    version: str
    stages: tuple[Stage, ...]
    rails: Rails
    state: RolloutState
    stage: int
    since: datetime
    reason: str
    started_by: str
    started_at: datetime
    before: dict[str, Plan]
    written: dict[str, int]
    left: dict[str, Obstacle] = field(default_factory=dict)

    @property
    def provinces(self) -> tuple[str, ...]:
        """Every province that it reaches, in the order of its stages."""
        return tuple(dict.fromkeys(name for item in self.stages for name in item.provinces))

    @property
    def may_return(self) -> bool:
        """Whether there is a way back."""
        return RolloutState.ROLLED_BACK in _NEXT[self.state]

    def percents(self) -> dict[str, int]:
        """Return what the present stage gives the new version, in the provinces that it reached."""
        found: dict[str, int] = {}
        if self.state is RolloutState.ROLLED_BACK:
            return found
        for item in self.stages[: self.stage + 1]:
            found |= dict.fromkeys(item.provinces, item.percent)
        return found

    def next_stage(self, at: datetime) -> Self:
        """Return it one stage on, or finished behind the last one."""
        if self.stage + 1 == len(self.stages):
            return replace(self, state=RolloutState.FINISHED, since=at)
        return replace(self, stage=self.stage + 1, since=at)

    def to(self, state: RolloutState, reason: str, at: datetime) -> Self:
        """Return it in another state; what pauses goes on to be counted from where it was.

        Raises:
            RolloutEnded: Its state has no such next one.
        """
        if state not in _NEXT[self.state]:
            raise RolloutEnded(f"The roll-out is {self.state}.", state=self.state)
        since = self.since if state is RolloutState.PAUSED else at
        return replace(self, state=state, reason=reason, since=since)


def split(before: Plan, version: str, percent: int) -> Plan:
    """Give a version exactly a percentage of the traffic; the others share the rest as they did.

    At 100 the others stay, warm and without traffic, until the roll-out is finished.
    """
    others = [share for share in before.shares if share.version != version]
    model = next((share for share in before.shares if share.version == version), others[0])
    total = sum(share.weight for share in others) or 1
    weights = [percent * total, *((FULL - percent) * share.weight for share in others)]
    common = gcd(*weights)
    new = replace(
        model, version=version, weight=weights[0] // common, replicas=max(model.replicas, 1)
    )
    rest = (
        replace(share, weight=weight // common)
        for share, weight in zip(others, weights[1:], strict=True)
    )
    return replace(before, shares=(*rest, new))


def alone(plan: Plan, version: str) -> Plan:
    """Leave the one version that a finished roll-out brought."""
    kept: Sequence[Share] = [share for share in plan.shares if share.version == version]
    return replace(plan, shares=tuple(replace(share, weight=1) for share in kept))


def require_good_stages(stages: Sequence[Stage]) -> None:
    """Refuse stages that lead nowhere.

    Raises:
        BadRollout: A province would go back, or some province does not end at 100 percent.
    """
    reached: dict[str, int] = {}
    for number, stage in enumerate(stages, 1):
        for name in stage.provinces:
            if stage.percent <= reached.get(name, 0):
                raise BadRollout(f"Stage {number} gives {name} no more than it has already.")
            reached[name] = stage.percent
    short = sorted(name for name, percent in reached.items() if percent < FULL)
    if short:
        raise BadRollout(f"{', '.join(short)}: the last stage there must be 100 percent.")


def require_room(plan: Plan, version: str, province: str) -> None:
    """Refuse a deployment that has no place for one more version.

    Raises:
        BadRollout: It runs nothing yet, only this version, or as many as it may.
    """
    others = [share for share in plan.shares if share.version != version]
    if not others or sum(share.weight for share in others) == 0:
        raise BadRollout(f"{province} runs no other version with traffic: deploy it there instead.")
    if len(others) >= MAX_VERSIONS:
        raise BadRollout(f"{province} runs {len(others)} versions already.")


def broken_rails(rails: Rails, counters: Counters) -> Iterator[str]:
    """Yield each rail that is broken, in words with both figures."""
    if rails.drift and counters.is_drifting:
        yield "its inputs drift"
    if counters.calls < max(rails.least_calls, 1):
        return  # a share of a handful of calls says nothing
    share = counters.failures / counters.calls
    if rails.failure_share is not None and share > rails.failure_share:
        yield f"{share:.2%} of {counters.calls} calls failed, more than {rails.failure_share:.2%}"
    if rails.p99_ms is not None and (counters.p99_ms or 0) > rails.p99_ms:
        yield f"p99 is {counters.p99_ms:.0f} ms, more than {rails.p99_ms:g} ms"
    least, correct = rails.least_correct_share, counters.correct_share
    if least is not None and correct is not None and correct < least:
        yield f"{correct:.2%} of {counters.labelled} answers were right, less than {least:.2%}"
