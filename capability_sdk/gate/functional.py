"""Do the samples answer as their author recorded?"""

import time

from capability_sdk.contracts.packages import Check, Figure, Section
from capability_sdk.gate.cases import Case, complaint_of, outputs_of
from capability_sdk.gate.instance import Instance
from capability_sdk.gate.verdicts import Findings
from capability_sdk.gate.wire import Answer, NoAnswer
from capability_sdk.packaging.samples import difference

_CURE = "Correct the sample, its tolerance, or the model: it must compute its own samples."


def check_functional(instance: Instance, cases: list[Case]) -> Check:
    """Ask every sample once and compare."""
    findings = Findings("functional", Section.FUNCTIONAL, _CURE)
    slowest = 0.0
    for case in cases:
        began = time.perf_counter()
        try:
            answer = instance.ask(case.request)
        except NoAnswer as error:
            findings.breaks.append(f"{case.name}: {error}")
            break
        slowest = max(slowest, time.perf_counter() - began)
        wrong = _wrong(answer, case)
        if wrong is not None:
            findings.breaks.append(f"{case.name}: {wrong}")
    findings.figures += [
        Figure(name="samples", value=len(cases)),
        Figure(name="slowest_answer", value=round(slowest * 1e3, 3), unit="ms"),
    ]
    return findings.check(f"{len(cases)} samples answer as recorded")


def _wrong(answer: Answer, case: Case) -> str | None:
    outputs = outputs_of(answer)
    if outputs is None:
        return complaint_of(answer)
    return difference(case.sample, {name: list(values) for name, values in outputs.items()})
