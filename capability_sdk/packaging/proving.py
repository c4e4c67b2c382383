"""Runs the publish gate on a package that is not trusted, in the sandbox, and always has a report."""

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError

from capability_sdk.contracts.manifest import Engine
from capability_sdk.contracts.packages import Check, GateReport
from capability_sdk.packaging import archive
from capability_sdk.packaging.errors import PackageRefused, broken
from capability_sdk.sandbox import SandboxResult, SandboxUnavailable, run_sandboxed

TIMEOUT_SECONDS = 120.0
MEMORY_BYTES = 2 << 30
_SHOWN = 500


Tell = Callable[[str], None]
"""Takes what the gate is at, a few words for whoever waits."""


def silent(_: str) -> None:
    """Tell nobody."""


def prove_archive(archive_path: Path, tell: Tell = silent) -> GateReport:
    """Unpack an archive into a folder of its own and judge it; the folder is gone afterwards."""
    tell("unpacking")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "package"
        try:
            content = archive.unpack(archive_path, folder)
        except PackageRefused as refusal:
            return GateReport(passed=False, checks=list(refusal.breaks))
        if content.manifest.engine is Engine.PYTHON:
            return _failed(
                "engine",
                "the gate cannot prove packages with code yet: no engine here runs them",
                "Export the model to ONNX.",
            )
        tell("answering its samples")
        return prove(folder)


def prove(
    folder: Path, *, timeout: float = TIMEOUT_SECONDS, memory_bytes: int = MEMORY_BYTES
) -> GateReport:
    """Judge an unpacked package in the sandbox.

    Args:
        folder: The package; it is only read.
        timeout: Seconds, wall and CPU.
        memory_bytes: What the model may take.

    Returns:
        The gate's report, or a failed one that says why there is none.
    """
    package = folder.resolve()
    command = [sys.executable, "-m", f"{__package__}.gate", "--package", str(package)]
    has_code = (package / "code").exists()
    try:
        result = run_sandboxed(
            command,
            read_only=[package],
            timeout=timeout,
            memory_bytes=memory_bytes,
            cpu_seconds=max(int(timeout), 1),
            need_sandbox=has_code,
        )
    except SandboxUnavailable as error:
        return _failed("sandbox", str(error), "Export the model to ONNX, or ask the operator.")
    return _report(result)


def _report(result: SandboxResult) -> GateReport:
    cure = "Run `jiuzhou check`; make the model smaller or faster."
    if result.timed_out:
        return _failed("time", "the gate was ended: the model took too long", cure)
    lines = result.stdout.strip().splitlines()
    try:
        report = GateReport.model_validate_json(lines[-1] if lines else b"")
    except ValidationError:
        last = result.stderr.decode("utf-8", "replace").strip()[-_SHOWN:]
        reason = last.splitlines()[-1] if last else f"exit code {result.exit_code}"
        return _failed("gate", f"the gate ended without a report: {reason}", cure)
    if result.exit_code != 0 and report.passed:
        return _failed("gate", "the gate's report and its exit code disagree", cure)
    return report.model_copy(update={"checks": [*report.checks, _confinement(result)]})


def _confinement(result: SandboxResult) -> Check:
    how = "in a sandbox" if result.confined else "under resource limits alone: data-only package"
    return Check(name="sandbox", passed=True, detail=f"the gate ran {how}")


def _failed(name: str, detail: str, cure: str) -> GateReport:
    return GateReport(passed=False, checks=[broken(name, detail, cure)])
