"""What a version would cost on the machines of a province: its passport, turned by node scores."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from capability_sdk.contracts.nodes import NodeMetadata
from capability_sdk.contracts.passport import NODE_SCORE, BatchPoint, Passport
from center.capability.domain import CapabilityVersion
from center.operations.store import HealthStore


@dataclass(frozen=True, slots=True)
class Machines:
    """Nodes of one score; their latencies are the same.

    Attributes:
        score: Of the benchmark that passports name; 0 where it was not measured.
        factor: By what the passport's times are multiplied here.
        takes: Whether the nodes have the version's engine and family.
    """

    nodes: tuple[str, ...]
    score: float
    factor: float
    takes: bool


@dataclass(frozen=True, slots=True)
class Performance:
    """A passport beside the machines of a province.

    Attributes:
        points: As they were measured at the publish gate.
        measured_score: Score of the machine that measured.
        reported_at: When the province reported its machines; None where it has not.
    """

    version: str
    points: tuple[BatchPoint, ...]
    measured_score: float
    memory_bytes: int
    start_seconds: float
    machines: tuple[Machines, ...]
    reported_at: datetime | None


def performance(session: Session, item: CapabilityVersion, province: str | None) -> Performance:
    """Hold a version's passport against the machines that a province reported last."""
    passport = Passport.model_validate(item.gate_report.passport if item.gate_report else {})
    health = None if province is None else HealthStore(session).find(province)
    nodes = [] if health is None else health.report.nodes
    return Performance(
        version=item.version,
        points=tuple(passport.batches),
        measured_score=passport.node_score or NODE_SCORE,
        memory_bytes=passport.resident_bytes or passport.memory_bytes,
        start_seconds=passport.start_seconds,
        machines=tuple(_machines(item, passport, nodes)),
        reported_at=None if health is None else health.received_at,
    )


def _machines(
    item: CapabilityVersion, passport: Passport, nodes: Iterable[NodeMetadata]
) -> list[Machines]:
    groups: dict[tuple[float, bool], list[str]] = {}
    for node in nodes:
        manifest = item.manifest
        takes = manifest.engine in node.engines and manifest.algorithm_family in node.families
        groups.setdefault((node.cpu_score, takes), []).append(node.node)
    return [
        Machines(tuple(sorted(names)), score, passport.on_node(score), takes)
        for (score, takes), names in sorted(groups.items(), reverse=True)
    ]
