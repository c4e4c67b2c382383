"""An instance pays for the library of its own engine, and for nothing else."""

from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.integration.serving_process import running_instance
from tests.unit.capability_sdk.serving.engines import code, trees
from tests.unit.capability_sdk.serving.packages import identity_model, manifest, write_package

HEAVY = {"onnxruntime", "xgboost", "lightgbm", "sklearn", "pandas", "grpc", "tritonclient"}


def onnx(folder: Path) -> Path:
    return write_package(folder, manifest(), identity_model(manifest()))


def xgboost(folder: Path) -> Path:
    model = trees.xgboost_model("multi:softprob", trees.CLASSES, num_class=3)
    declared = trees.declare("xgboost", [trees.LABEL])
    return trees.write(folder, declared, "model.ubj", bytes(model.save_raw("ubj")))


def lightgbm(folder: Path) -> Path:
    model = trees.lightgbm_model("multiclass", trees.CLASSES, num_class=3)
    declared = trees.declare("lightgbm", [trees.LABEL])
    return trees.write(folder, declared, "model.txt", model.model_to_string().encode())


def python(folder: Path) -> Path:
    source = "class Capability:\n    def infer(self, inputs, context):\n        return {'y': inputs['x']}\n"
    return code.write(folder, code.declare(), source)


@pytest.mark.parametrize(
    ("make", "library"),
    [
        (onnx, "onnxruntime"),
        (xgboost, "xgboost"),
        (lightgbm, "lightgbm"),
        pytest.param(python, None, marks=code.needs_sandbox),
    ],
)
def test_an_instance_loads_the_library_of_its_engine_alone(
    make: Callable[[Path], Path], library: str | None, tmp_path: Path
) -> None:
    with running_instance(make(tmp_path / "package"), tmp_path / "i") as instance:
        main = psutil.Process(instance.process.pid)
        mapped = "".join(map(maps_of, [main, *main.children(recursive=True)]))

    assert {name for name in HEAVY if f"/{name}/" in mapped} == ({library} if library else set())


def maps_of(process: psutil.Process) -> str:
    return Path(f"/proc/{process.pid}/maps").read_text()
