"""A package in the making: filled beside the project, moved into it when every check passed."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from capability_sdk.contracts.inference import Datatype
from capability_sdk.contracts.manifest import Manifest
from capability_sdk.contracts.packages import MANIFEST_FILE
from capability_sdk.contracts.training import Parity, TrainingRecord
from capability_sdk.conversion import record
from capability_sdk.conversion.converted import Converted
from capability_sdk.conversion.describing import write_readme
from capability_sdk.conversion.errors import ConversionFailed
from capability_sdk.conversion.parity import compare, is_exact
from capability_sdk.conversion.recording import faithful, record_samples
from capability_sdk.conversion.training import TrainingData
from capability_sdk.conversion.words import Hints
from capability_sdk.packaging.checks import check_folder
from capability_sdk.packaging.definition import write_definition
from capability_sdk.packaging.digests import digests_of
from capability_sdk.packaging.errors import PackageRefused
from capability_sdk.packaging.layout import PROFILE_FILE, README_FILE, TRAINING_FILE
from capability_sdk.packaging.training import FLIP_CURE
from capability_sdk.profiling.anchors import build_reference
from capability_sdk.profiling.columns import Tensor
from capability_sdk.serving.engines import Engine, load_engine
from capability_sdk.serving.errors import UnusablePackage

_TEXT_CURE = (
    "ONNX counts and splits words in its own way: leave out sublinear_tf and own analyzers, or"
    " bring the model as Python code (jiuzhou init --template python)."
)
PARITY_ROWS = 5_000
REFERENCE_ROWS = 50_000


class Draft:
    """The files of a package before they are put in the place of an earlier training's."""

    def __init__(self, staged: Path, home: Path, data: TrainingData, hints: Hints) -> None:
        self._staged = staged
        self._home = home
        self._data = data
        self._hints = hints

    def fill(self, converted: Converted, manifest: Manifest) -> Parity | None:
        """Write weights and manifest; run the engine that will serve over the training data.

        Returns:
            How near it is to the original; None where there is no original to compare with.

        Raises:
            ConversionFailed: It computes something else than the original model.
        """
        self._write({**converted.files, MANIFEST_FILE: write_definition(manifest).encode()})
        profiled = self._data.spread(REFERENCE_ROWS)
        inputs = converted.inputs.feed(profiled)
        answers = self._answers(manifest, inputs)
        few = np.unique(np.linspace(0, len(profiled) - 1, PARITY_ROWS).astype(np.int64))
        feed, found = _at(inputs, few), _at(answers, few)
        original = converted.original(profiled.take(few)) if converted.original else {}
        parity = compare(original, found, self._hints.parity_limit) if original else None
        cure = _TEXT_CURE if _has_texts(manifest) else FLIP_CURE
        _check_parity(parity, cure, need_exact=converted.need_exact)
        reference = build_reference({**inputs, **answers}, manifest)
        self._write({PROFILE_FILE: reference.model_dump_json().encode()})
        near = faithful(original, found)
        right = {**found, **{name: original[name] for name in found if name in original}}
        self._write(record_samples(manifest, _at(feed, near), _at(right, near)))
        return parity

    def record_training(self, script: Path | str | None, parity: Parity | None) -> None:
        """Write down what a second training has to have equal.

        Raises:
            ConversionFailed: The script is not in the project.
        """
        found = TrainingRecord(
            environment=record.environment(),
            **record.script(script, self._home),
            data=record.describe_rows(self._data),
            weights=digests_of(self._staged).weights,
            parity=parity,
        )
        self._write({TRAINING_FILE: found.model_dump_json(indent=1).encode()})

    def move_home(self, manifest: Manifest, parity: Parity | None) -> None:
        """Check everything, then replace what an earlier training left; README stays.

        Raises:
            PackageRefused: Something breaks a rule of packages; the project is as it was.
        """
        readme = self._home / README_FILE
        if readme.exists():
            shutil.copyfile(readme, self._staged / README_FILE)
        else:
            self._write({README_FILE: write_readme(manifest, parity).encode()})
        report = check_folder(self._staged)
        if not report.passed:
            raise PackageRefused(report.breaks)
        shutil.copytree(self._staged, self._home, dirs_exist_ok=True)
        for earlier in (*self._home.glob("model/model.*"), *self._home.glob("samples/row-*.json")):
            if not (self._staged / earlier.relative_to(self._home)).exists():
                earlier.unlink()

    def _answers(self, manifest: Manifest, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        try:
            engine = load_engine(self._staged, manifest, threads=1)
        except UnusablePackage as error:
            raise ConversionFailed(
                f"{manifest.engine} does not take the model with these inputs: {error}",
                cure="Rename the column, or use Hints(layout='packed').",
            ) from error
        try:
            return _run(engine, inputs, manifest.max_batch_size)
        finally:
            engine.close()

    def _write(self, files: Mapping[str, bytes]) -> None:
        for name, content in files.items():
            path = self._staged / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


def _run(engine: Engine, inputs: Mapping[str, Tensor], rows: int) -> dict[str, Tensor]:
    total = len(next(iter(inputs.values())))
    batches = [
        engine.run({name: values[start : start + rows] for name, values in inputs.items()})
        for start in range(0, total, rows)
    ]
    return {name: np.concatenate([batch[name] for batch in batches]) for name in batches[0]}


def _at(tensors: Mapping[str, Tensor], places: Tensor) -> dict[str, Tensor]:
    return {name: values[places] for name, values in tensors.items()}


def _has_texts(manifest: Manifest) -> bool:
    is_alone = len(manifest.inputs) == 1
    return any(
        spec.datatype is Datatype.BYTES and (is_alone or spec.levels is None)
        for spec in manifest.inputs
    )


def _check_parity(parity: Parity | None, cure: str, *, need_exact: bool) -> None:
    if parity is None:
        return
    if not parity.outputs:
        raise ConversionFailed(
            "No output of the converted model could be compared with the original's.",
            cure="Export it to ONNX yourself, and give the file: then nothing is compared.",
        )
    far = parity.worst
    how = parity.distance_of(far) if far is not None else ""
    if far is None and need_exact and not is_exact(parity):
        far = max(parity.outputs, key=lambda item: (item.differing, item.greatest))
        how = far.as_text()
    if far is not None:
        raise ConversionFailed(
            f"Output {far.output} is not the original model's: {how}.",
            cure=cure,
            tensor=far.output,
        )
