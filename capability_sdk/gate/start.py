"""How instances start, how they are confined, and what ends a gate that takes too long."""

import contextlib
import threading
from collections.abc import Iterator, Sequence

from capability_sdk.contracts.manifest import Engine, Manifest
from capability_sdk.contracts.packages import Check, Figure, Section
from capability_sdk.gate.instance import Instance, StartFailed
from capability_sdk.gate.plan import Plan
from capability_sdk.gate.verdicts import Findings
from capability_sdk.packaging.errors import broken

_FASTER = (
    "Read less and build up less when the model loads; what is computed once belongs into a file."
)
_LOADS = "Make the model load in this platform's engine; `jiuzhou check` names what does not fit."
_QUICKER = "Make the model faster, or the samples smaller."


def check_start(instances: Sequence[Instance], plan: Plan) -> Check:
    """Report how long instances took from their process's start until they were ready."""
    findings = Findings("cold-start", Section.COLD_START, _FASTER)
    slowest = max(instance.start_seconds for instance in instances)
    findings.figures += [
        Figure(name="start", value=round(i.start_seconds, 3), unit="s", limit=plan.start_seconds)
        for i in instances
    ]
    check = findings.check(f"ready {slowest:.2f} s after the start of its process")
    return check.model_copy(update={"seconds": round(slowest, 3)})


def start_failed(error: StartFailed) -> Check:
    """Say why there is no instance."""
    if error.timed_out:
        findings = Findings("cold-start", Section.COLD_START, _FASTER, [str(error)])
    else:
        findings = Findings("model", Section.PACKAGE, _LOADS, [str(error)])
    return findings.check("")


def confinement(instance: Instance, manifest: Manifest) -> Check:
    """Say what held the package's model while it was judged."""
    if manifest.engine is Engine.PYTHON:
        how = "the code ran in its engine's sandbox"
    elif instance.in_sandbox:
        how = "the gate ran in a sandbox"
    else:
        how = "the gate ran under resource limits alone: data-only package"
    return Check(name="sandbox", passed=True, detail=how)


class Watch:
    """Whether the time is over."""

    is_over = False


@contextlib.contextmanager
def ended_after(seconds: float, instances: Sequence[Instance]) -> Iterator[Watch]:
    """End the instances after some seconds: whoever waits for an answer waits no longer."""
    watch = Watch()

    def end() -> None:
        watch.is_over = True
        for instance in instances:
            instance.kill()

    timer = threading.Timer(seconds, end)
    timer.start()
    try:
        yield watch
    finally:
        timer.cancel()
        timer.join()


def took_too_long(plan: Plan) -> Check:
    """Say that the gate was ended."""
    return broken("time", f"the gate was ended after {plan.whole_seconds:.0f} s", _QUICKER)
