"""Plain Python code: ``class Capability`` in ``capability.py``, run once to see what it answers."""

import importlib.util
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from capability_sdk.contracts.inference import Datatype
from capability_sdk.contracts.manifest import AlgorithmFamily, Engine
from capability_sdk.conversion.converted import Converted
from capability_sdk.conversion.errors import ConversionFailed
from capability_sdk.conversion.inputs import lay_out
from capability_sdk.conversion.onnx_models import outputs_of
from capability_sdk.conversion.training import TrainingData
from capability_sdk.conversion.words import Hints, Layout
from capability_sdk.packaging.checks import package_files
from capability_sdk.packaging.layout import CODE_FOLDER, ENTRY_POINT, MODEL_FOLDER
from capability_sdk.profiling.columns import Tensor
from capability_sdk.worker import Context

_TRIAL_ROWS = 2


def describe_code(path: Path, data: TrainingData, hints: Hints) -> Converted:
    """Package a project's own code, with the files of its model folder.

    The code runs here, in its author's own process, to learn its outputs; everywhere else the
    platform runs it in a sandbox.

    Args:
        path: ``code/capability.py`` of a project, or a file that becomes it.
        data: Rows that it answers; names are those of its inputs.
        hints: The author's words.

    Raises:
        ConversionFailed: There is no ``class Capability``, or it does not answer the rows.
    """
    layout = Layout.COLUMNS if hints.layout is Layout.AUTO else hints.layout
    inputs = lay_out(data, hints.model_copy(update={"layout": layout}), floats=Datatype.FP32)
    trial = inputs.feed(data.take(np.zeros(_TRIAL_ROWS, np.int64)))
    answers = _try(path, trial)
    return Converted(
        engine=Engine.PYTHON,
        files=_files(path),
        inputs=inputs,
        outputs=outputs_of(answers, _TRIAL_ROWS),
        family=AlgorithmFamily.RULE,
        labels=None,
        original=None,
    )


def _files(path: Path) -> dict[str, bytes]:
    if not path.resolve().as_posix().endswith(f"/{ENTRY_POINT}"):
        return {ENTRY_POINT: path.read_bytes()}
    project = path.resolve().parent.parent
    return {
        name: file.read_bytes()
        for name, file in package_files(project).items()
        if name.startswith((CODE_FOLDER, MODEL_FOLDER))
    }


def _try(path: Path, feed: Mapping[str, Tensor]) -> dict[str, Tensor]:
    cure = (
        "Write `class Capability` with infer(self, inputs, context), which returns arrays by name."
    )
    try:
        with _importing_from(path.parent):
            capability = _load(path).Capability()
            context = Context(path.resolve().parent.parent / "model")
            if hasattr(capability, "load"):
                capability.load(context)
            answers: Mapping[str, Any] = capability.infer(dict(feed), context)
            return {name: np.asarray(values) for name, values in answers.items()}
    except Exception as error:
        raise ConversionFailed(
            f"{path.name} does not answer the training rows: {type(error).__name__}: {error}.",
            cure=cure,
        ) from error


def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("jiuzhou_trial_capability", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@contextmanager
def _importing_from(folder: Path) -> Iterator[None]:
    """Let the code import its neighbours, as it can in the platform."""
    sys.path.insert(0, str(folder.resolve()))
    try:
        yield
    finally:
        sys.path.remove(str(folder.resolve()))
