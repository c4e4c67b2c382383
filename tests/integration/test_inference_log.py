"""The inference log: what an instance keeps of its calls, and how a province reads it (R065)."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from onnx import TensorProto, helper, numpy_helper

from capability_sdk.packaging.digests import digests_of
from capability_sdk.serving.sampling import Lottery
from tests.integration.serving_process import CAPABILITY, ROOT, Instance, running_instance
from tests.unit.capability_sdk.serving.engines.code import declare, needs_sandbox, write
from tests.unit.capability_sdk.serving.packages import identity_model, manifest, write_package
from tests.waiting import eventually

_MIB = 1 << 20


def echo_package(folder: Path, shape: list[int]) -> Path:
    """Write a package that gives back an open and a sensitive number."""
    declared = manifest(
        name=CAPABILITY,
        version="1.0.0",
        inputs=[
            {"name": "x", "datatype": "FP32", "shape": shape},
            {"name": "secret", "datatype": "INT64", "shape": [1], "sensitive": True},
        ],
        outputs=[
            {"name": "y", "datatype": "FP32", "shape": shape},
            {"name": "o_secret", "datatype": "INT64", "shape": [1], "sensitive": True},
        ],
    )
    return write_package(folder, declared, identity_model(declared))


def lookup_package(folder: Path) -> Path:
    """Write a package whose model fails on any index but 0 to 2."""
    declared = manifest(
        name=CAPABILITY,
        version="1.0.0",
        inputs=[{"name": "i", "datatype": "INT64"}],
        outputs=[{"name": "y", "datatype": "FP32"}],
    )
    graph = helper.make_graph(
        [helper.make_node("Gather", ["table", "i"], ["y"])],
        "lookup",
        [helper.make_tensor_value_info("i", TensorProto.INT64, [None])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None])],
        [numpy_helper.from_array(np.array([1.0, 2.0, 3.0], np.float32), "table")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return write_package(folder, declared, model)


def keeping(province: Path, package: Path, share: float, *options: str) -> Any:  # noqa: ANN401 - a context
    """Run an instance of a province that keeps a share of its calls."""
    folder = province / "instances" / "i-1"
    samples = ("--samples", str(folder / "samples"), "--sample-share", str(share))
    return running_instance(package, folder, *samples, *options)


def infer(instance: Instance, request_id: str, **tensors: tuple[str, list[int], list[Any]]) -> int:
    inputs = [
        {"name": name, "datatype": datatype, "shape": shape, "data": data}
        for name, (datatype, shape, data) in tensors.items()
    ]
    headers = {"x-request-id": request_id}
    path = f"/v2/models/{CAPABILITY}/infer"
    return instance.data.post(path, json={"inputs": inputs}, headers=headers).status_code


def samples(province: Path, *options: str) -> list[dict[str, Any]]:
    """Ask as an operator does."""
    command = [sys.executable, "-m", "capability_sdk.cli", "edge", "samples", "--json"]
    done = subprocess.run(
        [*command, "--data", str(province), *options],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
        capture_output=True,
        text=True,
    )
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def metric(instance: Instance, name: str) -> float:
    text = instance.data.get("/metrics").text
    lines = dict(line.split(" ") for line in text.splitlines() if not line.startswith("#"))
    return float(lines[f"jiuzhou_runtime_samples_{name}"])


def test_a_call_is_kept_with_its_own_rows_and_without_sensitive_tensors(tmp_path: Path) -> None:
    package = echo_package(tmp_path / "package", [2])
    with keeping(tmp_path, package, 1.0) as instance:
        for number in range(3):
            x = ("FP32", [1, 2], [number, 0.5])
            secret = ("INT64", [1, 1], [13_800_138_000 + number])
            assert infer(instance, f"call-{number}", x=x, secret=secret) == 200
        eventually(lambda: metric(instance, "written_total") == 3)
        found = samples(tmp_path)
        (one,) = samples(tmp_path, "--request-id", "call-1", "--capability", CAPABILITY)

    assert [sample["request_id"] for sample in found] == ["call-0", "call-1", "call-2"]
    assert one["inputs"] == {"x": {"shape": [1, 2], "data": [1.0, 0.5]}}
    assert one["outputs"] == {"y": {"shape": [1, 2], "data": [1.0, 0.5]}}
    assert (one["version"], one["error"]) == ("1.0.0", "")
    assert one["weights_digest"] == digests_of(package).weights
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("instances/*/samples/*.segment"))
    assert b"call-1" in kept
    assert b"1380013800" not in kept


@needs_sandbox
def test_process_values_of_code_are_kept_beside_inputs_and_outputs(tmp_path: Path) -> None:
    code = """
        class Capability:
            def infer(self, inputs, context):
                context.log("halves", [float(row[0]) / 2 for row in inputs["x"]])
                context.log("rule", "half")
                return {"y": inputs["x"] / 2}
    """
    package = write(tmp_path / "package", declare(name=CAPABILITY), code)
    with keeping(tmp_path, package, 1.0) as instance:
        assert infer(instance, "call-1", x=("FP32", [2, 2], [2, 4, 6, 8])) == 200
        eventually(lambda: metric(instance, "written_total") == 1)
        (sample,) = samples(tmp_path)

    assert sample["logged"] == {"halves": [1.0, 3.0], "rule": "half"}
    assert sample["inputs"]["x"]["data"] == [2.0, 4.0, 6.0, 8.0]
    assert sample["outputs"]["y"]["data"] == [1.0, 2.0, 3.0, 4.0]


def test_a_call_that_the_model_failed_on_is_kept_whatever_the_share(tmp_path: Path) -> None:
    with keeping(tmp_path, lookup_package(tmp_path / "package"), 0.0) as instance:
        assert infer(instance, "good", i=("INT64", [1], [1])) == 200
        assert infer(instance, "bad", i=("INT64", [1], [99])) in {422, 500}
        eventually(lambda: metric(instance, "written_total") == 1)
        (sample,) = samples(tmp_path)

    assert sample["request_id"] == "bad"
    assert sample["error"] in {"input-refused-by-model", "model-failed"}
    assert sample["inputs"] == {"i": {"shape": [1], "data": [99]}}
    assert sample["outputs"] == {}


def test_the_log_is_a_ring_that_gives_up_its_oldest_part_and_counts_it(tmp_path: Path) -> None:
    package = echo_package(tmp_path / "package", [2000])
    options = ("--sample-limit-bytes", str(_MIB))
    with keeping(tmp_path, package, 1.0, *options) as instance:
        x = ("FP32", [1, 2000], np.random.default_rng(1).random(2000).tolist())
        for number in range(60):
            assert infer(instance, f"call-{number}", x=x, secret=("INT64", [1, 1], [1])) == 200
        eventually(lambda: metric(instance, "written_total") + metric(instance, "lost_total") == 60)
        written, evicted = (metric(instance, f"{name}_total") for name in ("written", "evicted"))
        assert metric(instance, "waiting") == 0
        found = samples(tmp_path, "--last", "100")

    assert evicted > 0
    assert len(found) == written - evicted
    assert found[-1]["request_id"] == "call-59"
    size = sum(path.stat().st_size for path in tmp_path.glob("instances/*/samples/*.segment"))
    assert size <= _MIB


def test_a_log_that_cannot_be_written_costs_no_call_and_is_counted(tmp_path: Path) -> None:
    with keeping(tmp_path, echo_package(tmp_path / "package", [1]), 1.0) as instance:
        tensors = {"x": ("FP32", [1, 1], [1]), "secret": ("INT64", [1, 1], [1])}
        assert infer(instance, "one", **tensors) == 200
        eventually(lambda: metric(instance, "written_total") == 1)
        # As on a full disk: no file of the process may grow.
        psutil.Process(instance.process.pid).rlimit(psutil.RLIMIT_FSIZE, (1, 1))
        assert infer(instance, "two", **tensors) == 200
        eventually(lambda: metric(instance, "lost_total") == 1)
        assert [sample["request_id"] for sample in samples(tmp_path)] == ["one"]


@pytest.mark.parametrize("share", [0.0, 0.003, 0.2, 0.9, 1.0])
def test_the_share_of_calls_that_are_kept_is_the_one_asked_for(share: float) -> None:
    lottery = Lottery(share)
    sizes = [1, 3, 64, 7] * 10_000
    drawn = [lottery.hits(size) for size in sizes]

    assert all(0 <= index < size for hits, size in zip(drawn, sizes, strict=True) for index in hits)
    total, hits = sum(sizes), sum(map(len, drawn))
    # Eight standard deviations of a binomial distribution: never by chance.
    assert abs(hits - share * total) <= 8 * (total * share * (1 - share)) ** 0.5


def test_a_trial_leaves_neither_sample_nor_prediction_nor_profile(tmp_path: Path) -> None:
    package = echo_package(tmp_path / "package", [1])
    with keeping(tmp_path, package, 1.0) as instance:
        for number in range(4):
            inputs = [
                {"name": "x", "datatype": "FP32", "shape": [1, 1], "data": [31415.0]},
                {"name": "secret", "datatype": "INT64", "shape": [1, 1], "data": [1]},
            ]
            headers = {"x-request-id": f"trial-{number}", "x-trial": "1"}
            path = f"/v2/models/{CAPABILITY}/infer"
            answer = instance.data.post(path, json={"inputs": inputs}, headers=headers)
            assert answer.json()["outputs"][0]["data"] == [31415.0]
        x, secret = ("FP32", [1, 1], [1]), ("INT64", [1, 1], [1])
        assert infer(instance, "call-1", x=x, secret=secret) == 200
        eventually(lambda: metric(instance, "written_total") == 1)
        found = samples(tmp_path)

    assert [sample["request_id"] for sample in found] == ["call-1"]
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("instances/**/*.segment"))
    assert b"trial-" not in kept
    assert b"31415" not in kept
