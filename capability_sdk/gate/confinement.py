"""Where the sandbox is around what the gate runs: exactly one, and around all that is foreign."""

from collections.abc import Sequence
from math import ceil
from pathlib import Path

from capability_sdk.contracts.manifest import Engine, Manifest
from capability_sdk.gate.plan import Plan
from capability_sdk.sandbox import Confined, clean_environment, confine


def confine_for(
    manifest: Manifest,
    command: Sequence[str],
    plan: Plan,
    *,
    read_only: Sequence[Path],
    writable: Sequence[Path] = (),
) -> Confined:
    """Confine a process that loads a package's model.

    A data-only model is read by the runtime itself, so the sandbox is around the runtime. The code of
    a package runs in a worker process of its engine, whose sandbox fits into no other; the runtime
    before it is ours.
    """
    if manifest.engine is Engine.PYTHON:
        return Confined(list(command), clean_environment(), in_sandbox=False)
    return confine(
        command,
        read_only=read_only,
        writable=writable,
        memory_bytes=plan.memory_bytes,
        # The passport measures two threads; it is the watch that ends what takes too long.
        cpu_seconds=2 * ceil(plan.whole_seconds),
    )
