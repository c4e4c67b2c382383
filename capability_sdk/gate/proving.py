"""The publish gate on a package that is not trusted: whatever happens, there is a report.

The judge is this process. It loads no model and runs no code of the package: it starts instances in
the sandbox, as a province would, asks them over their sockets, and watches them from outside.
"""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from capability_sdk.contracts.manifest import Engine, Manifest
from capability_sdk.contracts.packages import Check, GateReport
from capability_sdk.contracts.passport import Passport
from capability_sdk.gate.cases import cases_of
from capability_sdk.gate.contract import check_contract
from capability_sdk.gate.functional import check_functional
from capability_sdk.gate.growth import check_growth
from capability_sdk.gate.instance import Instance, StartFailed, running_instance
from capability_sdk.gate.passport import (
    THREADS,
    NotMeasured,
    check_resources,
    measure_engine,
    measure_instance,
    not_measured,
    passport_of,
)
from capability_sdk.gate.plan import THOROUGH, Plan
from capability_sdk.gate.repetition import check_repetition
from capability_sdk.gate.start import (
    check_start,
    confinement,
    ended_after,
    start_failed,
    took_too_long,
)
from capability_sdk.gate.verdicts import timed
from capability_sdk.gate.wire import NoAnswer
from capability_sdk.packaging import archive
from capability_sdk.packaging.checks import check_folder
from capability_sdk.packaging.errors import PackageRefused, broken
from capability_sdk.packaging.samples import read_samples
from capability_sdk.sandbox import why_no_code

Tell = Callable[[str], None]
"""Takes what the gate is at, a few words for whoever waits."""


def silent(_: str) -> None:
    """Tell nobody."""


def prove_archive(archive_path: Path, tell: Tell = silent, *, plan: Plan = THOROUGH) -> GateReport:
    """Unpack an archive into a folder of its own and judge it; the folder is gone afterwards."""
    tell("unpacking")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "package"
        try:
            archive.unpack(archive_path, folder)
        except PackageRefused as refusal:
            return GateReport(passed=False, checks=list(refusal.breaks))
        return prove(folder, tell, plan=plan)


def prove(folder: Path, tell: Tell = silent, *, plan: Plan = THOROUGH) -> GateReport:
    """Judge an unpacked package.

    Args:
        folder: The package; it is only read.
        tell: Is told each part as it begins.
        plan: How much is measured, and what is allowed.

    Returns:
        The report; it passed only if every check did.
    """
    began = time.monotonic()
    package = folder.resolve()
    static = check_folder(package, with_model=False)
    report = GateReport(passed=static.passed, checks=list(static.checks))
    if static.manifest is not None and static.passed:
        trial = Trial(package, static.manifest, tell, plan)
        checks = list(trial.run())
        report = report.joined(checks)
        if trial.passport is not None:
            passport = trial.passport.model_dump(mode="json")
            report = report.model_copy(update={"passport": passport})
    return report.model_copy(update={"seconds": round(time.monotonic() - began, 3)})


class Trial:
    """One package on trial.

    Attributes:
        passport: Once it is measured.
    """

    def __init__(self, folder: Path, manifest: Manifest, tell: Tell, plan: Plan) -> None:
        self.passport: Passport | None = None
        self._folder = folder
        self._manifest = manifest
        self._tell = tell
        self._plan = plan
        self._cases = cases_of(manifest, read_samples(folder, []))

    def run(self) -> Iterator[Check]:
        """Run the checks one after the other; after a break those are left out that it spoils."""
        lacking = why_no_code() if self._manifest.engine is Engine.PYTHON else None
        if lacking is not None:
            cure = "Export the model to ONNX, or ask the operator for a host that runs code."
            yield broken("sandbox", f"code is not run here: {lacking}", cure)
            return
        with ExitStack() as stack:
            try:
                instances = [self._start(stack, which) for which in ("first", "second")]
            except StartFailed as error:
                yield start_failed(error)
                return
            watch = stack.enter_context(ended_after(self._plan.whole_seconds, instances))
            yield check_start(instances, self._plan)
            yield confinement(instances[0], self._manifest)
            yield from self._judge(instances[0], instances[1])
            if watch.is_over:
                yield took_too_long(self._plan)

    def _start(self, stack: ExitStack, which: str) -> Instance:
        self._tell(f"starting the {which} instance")
        return stack.enter_context(running_instance(self._folder, self._manifest, self._plan))

    def _judge(self, first: Instance, second: Instance) -> Iterator[Check]:
        behaviour = list(self._behaviour(first, second))
        yield from behaviour
        if all(check.passed for check in behaviour):
            yield from self._cost(first)

    def _behaviour(self, first: Instance, second: Instance) -> Iterator[Check]:
        self._tell("repeating, reordering and interleaving requests")
        # Of fresh instances: what they would remember of other checks could hide something.
        repetition = check_repetition(first, second, self._cases)
        self._tell("answering the samples")
        yield timed(partial(check_functional, first, self._cases))
        self._tell("asking wrongly")
        yield timed(partial(check_contract, second, self._manifest, self._cases))
        yield from repetition

    def _cost(self, instance: Instance) -> Iterator[Check]:
        self._tell("watching memory under load")
        yield from check_growth(instance, self._cases, self._plan.growth_seconds)
        self._tell("measuring the passport")
        yield timed(partial(self._measure, instance))

    def _measure(self, instance: Instance) -> Check:
        folder, manifest, plan = self._folder, self._manifest, self._plan
        try:
            requests, score = measure_instance(instance, manifest, self._cases[0], plan)
            engine = [measure_engine(folder, manifest, plan, threads) for threads in THREADS]
        except (NoAnswer, NotMeasured) as error:
            return not_measured(error)
        self.passport = passport_of(instance, requests, score, engine)
        return check_resources(self.passport, manifest)
