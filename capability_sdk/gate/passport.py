"""The measured passport, put together from the engine's figures and those of a whole instance."""

import sys
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from capability_sdk.contracts.manifest import Manifest
from capability_sdk.contracts.packages import Check, Figure, Section, Series
from capability_sdk.contracts.passport import BatchPoint, Passport, RequestPoint
from capability_sdk.gate.cases import Case, infer, repeated
from capability_sdk.gate.confinement import confine_for
from capability_sdk.gate.instance import Instance
from capability_sdk.gate.load import measure_requests
from capability_sdk.gate.measured import Measured
from capability_sdk.gate.node_score import node_score
from capability_sdk.gate.plan import Plan
from capability_sdk.gate.verdicts import Findings
from capability_sdk.gate.wire import NoAnswer
from capability_sdk.sandbox import run_confined

THREADS = (1, 2)
_KINDS = ((1, 32), (4, 8), (16, 4))
"""Rows of a request, and connections: one row from many callers, many rows from a few."""
_WINDOWS = 3
_GOOD_ENOUGH = 0.9
_MIB = 1 << 20
_CURE = (
    "Make the model smaller or faster, or declare in capability.toml what it really needs:"
    " resources.memory_mib and objectives.p99_ms."
)


class NotMeasured(Exception):
    """The engine could not be measured; the text says why."""


def measure_engine(folder: Path, manifest: Manifest, plan: Plan, threads: int) -> Measured:
    """Measure the engine in a process of its own.

    Raises:
        NotMeasured: It did not end with figures.
    """
    command = [sys.executable, "-m", "capability_sdk.gate.measuring", "--package", str(folder)]
    command += ["--threads", str(threads), "--seconds", str(plan.point_seconds)]
    confined = confine_for(manifest, command, plan, read_only=[folder])
    result = run_confined(confined, plan.start_seconds + 60 * plan.point_seconds)
    if result.timed_out:
        raise NotMeasured("it took too long")
    lines = result.stdout.strip().splitlines()
    try:
        return Measured.model_validate_json(lines[-1] if lines else b"")
    except ValidationError:
        words = result.stderr.decode("utf-8", "replace").strip().splitlines()
        raise NotMeasured(words[-1] if words else f"exit code {result.exit_code}") from None


def measure_instance(
    instance: Instance, manifest: Manifest, case: Case, plan: Plan
) -> tuple[list[RequestPoint], float]:
    """Load a whole instance with requests of one row and of many.

    Returns:
        What they cost, and the node's score, measured between them.

    Raises:
        NoAnswer: It stopped to answer.
    """
    kinds = [(rows, callers) for rows, callers in _KINDS if rows <= manifest.max_batch_size]
    found: list[RequestPoint] = []
    score = 0.0
    for rows, callers in kinds:
        request = infer(manifest, repeated(case.sample.request, rows))
        windows = []
        for _ in range(_WINDOWS):
            seconds = plan.load_seconds / _WINDOWS
            windows.append(
                measure_requests(instance, request, rows=rows, connections=callers, seconds=seconds)
            )
            score = max(score, node_score())
        # What neighbours on this machine take can only be added: the least is the model's own.
        found.append(min(windows, key=lambda point: point.cpu_microseconds_per_request))
    return found, score


def passport_of(
    instance: Instance,
    requests: Sequence[RequestPoint],
    score: float,
    engine: Sequence[Measured],
) -> Passport:
    """Put a passport together.

    Args:
        instance: Warm from its load, and still running.
        requests: What that load measured.
        score: Of this node.
        engine: Measured on one thread, then on more.
    """
    used = instance.usage()
    alone = engine[0]
    by_batch = {str(p.rows): p.cpu_microseconds_per_row for p in alone.batches}
    return Passport(
        node_score=round(score, 1),
        start_seconds=round(instance.start_seconds, 4),
        load_seconds=round(alone.load_seconds, 6),
        memory_bytes=alone.memory_bytes,
        resident_bytes=used.resident_bytes,
        peak_bytes=used.peak_bytes,
        cpu_microseconds_per_row=by_batch.get("1", 0.0),
        cpu_microseconds_per_row_by_batch=by_batch,
        batches=[point for measured in engine for point in measured.batches],
        best_batch=best_batch(alone.batches),
        requests=list(requests),
    )


def best_batch(points: Sequence[BatchPoint]) -> int | None:
    """Return the smallest batch that is nearly as good as the best: more rows only wait longer."""
    if not points:
        return None
    enough = _GOOD_ENOUGH * max(point.rows_per_second for point in points)
    return min(point.rows for point in points if point.rows_per_second >= enough)


def check_resources(passport: Passport, manifest: Manifest) -> Check:
    """Hold the passport against the declared resources and objectives."""
    findings = Findings("resources", Section.RESOURCES, _CURE)
    memory = passport.resident_bytes / _MIB
    # The middle, not the tail: on a busy machine that is the neighbours', and a model whose middle is
    # above the objective cannot keep it anywhere.
    latency = next((p.latency_p50_ms for p in passport.batches if p.rows == p.threads == 1), 0.0)
    declared = float(manifest.resources.memory_mib)
    objective = manifest.objectives.p99_ms
    if memory > declared:
        findings.breaks.append(
            f"a warm instance holds {memory:.0f} MiB, declared are {declared:.0f}"
        )
    if latency > objective:
        findings.breaks.append(
            f"one row takes {latency:.3g} ms, the objective for the whole call is {objective:.3g}"
        )
    findings.figures += [
        Figure(name="resident", value=round(memory, 1), unit="MiB", limit=declared),
        Figure(name="peak", value=round(passport.peak_bytes / _MIB, 1), unit="MiB"),
        Figure(name="model_memory", value=round(passport.memory_bytes / _MIB, 1), unit="MiB"),
        Figure(name="latency_p50", value=latency, unit="ms", limit=objective),
        Figure(name="best_batch", value=passport.best_batch or 0, unit="rows"),
        Figure(name="node_score", value=passport.node_score),
        *_request_figures(passport),
    ]
    findings.series += _series(passport)
    return findings.check(f"a warm instance holds {memory:.0f} MiB and keeps what is declared")


def not_measured(error: NotMeasured | NoAnswer) -> Check:
    """Say that there is no passport."""
    findings = Findings("resources", Section.RESOURCES, _CURE)
    findings.breaks.append(f"it could not be measured: {error}")
    return findings.check("")


def _request_figures(passport: Passport) -> list[Figure]:
    return [
        Figure(
            name=f"cpu_per_request_of_{point.rows}_rows",
            value=point.cpu_microseconds_per_request,
            unit="µs",
        )
        for point in passport.requests
    ]


def _series(passport: Passport) -> list[Series]:
    found = []
    for threads in THREADS:
        points = [point for point in passport.batches if point.threads == threads]
        if len(points) < 2:  # noqa: PLR2004 - a line has two ends
            continue
        rows = [float(point.rows) for point in points]
        for name, unit, values in (
            ("latency_p50", "ms", [point.latency_p50_ms for point in points]),
            ("throughput", "rows/s", [point.rows_per_second for point in points]),
        ):
            line = "1 thread" if threads == 1 else f"{threads} threads"
            found.append(Series(name=name, line=line, unit=unit, along="rows", x=rows, y=values))
    return found
