"""Tells what kind of model it was given, and loads only what that kind needs."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from capability_sdk.contracts.inference import Datatype
from capability_sdk.conversion.converted import Converted
from capability_sdk.conversion.errors import ConversionFailed
from capability_sdk.conversion.training import TrainingData
from capability_sdk.conversion.words import Execution, Hints

Choice = Callable[[], Converted]
"""One way to convert a model; it may raise ConversionFailed."""


def choices(model: Any, data: TrainingData, hints: Hints) -> Iterator[Choice]:  # noqa: ANN401 - a model of any framework
    """Yield the ways to convert a model, best first: the first that keeps its answers is taken.

    Raises:
        ConversionFailed: The kind of model is not known.
    """
    kind = type(model)
    if isinstance(model, str | Path):
        yield from _of_file(Path(model), data, hints)
    elif kind.__module__.startswith(("xgboost.", "lightgbm.")):
        yield from _of_trees(model, data, hints)
    elif any(cls.__module__.startswith("sklearn.") for cls in kind.__mro__):
        from capability_sdk.conversion.from_sklearn import export_sklearn  # noqa: PLC0415 - heavy

        yield partial(export_sklearn, model, data, hints)
        # What is scaled in 32 bits may fall on the other side of a tree's threshold.
        yield partial(export_sklearn, model, data, hints, Datatype.FP64)
    elif any(cls.__module__.startswith("torch.") for cls in kind.__mro__):
        from capability_sdk.conversion.from_torch import export_torch  # noqa: PLC0415 - heavy

        yield partial(export_torch, model, data, hints)
    else:
        raise ConversionFailed(
            f"A {kind.__module__}.{kind.__name__} is no model that can be packaged.",
            cure="Give a scikit-learn, XGBoost, LightGBM or torch model, an ONNX file, or a Python"
            " file.",
        )


def _of_file(path: Path, data: TrainingData, hints: Hints) -> Iterator[Choice]:
    if path.suffix == ".py":
        from capability_sdk.conversion.from_code import describe_code  # noqa: PLC0415 - as above

        yield partial(describe_code, path, data, hints)
    elif path.suffix in {".json", ".ubj", ".txt"}:
        from capability_sdk.conversion.from_trees import read_booster  # noqa: PLC0415 - heavy

        yield from _of_trees(read_booster(path), data, hints)
    else:
        from capability_sdk.conversion.from_onnx import export_onnx  # noqa: PLC0415 - heavy

        yield partial(export_onnx, path, data, hints)


def _of_trees(model: Any, data: TrainingData, hints: Hints) -> Iterator[Choice]:  # noqa: ANN401 - as above
    from capability_sdk.conversion.from_trees import tree_native, tree_onnx  # noqa: PLC0415 - heavy

    if hints.execution is not Execution.NATIVE:
        yield partial(tree_onnx, model, data, hints, need_exact=hints.execution is Execution.AUTO)
    if hints.execution is not Execution.ONNX:
        yield partial(tree_native, model, data, hints)
