"""Runs the samples of a package: whether its model still answers what its author recorded."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from capability_sdk.contracts.errors import ServiceError
from capability_sdk.contracts.manifest import Manifest
from capability_sdk.contracts.packages import Check
from capability_sdk.packaging.errors import broken
from capability_sdk.packaging.samples import difference, read_samples
from capability_sdk.profiling.columns import Tensor
from capability_sdk.serving.requests import RequestReader

Run = Callable[[Mapping[str, Tensor]], Mapping[str, Tensor]]


def answer_breaks(folder: Path, manifest: Manifest, run: Run) -> Iterator[Check]:
    """Yield where a sample is refused, or is answered with something else than recorded.

    Args:
        folder: The package.
        manifest: What it declares.
        run: Computes a batch with the loaded model.
    """
    reader = RequestReader(manifest)
    for name, sample in read_samples(folder, []).items():
        body = sample.request.model_dump_json(exclude_none=True).encode()
        try:
            answer = run(reader.read(body, None).tensors)
        except ServiceError as error:
            yield broken("answers", f"{name}: {error}", "Correct the sample's request.")
            continue
        wrong = difference(sample, {output: values.tolist() for output, values in answer.items()})
        if wrong is not None:
            cure = "Correct the sample, its tolerance, or the model."
            yield broken("answers", f"{name}: {wrong}", cure)
