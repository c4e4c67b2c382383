"""Compares what provinces should run with what they said last that they run."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import islice

from sqlalchemy.orm import Session

from capability_sdk.contracts.nodes import InstanceStatus
from capability_sdk.contracts.state import DeploymentState, VersionShare
from capability_sdk.contracts.telemetry import HealthReport, VersionContent
from center.identity.store import PlaceStore
from center.instance.content import NOT_NOTED, Content, Part, Tick
from center.instance.content import compare as compare_contents
from center.instance.document import deployments
from center.instance.store import DesiredStateStore, last_report
from center.paging import Paging, decode_cursor, encode_cursor
from center.reach import Reach

_READ = ("code", "weights", "overlay", "parse_rule", "anchors")


class ConsistencyVerdict(StrEnum):
    """How desired and reported state of one version compare."""

    CONSISTENT = "consistent"
    MISSING = "missing"
    """Fewer ready instances than wanted, with the settings that were chosen last."""
    DIFFERENT = "different"
    """An instance runs other content than was approved."""
    UNWANTED = "unwanted"
    """It runs, and should not."""
    UNKNOWN = "unknown"
    """The province has not reported yet."""


@dataclass(frozen=True, slots=True)
class PartLine:
    """One of the five parts of a version: both sides."""

    part: Part
    tick: Tick
    desired: str | None
    actual: str | None


@dataclass(frozen=True, slots=True)
class Line:
    """One version in one province: both sides.

    Attributes:
        parts: Five, in the order of `Part`; none where it should not run.
        code_digests: Distinct digests of its instances, sorted; likewise weights.
        age_seconds: Age of the report; None where there is none.
        reported_revision: Revision of the desired state that the report stands on.
    """

    province: str
    capability: str
    version: str
    verdict: ConsistencyVerdict
    desired: VersionShare | None
    ready: int
    code_digests: tuple[str, ...]
    weights_digests: tuple[str, ...]
    parts: tuple[PartLine, ...]
    desired_revision: int
    reported_revision: int | None
    age_seconds: float | None


@dataclass(frozen=True, slots=True)
class _Side:
    province: str
    report: HealthReport | None
    revision: int
    now: datetime

    @property
    def contents(self) -> dict[tuple[str, str], VersionContent]:
        read = self.report.contents if self.report is not None else []
        return {(item.capability, item.version): item for item in read}


def read_page(
    session: Session, reach: Reach, paging: Paging, now: datetime
) -> tuple[list[Line], str | None]:
    """Return a page of lines by province, capability and version, and the cursor of the next.

    A province is compared only once a page comes to it: the cost is that of the provinces shown.

    Raises:
        InvalidRequest: The cursor is not one of this list.
    """
    after = ("", "", "")
    if paging.cursor is not None:
        after = decode_cursor(paging.cursor, (str, str, str))
    names = PlaceStore(session).names() if reach.provinces is None else sorted(reach.provinces)
    lines = (
        line
        for name in names
        if name >= after[0]
        for line in sorted(compare(session, name, now), key=_place)
        if _place(line) > after
        if reach.capabilities is None or line.capability in reach.capabilities
    )
    found = list(islice(lines, paging.limit + 1))
    has_more = len(found) > paging.limit
    found = found[: paging.limit]
    return found, encode_cursor(_place(found[-1])) if has_more else None


def _place(line: Line) -> tuple[str, str, str]:
    return line.province, line.capability, line.version


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
            parts = _parts(side, deployment, share, found)
            yield _line(side, (deployment.capability, share.version), share, found, parts)
    for key, found in sorted(running.items()):
        yield _line(side, key, None, found, ())


def _parts(
    side: _Side, deployment: DeploymentState, share: VersionShare, found: list[InstanceStatus]
) -> tuple[PartLine, ...]:
    noted = None if share.parts is None else share.parts.model_dump()
    overlay = None if deployment.overlay is None else deployment.overlay.digest
    desired = Content.released(share.code_digest, share.weights_digest, noted)
    read = side.contents.get((deployment.capability, share.version))
    actual = None if read is None else Content(*(getattr(read, name) for name in _READ))
    if read is None and found:
        actual = Content(found[0].code_digest, found[0].weights_digest, None, None, None)
    wanted = desired.with_overlay(overlay)
    ticks = compare_contents(wanted, actual, is_read=read is not None)
    said = {} if actual is None else actual.by_part()
    return tuple(
        PartLine(part, Tick(tick), None if value == NOT_NOTED else value, said.get(part))
        for (part, value), tick in zip(wanted.by_part().items(), ticks, strict=True)
    )


def _line(
    side: _Side,
    key: tuple[str, str],
    desired: VersionShare | None,
    found: list[InstanceStatus],
    parts: tuple[PartLine, ...],
) -> Line:
    report = side.report
    capability, version = key
    return Line(
        province=side.province,
        capability=capability,
        version=version,
        verdict=ConsistencyVerdict.UNKNOWN if report is None else _verdict(desired, found, parts),
        desired=desired,
        ready=_ready(found),
        code_digests=tuple(sorted({item.code_digest for item in found})),
        weights_digests=tuple(sorted({item.weights_digest for item in found})),
        parts=parts,
        desired_revision=side.revision,
        reported_revision=None if report is None else report.state_revision,
        age_seconds=None if report is None else (side.now - report.at).total_seconds(),
    )


def _verdict(
    desired: VersionShare | None, found: list[InstanceStatus], parts: tuple[PartLine, ...]
) -> ConsistencyVerdict:
    if desired is None:
        return ConsistencyVerdict.UNWANTED
    wanted = (desired.code_digest, desired.weights_digest)
    if any(part.tick is Tick.DIFFERENT for part in parts):
        return ConsistencyVerdict.DIFFERENT
    if any((item.code_digest, item.weights_digest) != wanted for item in found):
        return ConsistencyVerdict.DIFFERENT
    least = desired.replicas if desired.scaling is None else desired.scaling.min
    return ConsistencyVerdict.CONSISTENT if _ready(found) >= least else ConsistencyVerdict.MISSING


def _ready(found: list[InstanceStatus]) -> int:
    return sum(item.serves_as_chosen for item in found)
