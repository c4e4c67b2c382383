"""What the nominal model of each algorithm family costs: ``python -m tests.bench.families``.

The figures of `scheduler.profiles`: CPU time of a row at the engine, alone and in batches of 16, on one
thread, and the memory that the model adds to the process. Times are turned into those of the reference
node. By hand; each family runs in a process of its own.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import psutil
from onnx import TensorProto, helper, numpy_helper

from capability_sdk.contracts.passport import NODE_SCORE
from capability_sdk.gate.node_score import node_score

_SECONDS = 0.2
_REPEATS = 5
_random = np.random.default_rng(7)


def _weights(**shapes: tuple[int, ...]) -> list[onnx.TensorProto]:
    return [
        numpy_helper.from_array((_random.standard_normal(shape) * 0.1).astype(np.float32), name)
        for name, shape in shapes.items()
    ]


def _model(
    shape: list[int], nodes: list[onnx.NodeProto], weights: list[onnx.TensorProto]
) -> onnx.ModelProto:
    given = helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, *shape])
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    graph = helper.make_graph(nodes, "nominal", [given], [out], weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def _chain(
    *steps: tuple[str, list[str]],
    **options: Any,  # noqa: ANN401 - attributes of an operator, of any type
) -> list[onnx.NodeProto]:
    """Make nodes that each take what the one before gives, and weights by name."""
    nodes, current = [], "x"
    for place, (kind, weights) in enumerate(steps):
        name = "y" if place == len(steps) - 1 else f"h{place}"
        node = helper.make_node(kind, [current, *weights], [name], **options.get(f"at{place}", {}))
        nodes.append(node)
        current = name
    return nodes


def _linear() -> onnx.ModelProto:
    return _model([20], _chain(("MatMul", ["w"]), ("Add", ["b"])), _weights(w=(20, 2), b=(2,)))


def _mlp() -> onnx.ModelProto:
    steps = _chain(
        *(("MatMul", ["a"]), ("Relu", []), ("MatMul", ["b"]), ("Relu", []), ("MatMul", ["c"]))
    )
    return _model([64], steps, _weights(a=(64, 256), b=(256, 128), c=(128, 10)))


def _lstm() -> onnx.ModelProto:
    units, inputs = 64, 8
    nodes = [
        helper.make_node("Transpose", ["x"], ["t"], perm=[1, 0, 2]),
        helper.make_node("LSTM", ["t", "w", "r"], ["", "h"], hidden_size=units),
        helper.make_node("Squeeze", ["h", "axis"], ["f"]),
        helper.make_node("MatMul", ["f", "o"], ["y"]),
    ]
    weights = _weights(w=(1, 4 * units, inputs), r=(1, 4 * units, units), o=(units, 1))
    return _model([96, inputs], nodes, [*weights, numpy_helper.from_array(np.array([0]), "axis")])


def _cnn() -> onnx.ModelProto:
    steps = _chain(
        *(("Conv", ["a"]), ("Relu", []), ("MaxPool", []), ("Conv", ["b"]), ("Relu", [])),
        *(("GlobalAveragePool", []), ("Flatten", []), ("MatMul", ["c"])),
        at0={"pads": [1, 1, 1, 1]},
        at2={"kernel_shape": [2, 2], "strides": [2, 2]},
        at3={"pads": [1, 1, 1, 1]},
    )
    return _model([1, 28, 28], steps, _weights(a=(32, 1, 3, 3), b=(64, 32, 3, 3), c=(64, 10)))


def _transformer() -> onnx.ModelProto:
    width, make = 128, helper.make_node
    nodes: list[onnx.NodeProto] = []
    weights = _weights(out=(width, 2))
    given = "x"
    for layer in ("0", "1"):
        shapes = {f"w{part}{layer}": (width, width) for part in "qkv"}
        shapes |= {f"up{layer}": (width, 4 * width), f"down{layer}": (4 * width, width)}
        weights += _weights(**shapes)
        nodes += [make("MatMul", [given, f"w{part}{layer}"], [part + layer]) for part in "qkv"]
        nodes += [
            make("Transpose", [f"k{layer}"], [f"t{layer}"], perm=[0, 2, 1]),
            make("MatMul", [f"q{layer}", f"t{layer}"], [f"s{layer}"]),
            make("Softmax", [f"s{layer}"], [f"p{layer}"]),
            make("MatMul", [f"p{layer}", f"v{layer}"], [f"a{layer}"]),
            make("Add", [f"a{layer}", given], [f"r{layer}"]),
            make("MatMul", [f"r{layer}", f"up{layer}"], [f"u{layer}"]),
            make("Relu", [f"u{layer}"], [f"g{layer}"]),
            make("MatMul", [f"g{layer}", f"down{layer}"], [f"y{layer}"]),
        ]
        given = f"y{layer}"
    nodes.append(make("ReduceMean", [given], ["m"], axes=[1], keepdims=0))
    nodes.append(make("MatMul", ["m", "out"], ["y"]))
    return _model([64, width], nodes, weights)


def _gradient_boosting() -> onnx.ModelProto:
    from onnxmltools import convert_xgboost  # noqa: PLC0415 - one family's
    from onnxmltools.convert.common.data_types import FloatTensorType  # noqa: PLC0415 - likewise
    from xgboost import XGBClassifier  # noqa: PLC0415 - likewise

    values, labels = _rows()
    model = XGBClassifier(n_estimators=100, max_depth=6, n_jobs=1).fit(values, labels)
    given = [("x", FloatTensorType([None, values.shape[1]]))]
    converted: onnx.ModelProto = convert_xgboost(model, initial_types=given, target_opset=15)
    return converted


def _random_forest() -> onnx.ModelProto:
    from skl2onnx import to_onnx  # noqa: PLC0415 - one family's
    from sklearn.ensemble import RandomForestClassifier  # noqa: PLC0415 - likewise

    values, labels = _rows()
    model = RandomForestClassifier(100, max_depth=12, n_jobs=1, random_state=7).fit(values, labels)
    converted: onnx.ModelProto = to_onnx(model, values[:1], options={"zipmap": False})
    return converted


def _rows() -> tuple[np.ndarray, np.ndarray]:
    from sklearn.datasets import make_classification  # noqa: PLC0415 - of the trees alone

    values, labels = make_classification(8000, 20, n_informative=12, random_state=7)
    return values.astype(np.float32), labels


NOMINAL: Mapping[str, Callable[[], onnx.ModelProto]] = {
    "linear": _linear,
    "mlp": _mlp,
    "gradient-boosting": _gradient_boosting,
    "random-forest": _random_forest,
    "lstm": _lstm,
    "cnn": _cnn,
    "transformer": _transformer,
}


def measure(file: Path) -> str:
    """Measure a model in this process."""
    import onnxruntime as ort  # noqa: PLC0415 - its memory is not the model's

    before = psutil.Process().memory_info().rss
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = ort.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    given = session.get_inputs()[0]
    shape = [int(size) for size in given.shape[1:]]
    turned = node_score() / NODE_SCORE
    alone, batched = (
        turned * min(_seconds_a_row(session, given.name, rows, shape) for _ in range(_REPEATS))
        for rows in (1, 16)
    )
    grown = (psutil.Process().memory_info().rss - before) / (1 << 20)
    return f"{alone * 1e6:7.1f} us alone {batched * 1e6:7.1f} us of 16 {grown:6.0f} MiB"


def _seconds_a_row(
    session: Any,  # noqa: ANN401 - the library has no types
    name: str,
    rows: int,
    shape: list[int],
) -> float:
    values = _random.standard_normal((rows, *shape)).astype(np.float32)
    count, began = 0, time.process_time()
    while (used := time.process_time() - began) < _SECONDS:
        session.run(None, {name: values})
        count += 1
    return used / count / rows


def main() -> None:
    """Measure each family in a process of its own."""
    if len(sys.argv) > 1:
        sys.stdout.write(measure(Path(sys.argv[1])) + "\n")
        return
    with tempfile.TemporaryDirectory() as folder:
        for family, make in NOMINAL.items():
            file = Path(folder) / f"{family}.onnx"
            file.write_bytes(make().SerializeToString())
            command = [sys.executable, "-m", "tests.bench.families", str(file)]
            said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            sys.stdout.write(f"{family:18} {said}")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
