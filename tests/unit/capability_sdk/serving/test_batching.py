"""Calls that share a batch: each gets its own rows, and none suffers from another."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import httpx
import numpy as np
from onnx import TensorProto, helper

from tests.unit.capability_sdk.serving.harness import Running, load, running
from tests.unit.capability_sdk.serving.packages import identity_model, manifest, write_package


def batch_sizes(runtime: Running) -> dict[str, float]:
    """Read how many batches had up to so many rows."""
    lines = httpx.get(f"{runtime.url}/metrics").text.splitlines()
    name = "jiuzhou_runtime_batch_rows_"
    return {
        line.split(" ")[0].removeprefix(name): float(line.split(" ")[1])
        for line in lines
        if line.startswith(name)
    }


def body(values: list[float], columns: int) -> bytes:
    shape = [len(values) // columns, columns]
    item = {"name": "x", "datatype": "FP32", "shape": shape, "data": values}
    return json.dumps({"inputs": [item]}).encode()


def pipelined(bodies: list[bytes]) -> bytes:
    return b"".join(
        b"POST /v2/models/sample/infer HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%b"
        % (len(content), content)
        for content in bodies
    )


def answers(runtime: Running, bodies: list[bytes]) -> list[dict[str, object]]:
    """Send requests in one piece, so that they meet in one tick; return the answers' bodies."""
    with runtime.connect() as connection:
        connection.sendall(pipelined(bodies))
        stream = connection.makefile("rb")
        found = []
        for _ in bodies:
            length = 0
            while (line := stream.readline().strip().lower()) != b"":
                if line.startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            found.append(json.loads(stream.read(length)))
        return found


def test_calls_of_one_tick_are_computed_together_and_get_their_own_rows(pair: Running) -> None:
    bodies = [body([float(number), 0.5], 2) for number in range(16)]

    found = answers(pair, bodies)

    assert [item["outputs"][0]["data"] for item in found] == [  # type: ignore[index]  # JSON
        [float(number), 0.5] for number in range(16)
    ]
    sizes = batch_sizes(pair)
    assert sizes["sum"] == 16
    assert sizes["count"] < 16


def test_a_batch_never_exceeds_the_declared_size(pair: Running) -> None:
    answers(pair, [body([1.0] * 6, 2)] * 20)

    sizes = batch_sizes(pair)
    assert sizes["sum"] == 60
    assert sizes['bucket{le="8"}'] == sizes["count"]


def test_a_measured_best_batch_bounds_what_is_put_together_and_refuses_no_call(
    pair_package: Path, tmp_path: Path
) -> None:
    with running(load(pair_package), tmp_path / "journal", batch_rows=2) as runtime:
        found = answers(runtime, [body([1.0, 2.0], 2)] * 6 + [body([1.0] * 10, 2)])

        assert all("outputs" in item for item in found)
        sizes = batch_sizes(runtime)
    assert sizes["sum"] == 11
    # A call of more rows than that is a batch alone.
    assert sizes["count"] - sizes['bucket{le="2"}'] == 1


def test_calls_of_different_shapes_do_not_share_a_batch(tmp_path: Path) -> None:
    declared = manifest(
        inputs=[{"name": "x", "datatype": "FP32", "shape": [-1]}],
        outputs=[{"name": "y", "datatype": "FP32", "shape": [-1]}],
    )
    package = load(write_package(tmp_path / "package", declared, identity_model(declared)))
    bodies = [body([float(number)] * (1 + number % 3), 1 + number % 3) for number in range(30)]

    with running(package, tmp_path / "journal") as runtime:
        found = answers(runtime, bodies)

    assert [item["outputs"][0]["data"] for item in found] == [  # type: ignore[index]  # JSON
        [float(number)] * (1 + number % 3) for number in range(30)
    ]


def test_an_input_that_the_model_refuses_does_not_fail_its_neighbours(tmp_path: Path) -> None:
    package = load(_lookup_package(tmp_path / "package"))
    bodies = [
        json.dumps(
            {"inputs": [{"name": "x", "datatype": "INT64", "shape": [1], "data": [number]}]}
        ).encode()
        for number in (0, 1, 99, 2)
    ]

    with running(package, tmp_path / "journal") as runtime:
        found = answers(runtime, bodies)

    assert [item.get("status", 200) for item in found] == [200, 200, 422, 200]
    assert found[3]["outputs"][0]["data"] == [30.0]  # type: ignore[index]  # JSON
    assert "99" not in json.dumps(found[2])


def test_more_calls_than_may_wait_are_told_to_come_back(
    tmp_path: Path,
) -> None:
    declared = manifest(max_batch_size=1)
    package = load(write_package(tmp_path / "package", declared, identity_model(declared)))

    with running(package, tmp_path / "journal", max_waiting=4) as runtime:
        found = answers(runtime, [body([1.0, 2.0], 2)] * 12)
        refused = httpx.get(f"{runtime.url}/metrics").text

    assert [item.get("status", 200) for item in found] == [200] * 4 + [503] * 8
    assert 'answers_total{status="503"} 8.0' in refused


def test_a_slow_model_runs_beside_the_event_loop(tmp_path: Path) -> None:
    package = load(_slow_package(tmp_path / "package"))
    content = body([0.5] * 400, 400)

    with running(package, tmp_path / "journal") as runtime, ThreadPoolExecutor(8) as threads:
        url = f"{runtime.url}/v2/models/sample/infer"
        calls = [threads.submit(httpx.post, url, content=content, timeout=60) for _ in range(16)]
        live = [httpx.get(f"{runtime.url}/v2/health/live").status_code for _ in range(20)]
        codes = [call.result().status_code for call in calls]

    assert package.engine.batch_seconds > 0.001
    assert set(live) == {200}
    assert codes == [200] * 16


def test_a_lone_row_that_is_fast_needs_no_thread(tmp_path: Path) -> None:
    # Some 50 us a row, some 50 ms a batch: far from the limit of 1 ms on both sides.
    package = load(_slow_package(tmp_path / "package", products=3, rows=4096))

    with running(package, tmp_path / "journal") as runtime:
        url = f"{runtime.url}/v2/models/sample/infer"
        lone = httpx.post(url, content=body([0.5] * 400, 400), timeout=60)
        after_lone = _model_threads()
        batch = httpx.post(url, content=body([0.5] * 800, 400), timeout=60)
        after_batch = _model_threads()

    assert package.engine.batch_seconds > 0.001
    assert (lone.status_code, batch.status_code) == (200, 200)
    assert (after_lone, after_batch) == (0, 1)


def _model_threads() -> int:
    return sum(thread.name.startswith("model") for thread in threading.enumerate())


def _lookup_package(folder: Path) -> Path:
    """A table of three entries: an index beyond it is refused by the model itself."""
    declared = manifest(
        inputs=[{"name": "x", "datatype": "INT64"}], outputs=[{"name": "y", "datatype": "FP32"}]
    )
    table = helper.make_tensor("table", TensorProto.FLOAT, [3], [10.0, 20.0, 30.0])
    graph = helper.make_graph(
        [helper.make_node("Gather", ["table", "x"], ["y"])],
        "lookup",
        [helper.make_tensor_value_info("x", TensorProto.INT64, [None])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None])],
        [table],
    )
    opset = [helper.make_opsetid("", 17)]
    return write_package(
        folder, declared, helper.make_model(graph, opset_imports=opset, ir_version=8)
    )


def _slow_package(folder: Path, products: int = 20, rows: int = 64) -> Path:
    """Matrix products that take some milliseconds a batch."""
    declared = manifest(
        max_batch_size=rows,
        inputs=[{"name": "x", "datatype": "FP32", "shape": [400]}],
        outputs=[{"name": "y", "datatype": "FP32", "shape": [400]}],
    )
    weights = np.full((400, 400), 0.0025, dtype=np.float32)
    names = ["x", *(f"h{number}" for number in range(products - 1)), "y"]
    graph = helper.make_graph(
        [helper.make_node("MatMul", [given, "w"], [result]) for given, result in pairwise(names)],
        "slow",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 400])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 400])],
        [helper.make_tensor("w", TensorProto.FLOAT, [400, 400], weights.tobytes(), raw=True)],
    )
    opset = [helper.make_opsetid("", 17)]
    return write_package(
        folder, declared, helper.make_model(graph, opset_imports=opset, ir_version=8)
    )
