"""Compares what provinces should run with what they said last that they run."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from capability_sdk.contracts.nodes import InstanceHealth, InstanceStatus
from capability_sdk.contracts.state import VersionShare
from capability_sdk.contracts.telemetry import HealthReport
from center.identity.store import PlaceStore
from center.instance.document import deployments
from center.instance.store import DesiredStateStore, last_report


class Verdict(StrEnum):
    """How desired and reported state of one version compare."""

    CONSISTENT = "consistent"
    MISSING = "missing"
    """Fewer ready instances than wanted."""
    DIFFERENT = "different"
    """An instance runs other content than was approved."""
    UNWANTED = "unwanted"
    """It runs, and should not."""
    UNKNOWN = "unknown"
    """The province has not reported yet."""


@dataclass(frozen=True, slots=True)
class Line:
    """One version in one province: both sides.

    Attributes:
        code_digests: Distinct digests of its instances, sorted; likewise weights.
        age_seconds: Age of the report; None where there is none.
        reported_revision: Revision of the desired state that the report stands on.
    """

    province: str
    capability: str
    version: str
    verdict: Verdict
    desired: VersionShare | None
    ready: int
    code_digests: tuple[str, ...]
    weights_digests: tuple[str, ...]
    desired_revision: int
    reported_revision: int | None
    age_seconds: float | None


@dataclass(frozen=True, slots=True)
class _Side:
    province: str
    report: HealthReport | None
    revision: int
    now: datetime


def compare(session: Session, province: str, now: datetime) -> list[Line]:
    """Return a line for each version that a province should run, or does."""
    edge = PlaceStore(session).find_edge_of(province)
    issued = DesiredStateStore(session).find(edge.id) if edge is not None else None
    report = last_report(session, edge.id) if edge is not None else None
    side = _Side(province, report, issued.revision if issued is not None else 0, now)
    return list(_lines(session, side))


def _lines(session: Session, side: _Side) -> Iterator[Line]:
    running: dict[tuple[str, str], list[InstanceStatus]] = {}
    for instance in side.report.instances if side.report is not None else []:
        running.setdefault((instance.capability, instance.version), []).append(instance)
    for deployment in deployments(session, side.province, side.now):
        for share in deployment.versions:
            found = running.pop((deployment.capability, share.version), [])
            yield _line(side, deployment.capability, share.version, share, found)
    for (capability, version), found in sorted(running.items()):
        yield _line(side, capability, version, None, found)


def _line(
    side: _Side,
    capability: str,
    version: str,
    desired: VersionShare | None,
    found: list[InstanceStatus],
) -> Line:
    report = side.report
    return Line(
        province=side.province,
        capability=capability,
        version=version,
        verdict=Verdict.UNKNOWN if report is None else _verdict(desired, found),
        desired=desired,
        ready=_ready(found),
        code_digests=tuple(sorted({item.code_digest for item in found})),
        weights_digests=tuple(sorted({item.weights_digest for item in found})),
        desired_revision=side.revision,
        reported_revision=None if report is None else report.state_revision,
        age_seconds=None if report is None else (side.now - report.at).total_seconds(),
    )


def _verdict(desired: VersionShare | None, found: list[InstanceStatus]) -> Verdict:
    if desired is None:
        return Verdict.UNWANTED
    wanted = (desired.code_digest, desired.weights_digest)
    if any((item.code_digest, item.weights_digest) != wanted for item in found):
        return Verdict.DIFFERENT
    least = desired.replicas if desired.scaling is None else desired.scaling.min
    return Verdict.CONSISTENT if _ready(found) >= least else Verdict.MISSING


def _ready(found: list[InstanceStatus]) -> int:
    return sum(item.health is InstanceHealth.READY for item in found)
