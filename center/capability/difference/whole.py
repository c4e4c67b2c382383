"""The whole difference between two versions, as a reviewer reads it."""

from collections.abc import Iterator
from typing import Any

from capability_sdk.contracts.model import Wire
from capability_sdk.contracts.packages import Figure, GateReport, PackageDigests
from capability_sdk.contracts.passport import NODE_SCORE, Passport
from center.capability.difference.contract import ContractDifference, compare_contracts
from center.capability.difference.distribution import Spread, compare_outputs
from center.capability.difference.packages import (
    Extract,
    FileChange,
    compare_files,
    compare_samples,
)
from center.capability.domain import CapabilityVersion

_MIB = 1 << 20


class FigureChange(Wire):
    """One number of both versions, side by side."""

    name: str
    unit: str = ""
    before: float | None = None
    after: float | None = None


class TextChange(Wire):
    """One text of both versions, side by side."""

    name: str
    before: str
    after: str


class VersionDifference(Wire):
    """What is different between two versions."""

    capability: str
    before: str
    after: str
    digests_before: PackageDigests
    digests_after: PackageDigests
    archive_bytes_before: int
    archive_bytes_after: int
    contract: ContractDifference
    resources: list[FigureChange]
    """Measured by the gate; CPU times as on a node of score 1000."""
    quality: list[FigureChange]
    """Figures of the gate that both reports have, and of the training."""
    samples: list[TextChange] | None = None
    """Recorded answers that differ; None for those who may not look into the package."""
    files: list[FileChange] | None = None
    """None for those who may not look into the package."""
    distribution: list[Spread]
    """Outputs over common cells, the farthest apart first."""


def compare_versions(
    before: CapabilityVersion,
    after: CapabilityVersion,
    extracts: tuple[Extract, Extract],
    *,
    inside: bool,
) -> VersionDifference:
    """Compare two versions of one capability.

    Args:
        before: The version in force, or the one before.
        after: The version that is looked at.
        extracts: What their packages hold, in this order.
        inside: Whether the reader may see what the packages hold.
    """
    old, new = extracts
    references = old.reference, new.reference
    distribution = (
        []
        if references[0] is None or references[1] is None
        else compare_outputs(references[0], references[1], after.manifest)
    )
    samples = [TextChange(name=n, before=a, after=b) for n, a, b in compare_samples(old, new)]
    return VersionDifference(
        capability=after.name,
        before=before.version,
        after=after.version,
        digests_before=before.digests,
        digests_after=after.digests,
        archive_bytes_before=before.archive_bytes,
        archive_bytes_after=after.archive_bytes,
        contract=compare_contracts(before.manifest, after.manifest),
        resources=_side_by_side(_passport(before.gate_report), _passport(after.gate_report)),
        quality=_side_by_side(_quality(before, old), _quality(after, new)),
        samples=samples if inside else None,
        files=compare_files(old, new) if inside else None,
        distribution=distribution,
    )


Numbers = dict[str, tuple[float, str]]
"""Name to value and unit."""


def _side_by_side(before: Numbers, after: Numbers) -> list[FigureChange]:
    return [
        FigureChange(
            name=name,
            unit=(after.get(name) or before[name])[1],
            before=before[name][0] if name in before else None,
            after=after[name][0] if name in after else None,
        )
        for name in dict.fromkeys([*before, *after])
    ]


def _passport(report: GateReport | None) -> Numbers:
    if report is None:
        return {}
    known: dict[str, Any] = {k: v for k, v in report.passport.items() if k in Passport.model_fields}
    passport = Passport.model_validate(known)
    scale = passport.on_node(NODE_SCORE)
    numbers: Numbers = {
        "start_seconds": (passport.start_seconds, "s"),
        "load_seconds": (passport.load_seconds, "s"),
        "memory": (passport.memory_bytes / _MIB, "MiB"),
        "resident": (passport.resident_bytes / _MIB, "MiB"),
        "peak": (passport.peak_bytes / _MIB, "MiB"),
        "cpu_per_row": (passport.cpu_microseconds_per_row * scale, "µs"),
        "best_batch": (float(passport.best_batch or 0), "rows"),
        **{
            f"latency_p99_{point.connections}": (point.latency_p99_ms, "ms")
            for point in passport.requests
        },
    }
    return {name: value for name, value in numbers.items() if value[0]}


def _quality(item: CapabilityVersion, extract: Extract) -> Numbers:
    found: Numbers = {}
    if extract.training is not None:
        found["training_rows"] = (float(extract.training.data.rows), "rows")
    for name, figure in _figures(item.gate_report):
        found[name] = (figure.value, figure.unit)
    return found


def _figures(report: GateReport | None) -> Iterator[tuple[str, Figure]]:
    for check in report.checks if report is not None else ():
        for figure in check.figures:
            yield f"{check.name}: {figure.name}", figure
