"""Does the capability keep to its contract, whatever it is asked?

Wrong requests get a 4xx that says what is wrong; well-formed ones with plain, unusual values get an
answer, or a 4xx too; every answer has the declared outputs. Nothing of it brings the instance down.
"""

import json
from collections.abc import Callable, Iterator
from math import prod
from typing import Any

from capability_sdk.contracts.inference import Datatype, InferRequest, RequestTensor
from capability_sdk.contracts.manifest import Manifest
from capability_sdk.contracts.packages import Check, Figure, Section
from capability_sdk.gate.cases import OK, Case, complaint_of, infer, infer_body
from capability_sdk.gate.instance import Instance
from capability_sdk.gate.verdicts import Findings
from capability_sdk.gate.wire import Answer, NoAnswer

_CURE = (
    "Declare every input's and output's true name, datatype and shape; have the code answer, or"
    " refuse with a clear text, every value of these types."
)
_UNUSUAL: tuple[tuple[str, float, str], ...] = (
    ("zeros and empty texts", 0, ""),
    ("ones and a word never seen", 1, "九州"),
    ("large values", 100, "x" * 200),
)
_SERVER_ERROR = 500


def check_contract(instance: Instance, manifest: Manifest, cases: list[Case]) -> Check:
    """Ask wrongly and unusually; every request on a connection of its own."""
    findings = Findings("contract", Section.CONTRACT, _CURE)
    asked = 0
    for what, request, judge in _questions(manifest, cases[0]):
        asked += 1
        try:
            wrong = judge(instance.ask(request))
        except NoAnswer as error:
            findings.breaks.append(f"{what}: {error}")
            break
        if wrong is not None:
            findings.breaks.append(f"{what}: {wrong}")
    findings.figures.append(Figure(name="requests", value=asked))
    return findings.check(
        "wrong names, datatypes and shapes are refused with a reason; every answer is as declared"
    )


Judge = Callable[[Answer], str | None]


def _questions(manifest: Manifest, case: Case) -> Iterator[tuple[str, bytes, Judge]]:
    sample = case.sample.request
    yield "a sample", case.request, lambda answer: _undeclared(answer, manifest)
    for what, change in _WRONG.items():
        document = sample.model_dump(mode="json", exclude_none=True)
        change(document)
        yield what, infer_body(manifest, json.dumps(document).encode()), _not_refused
    yield "no JSON", infer_body(manifest, b'{"inputs": ['), _not_refused
    for what, number, text in _UNUSUAL:
        unusual = InferRequest(inputs=[_filled(t, number, text) for t in sample.inputs])
        yield what, infer(manifest, unusual), lambda answer: _unsettled(answer, manifest)


def _not_refused(answer: Answer) -> str | None:
    if not OK < answer.status < _SERVER_ERROR:
        return f"was answered with {complaint_of(answer)}, not refused"
    if not answer.document().get("error"):
        return f"the refusal {answer.status} says no reason"
    return None


def _unsettled(answer: Answer, manifest: Manifest) -> str | None:
    if answer.status >= _SERVER_ERROR:
        return complaint_of(answer)
    return _undeclared(answer, manifest) if answer.status == OK else None


def _undeclared(answer: Answer, manifest: Manifest) -> str | None:
    """Say where an answer leaves the declaration."""
    if answer.status != OK:
        return complaint_of(answer)
    given = {tensor.get("name"): tensor for tensor in answer.document().get("outputs", [])}
    for spec in manifest.outputs:
        tensor = given.get(spec.name)
        if tensor is None:
            return f"output {spec.name} is missing"
        shape = tensor.get("shape", [])
        fits = len(shape) == len(spec.shape) + 1 and all(
            declared in {-1, actual} for declared, actual in zip(spec.shape, shape[1:], strict=True)
        )
        if tensor.get("datatype") != spec.datatype or not fits:
            found = f"{tensor.get('datatype')} {shape}"
            return f"output {spec.name} is {found}, declared {spec.datatype} {[-1, *spec.shape]}"
    return None


def _filled(tensor: RequestTensor, number: float, text: str) -> RequestTensor:
    value: Any = {
        Datatype.BYTES: text,
        Datatype.BOOL: bool(number),
    }.get(tensor.datatype, number)
    width = prod(tensor.shape[1:])
    return tensor.model_copy(update={"shape": [1, *tensor.shape[1:]], "data": [value] * width})


def _rename(request: dict[str, Any]) -> None:
    request["inputs"][0]["name"] += "_of_another"


def _retype(request: dict[str, Any]) -> None:
    tensor = request["inputs"][0]
    tensor["datatype"] = "INT8" if tensor["datatype"] != "INT8" else "FP64"


def _reshape(request: dict[str, Any]) -> None:
    # Always one dimension too many, which no shape of the manifest leaves open.
    request["inputs"][0]["shape"].append(1)


def _shorten(request: dict[str, Any]) -> None:
    request["inputs"][0]["data"] = []


def _leave_out(request: dict[str, Any]) -> None:
    request["inputs"] = request["inputs"][1:]


def _ask_for_another(request: dict[str, Any]) -> None:
    request["outputs"] = [{"name": "no_such_output"}]


_WRONG: dict[str, Callable[[dict[str, Any]], None]] = {
    "a wrong name": _rename,
    "a wrong datatype": _retype,
    "a wrong shape": _reshape,
    "missing values": _shorten,
    "a missing input": _leave_out,
    "an unknown output": _ask_for_another,
}
