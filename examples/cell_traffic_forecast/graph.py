"""One ONNX graph of two models: the mean of gradient boosting and a linear model of logarithms."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnxmltools import convert_lightgbm
from onnxmltools.convert.common.data_types import FloatTensorType

OUTPUT = "down_next"
_OPSET = 15


@dataclass(frozen=True, slots=True)
class LogLinear:
    """``exp(weights . log(1 + x) + bias) - 1``: a product of powers, as traffic behaves.

    Attributes:
        weights: Shape ``(features,)``.
        bias: Of the logarithm.
    """

    weights: NDArray[np.float64]
    bias: float

    def predict(self, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        """Forecast rows, shape ``(rows, features)``."""
        logs = np.log1p(matrix.astype(np.float64))
        return np.asarray(np.expm1(logs @ self.weights + self.bias))


def blend(trees: object, linear: LogLinear, inputs: Mapping[str, int]) -> bytes:
    """Write the model.

    Args:
        trees: A fitted ``LGBMRegressor``.
        linear: The other half.
        inputs: Input name to elements of a row, in the order of the features.

    Returns:
        The ONNX model: FP32 inputs ``(rows, elements)``, FP32 output `OUTPUT` ``(rows, 1)``.
    """
    width = sum(inputs.values())
    model = convert_lightgbm(
        trees, initial_types=[("features", FloatTensorType([None, width]))], target_opset=_OPSET
    )
    graph = model.graph
    forest = graph.output[0].name
    ahead = [helper.make_node("Concat", list(inputs), ["features"], axis=1)]
    nodes = [*ahead, *graph.node, *_log_linear(), *_mean_with(forest)]
    del graph.node[:], graph.input[:], graph.output[:]
    graph.node.extend(nodes)
    graph.initializer.extend(_weights(linear))
    graph.input.extend(_float(name, size) for name, size in inputs.items())
    graph.output.append(_float(OUTPUT, 1))
    onnx.checker.check_model(model)
    content: bytes = model.SerializeToString()
    return content


def _log_linear() -> list[onnx.NodeProto]:
    return [
        helper.make_node("Add", ["features", "one"], ["shifted"]),
        helper.make_node("Log", ["shifted"], ["logs"]),
        helper.make_node("Gemm", ["logs", "weights", "bias"], ["log_forecast"]),
        helper.make_node("Exp", ["log_forecast"], ["raised"]),
        helper.make_node("Sub", ["raised", "one"], ["linear"]),
    ]


def _mean_with(forest: str) -> list[onnx.NodeProto]:
    return [
        helper.make_node("Add", [forest, "linear"], ["sum"]),
        helper.make_node("Mul", ["sum", "half"], [OUTPUT]),
    ]


def _weights(linear: LogLinear) -> list[onnx.TensorProto]:
    arrays = {
        "weights": linear.weights.reshape(-1, 1),
        "bias": np.array([linear.bias]),
        "one": np.array([1.0]),
        "half": np.array([0.5]),
    }
    return [numpy_helper.from_array(v.astype(np.float32), name) for name, v in arrays.items()]


def _float(name: str, elements: int) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, elements])
