"""Deployments as values, and what makes a traffic split a good one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from center.instance.errors import BadSplit

MAX_VERSIONS = 20


@dataclass(frozen=True, slots=True)
class Share:
    """One version's part in a deployment.

    Attributes:
        weight: Its part of the traffic, relative to the others'; 0 keeps it warm.
        replicas: How many instances run.
        engine: Server around the model, such as triton; None for the runtime itself.
    """

    version: str
    weight: int
    replicas: int
    engine: str | None = None


@dataclass(frozen=True, slots=True)
class Deployment:
    """Desired state of one capability in one province.

    Attributes:
        revision: Grows with every change, also over a removal.
    """

    province: str
    capability: str
    shares: tuple[Share, ...]
    revision: int
    updated_by: str
    updated_at: datetime


def require_good_split(shares: Sequence[Share]) -> None:
    """Refuse a split that no gateway can follow.

    Raises:
        BadSplit: It names no version, one twice, or gives no traffic, or traffic to nobody.
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
