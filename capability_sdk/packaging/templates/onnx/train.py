"""Takes an ONNX model of any origin and writes the package around it: python train.py."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from capability_sdk.conversion import package

SEED = 7
FEATURES = 4


def observe(rows: int) -> NDArray[np.float32]:
    """Make up rows that the model is for; put your own data here."""
    return np.random.default_rng(SEED).normal(size=(rows, FEATURES)).astype(np.float32)


def export(path: Path) -> None:
    """Write a model; put the export of your own framework here."""
    weights = numpy_helper.from_array(np.ones((FEATURES, 1), np.float32), "weights")
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["features", "weights"], ["score"])],
        "sum",
        # The first dimension is the batch, and stays open.
        [helper.make_tensor_value_info("features", onnx.TensorProto.FLOAT, ["rows", FEATURES])],
        [helper.make_tensor_value_info("score", onnx.TensorProto.FLOAT, ["rows", 1])],
        [weights],
    )
    opsets = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), path)


def main() -> None:
    """Export, and write model, samples, reference and manifest."""
    with TemporaryDirectory() as scratch:
        path = Path(scratch) / "model.onnx"
        export(path)
        made = package(path, training=observe(1000), folder=Path(__file__).parent, script=__file__)
    print(made.report())


if __name__ == "__main__":
    main()
