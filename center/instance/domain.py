"""Deployments as values, and what makes a traffic split a good one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from capability_sdk.contracts.scheduling import Apart, Priority
from center.instance.errors import BadBoost, BadSplit

MAX_VERSIONS = 20
DESIRED_STATE = "desired-state"
"""Topic of everything that a province lives from."""


@dataclass(frozen=True, slots=True)
class Scaling:
    """Bounds within which a province chooses a version's replicas.

    Attributes:
        min: 0 lets it sleep while nobody calls its capability.
        budget_millicores: What its replicas may reserve together; None does not limit.
        target_p99_ms: Objective; the manifest's where None.
    """

    min: int
    max: int
    budget_millicores: int | None = None
    target_p99_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """One version's part in a deployment.

    Attributes:
        weight: Its part of the traffic, relative to the others'; 0 keeps it warm.
        replicas: How many instances run; where they scale, how many it begins with.
        engine: Server around the model, such as triton; None for the runtime itself.
        scaling: None for fixed replicas.
    """

    version: str
    weight: int
    replicas: int
    engine: str | None = None
    scaling: Scaling | None = None

    @property
    def least(self) -> int:
        """Replicas that run at any time."""
        return self.replicas if self.scaling is None else self.scaling.min

    @property
    def most(self) -> int | None:
        """Replicas that may run at most; None where no bound was set."""
        return None if self.scaling is None else self.scaling.max


def share_of(members: Mapping[str, Any]) -> Share:
    """Make a share of its plain members, as HTTP and SQL have them."""
    scaling = members.get("scaling")
    return Share(**{**members, "scaling": None if scaling is None else Scaling(**scaling)})


@dataclass(frozen=True, slots=True)
class Plan:
    """What somebody wants to run of a capability.

    Attributes:
        priority: Whether it makes room for other work, or other work for it.
        apart: Whether replicas of a version must stand on different nodes.
    """

    shares: tuple[Share, ...]
    priority: Priority = Priority.STANDARD
    apart: Apart = Apart.PREFERRED


@dataclass(frozen=True, slots=True)
class Deployment:
    """Desired state of one capability in one province.

    Attributes:
        revision: Grows with every change, also over a removal.
    """

    province: str
    capability: str
    plan: Plan
    revision: int
    updated_by: str
    updated_at: datetime

    @property
    def shares(self) -> tuple[Share, ...]:
        """The versions that run; empty where it was removed."""
        return self.plan.shares


@dataclass(frozen=True, slots=True)
class BoostOrder:
    """An operator's word that each version with traffic has more replicas for a time.

    Attributes:
        until: When it ends by itself.
        ended_at: When a later word took its place, or somebody ended it.
        recovered_at: When the province saw the objective hold again, with these replicas ready.
    """

    id: str
    province: str
    capability: str
    replicas: int
    reason: str
    ordered_by: str
    begun_at: datetime
    until: datetime
    ended_at: datetime | None = None
    recovered_at: datetime | None = None


def require_within_bounds(shares: Sequence[Share], replicas: int) -> None:
    """Refuse a boost that bounds would cut short unseen.

    Raises:
        BadBoost: A version with traffic may not have so many.
    """
    for share in shares:
        if share.weight > 0 and share.most is not None and share.most < replicas:
            raise BadBoost(
                f"{share.version} scales to at most {share.most}: deploy it with a higher max"
                f" first, or boost to {share.most}.",
                version=share.version,
            )


def require_good_split(shares: Sequence[Share]) -> None:
    """Refuse a split that no gateway can follow.

    Raises:
        BadSplit: It names no version, one twice, or gives no traffic, or traffic to nobody, or
            its replicas cannot lie within their bounds.
    """
    versions = [share.version for share in shares]
    if not 0 < len(versions) <= MAX_VERSIONS:
        raise BadSplit(f"A deployment has 1 to {MAX_VERSIONS} versions.")
    if len(set(versions)) != len(versions):
        raise BadSplit("A version stands twice in the deployment.")
    if sum(share.weight for share in shares) <= 0:
        raise BadSplit("At least one version needs a weight above 0.")
    idle = [share.version for share in shares if share.weight > 0 and share.replicas == 0]
    if idle:
        raise BadSplit(f"{', '.join(idle)}: traffic, but no replica.", versions=idle)
    for share in shares:
        _require_good_bounds(share)


def _require_good_bounds(share: Share) -> None:
    bounds = share.scaling
    if bounds is None:
        return
    if bounds.min > bounds.max:
        raise BadSplit(f"{share.version}: min {bounds.min} is more than max {bounds.max}.")
    if not bounds.min <= share.replicas <= bounds.max:
        raise BadSplit(
            f"{share.version} begins with {share.replicas} replicas, which is not within"
            f" {bounds.min} and {bounds.max}."
        )
