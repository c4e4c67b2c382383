"""The functional publish gate, from inside: ``python -m capability_sdk.packaging.gate``.

Loads the model with the engine that will serve it, runs every sample, and measures the passport.
Run it by `capability_sdk.packaging.proving`, which confines it; the last line that it prints is a
`GateReport` as JSON. No code of the package runs in this process: it is the one that judges.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from capability_sdk.contracts.errors import ServiceError
from capability_sdk.contracts.manifest import Manifest
from capability_sdk.contracts.packages import Check, GateReport
from capability_sdk.packaging.checks import check_folder
from capability_sdk.packaging.errors import broken
from capability_sdk.packaging.passport import Passport, resident_bytes
from capability_sdk.packaging.samples import Sample, difference, read_samples
from capability_sdk.profiling.columns import Tensor
from capability_sdk.serving.calls import Call
from capability_sdk.serving.engines import Engine, load_engine
from capability_sdk.serving.requests import RequestReader

Arrays = Mapping[str, Tensor]


def examine(folder: Path) -> GateReport:
    """Judge an unpacked package.

    Returns:
        The report; ``passed`` only if every check did.
    """
    # The engine is loaded below, once, so that its memory can be measured.
    static = check_folder(folder, with_model=False)
    checks = list(static.checks)
    if static.manifest is None or not static.passed:
        return GateReport(passed=False, checks=checks)
    began, before = time.perf_counter(), resident_bytes()
    try:
        engine = load_engine(folder, static.manifest, threads=1)
    except ServiceError as error:
        checks.append(broken("model", str(error), "Make the model load in this platform's engine."))
        return GateReport(passed=False, checks=checks)
    passport = Passport(time.perf_counter() - began, before)
    detail = "loads; names, datatypes and shapes agree with the manifest"
    checks.append(Check(name="model", passed=True, detail=detail))
    checks += _run(folder, static.manifest, engine, passport)
    return GateReport(
        passed=all(check.passed for check in checks),
        checks=checks,
        passport=passport.as_members(),
    )


def _run(folder: Path, manifest: Manifest, engine: Engine, passport: Passport) -> Iterator[Check]:
    reader = RequestReader(manifest)
    samples = read_samples(folder, [])
    calls: dict[str, Call] = {}
    for name, sample in samples.items():
        try:
            calls[name] = reader.read(_body(sample), None)
        except ServiceError as error:
            yield broken("samples", f"{name}: {error}", "Correct the sample's request.")
    yield from _answers(samples, calls, engine)
    yield from _refusals(samples, reader)
    if calls:
        passport.measure(engine.run, next(iter(calls.values())).tensors, manifest.max_batch_size)


def _answers(
    samples: Mapping[str, Sample], calls: Mapping[str, Call], engine: Engine
) -> Iterator[Check]:
    right = same = True
    for name, call in calls.items():
        try:
            first, second = engine.run(call.tensors), engine.run(call.tensors)
        except ServiceError as error:
            yield broken("answers", f"{name}: {error}", "The model must compute its own samples.")
            right = False
            continue
        wrong = difference(samples[name], _plain(first))
        if wrong is not None:
            right = False
            cure = "Correct the sample, its tolerance, or the model."
            yield broken("answers", f"{name}: {wrong}", cure)
        if not _equal(first, second):
            same = False
            cure = "Remove what is random in the model, or fix its seed."
            yield broken("determinism", f"{name}: two runs give two answers", cure)
    if right and calls:
        yield Check(name="answers", passed=True, detail=f"{len(calls)} samples as recorded")
    if same and calls:
        yield Check(name="determinism", passed=True, detail="two runs give one answer")


def _refusals(samples: Mapping[str, Sample], reader: RequestReader) -> Iterator[Check]:
    """Show that the runtime takes no wrong name, datatype or shape for this manifest."""
    sample = next(iter(samples.values()))
    for what, change in _WRONG.items():
        request = json.loads(_body(sample))
        change(request["inputs"][0])
        try:
            reader.read(json.dumps(request).encode(), None)
        except ServiceError as error:
            yield Check(name=f"refuses-wrong-{what}", passed=True, detail=str(error))
        else:
            cure = "Declare the input's true name, datatype and shape."
            yield broken(f"refuses-wrong-{what}", f"a wrong {what} was accepted", cure)


def _rename(tensor: dict[str, Any]) -> None:
    tensor["name"] += "_of_another"


def _retype(tensor: dict[str, Any]) -> None:
    tensor["datatype"] = "INT8" if tensor["datatype"] != "INT8" else "FP64"


def _reshape(tensor: dict[str, Any]) -> None:
    # Always one dimension too many, which no shape of the manifest leaves open.
    tensor["shape"] = [*tensor["shape"], 1]


_WRONG: dict[str, Callable[[dict[str, Any]], None]] = {
    "name": _rename,
    "datatype": _retype,
    "shape": _reshape,
}


def _body(sample: Sample) -> bytes:
    return sample.request.model_dump_json(exclude_none=True).encode()


def _plain(answer: Arrays) -> dict[str, list[Any]]:
    return {name: values.tolist() for name, values in answer.items()}


def _equal(first: Arrays, second: Arrays) -> bool:
    return first.keys() == second.keys() and all(_same(first[n], second[n]) for n in first)


def _same(left: Tensor, right: Tensor) -> bool:
    # Texts and integers cannot be NaN, and objects cannot be asked.
    return np.array_equal(left, right, equal_nan=left.dtype.kind == "f")


def main() -> int:
    """Judge the package of the arguments and print the report."""
    parser = argparse.ArgumentParser(prog="capability_sdk.packaging.gate", description=__doc__)
    parser.add_argument("--package", type=Path, required=True, help="folder of the package")
    report = examine(parser.parse_args().package)
    sys.stdout.write(report.model_dump_json() + "\n")
    return 0 if report.passed else 1


if __name__ == "__main__":
    sys.exit(main())
