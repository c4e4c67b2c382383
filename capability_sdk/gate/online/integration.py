"""Does the version do through a gateway what it does alone? Samples, refusals, metadata, headers."""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from capability_sdk.contracts.inference import (
    CODE_DIGEST_HEADER,
    VERSION_HEADER,
    WEIGHTS_DIGEST_HEADER,
)
from capability_sdk.contracts.manifest import Manifest, TensorSpec
from capability_sdk.contracts.packages import Check, Figure, PackageDigests, Section
from capability_sdk.gate.online.calls import Case, infer_call, model_path, outputs_of
from capability_sdk.gate.online.wire import Answer, Call, Gateway
from capability_sdk.packaging.samples import difference

_OK, _BAD_REQUEST, _UNAUTHORIZED = 200, 400, 401
_NAMED = 3
_CURE = "Run `jiuzhou gate` on the package; correct samples, manifest or model, and send the next version."


async def check_integration(
    gateway: Gateway, manifest: Manifest, digests: PackageDigests, cases: Sequence[Case]
) -> Check:
    """Call it as any calling system would, rightly and wrongly."""
    breaks = [item async for item in _breaks(gateway, manifest, digests, cases)]
    more = f" (and {len(breaks) - _NAMED} more)" if len(breaks) > _NAMED else ""
    good = (
        f"{len(cases)} samples answered as recorded, as JSON and as binary tensors; metadata, "
        "headers and refusals are as declared"
    )
    return Check(
        name="integration",
        section=Section.INTEGRATION,
        passed=not breaks,
        detail="; ".join(breaks[:_NAMED]) + more if breaks else good,
        cure=_CURE if breaks else "",
        figures=[Figure(name="requests", value=2 * len(cases) + len(_WRONG) + 2)],
    )


async def _breaks(
    gateway: Gateway, manifest: Manifest, digests: PackageDigests, cases: Sequence[Case]
) -> AsyncIterator[str]:
    metadata = await gateway.ask(Call("GET", model_path(manifest)))
    wrong = _metadata_break(metadata, manifest)
    if wrong is not None:
        yield wrong
    refused = await gateway.ask(cases[0].plain, anonymous=True)
    if refused.status != _UNAUTHORIZED:
        yield f"without a token: {refused.status}, expected 401"
    for case in cases:
        for kind, call in (("JSON", case.plain), ("binary", case.binary)):
            answer = await gateway.ask(call)
            wrong = _answer_break(answer, case) or _header_break(answer, manifest, digests)
            if wrong is not None:
                yield f"{case.name} as {kind}: {wrong}"
    for what, change in _WRONG.items():
        document = cases[0].sample.request.model_dump(mode="json", exclude_none=True)
        change(document["inputs"][0])
        answer = await gateway.ask(infer_call(manifest, document))
        if answer.status != _BAD_REQUEST or not answer.document().get("error"):
            yield f"{what} was answered with {answer.complaint}, expected 400 with a reason"


def _metadata_break(answer: Answer, manifest: Manifest) -> str | None:
    if answer.status != _OK:
        return f"metadata: {answer.complaint}"
    said = answer.document()
    for kind, specs in (("inputs", manifest.inputs), ("outputs", manifest.outputs)):
        if said.get(kind) != [_described(spec) for spec in specs]:
            return f"metadata names other {kind} than the manifest"
    return None if said.get("name") == manifest.name else "metadata has another name"


def _described(spec: TensorSpec) -> dict[str, Any]:
    return {"name": spec.name, "datatype": spec.datatype, "shape": [-1, *spec.shape]}


def _answer_break(answer: Answer, case: Case) -> str | None:
    if answer.status != _OK:
        return answer.complaint
    try:
        return difference(case.sample, outputs_of(answer))
    except ValueError as error:
        return f"the answer cannot be read: {error}"


def _header_break(answer: Answer, manifest: Manifest, digests: PackageDigests) -> str | None:
    wanted = {
        VERSION_HEADER: manifest.version,
        CODE_DIGEST_HEADER: digests.code,
        WEIGHTS_DIGEST_HEADER: digests.weights,
    }
    for name, value in wanted.items():
        if answer.headers.get(name) != value:
            return f"header {name} is {answer.headers.get(name)}, not {value}"
    return None


def _rename(tensor: dict[str, Any]) -> None:
    tensor["name"] += "_of_another"


def _retype(tensor: dict[str, Any]) -> None:
    tensor["datatype"] = "INT8" if tensor["datatype"] != "INT8" else "FP64"


def _reshape(tensor: dict[str, Any]) -> None:
    # Always one dimension too many, which no shape of the manifest leaves open.
    tensor["shape"] = [*tensor["shape"], 1]


_WRONG: dict[str, Callable[[dict[str, Any]], None]] = {
    "a wrong name": _rename,
    "a wrong datatype": _retype,
    "a wrong shape": _reshape,
}
