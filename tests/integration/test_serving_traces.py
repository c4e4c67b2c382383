"""Traces of an instance: off unless asked for, and then a span for each infer call."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import grpc
import psutil

from capability_sdk.packaging.digests import digests_of
from capability_sdk.serving.grpc import open_inference_pb2 as pb
from tests.integration.serving_process import ROOT, Instance, running_instance, scaling_package
from tests.servers.otlp import attributes, running_collector

_TRACE, _PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
_SAMPLED, _NOT_SAMPLED = (f"00-{_TRACE}-{_PARENT}-{flag}" for flag in ("01", "00"))


def infer(instance: Instance, traceparent: str | None, *, columns: int = 1) -> int:
    item = {"name": "x", "datatype": "FP32", "shape": [1, columns], "data": [2.0] * columns}
    headers = {"x-request-id": f"r-{columns}"} | (
        {"traceparent": traceparent} if traceparent else {}
    )
    body = {"inputs": [item]}
    return instance.data.post("/v2/models/scaling/infer", json=body, headers=headers).status_code


def infer_over_grpc(instance: Instance, traceparent: str) -> None:
    request = pb.ModelInferRequest(model_name="scaling")
    item = request.inputs.add(name="x", datatype="FP32", shape=[1, 1])
    item.contents.fp32_contents.append(2.0)
    with grpc.insecure_channel(f"unix:{instance.folder / 'grpc.sock'}") as channel:
        method = channel.unary_unary("/inference.GRPCInferenceService/ModelInfer")
        metadata = [("traceparent", traceparent), ("x-request-id", "over-grpc")]
        method(request.SerializeToString(), timeout=30, metadata=metadata)


def stop(instance: Instance) -> None:
    """Have it send what is left."""
    instance.process.send_signal(signal.SIGTERM)
    assert instance.process.wait(60) == 0


def test_each_call_is_a_span_of_its_callers_trace(tmp_path: Path) -> None:
    package = scaling_package(tmp_path / "package", "1.2.3", 3.0)
    folder = tmp_path / "instance"
    with running_collector() as collector:
        options = ["--otlp-endpoint", collector.endpoint, "--grpc", str(folder / "grpc.sock")]
        with running_instance(package, folder, *options) as instance:
            assert infer(instance, _SAMPLED) == 200
            assert infer(instance, None, columns=7) == 400
            assert infer(instance, _NOT_SAMPLED) == 200
            infer_over_grpc(instance, _SAMPLED)
            stop(instance)

    assert collector.services == {"i-1"}
    found = {attributes(span)["jiuzhou.request_id"]: span for span in collector.spans}
    assert found.keys() == {"r-1", "r-7", "over-grpc"}
    assert len(collector.spans) == 3
    for name in ("r-1", "over-grpc"):
        assert found[name].trace_id.hex() == _TRACE
        assert found[name].parent_span_id.hex() == _PARENT
    assert not found["r-7"].parent_span_id
    assert attributes(found["r-7"])["http.response.status_code"] == 400
    assert attributes(found["r-1"]) == {
        "jiuzhou.capability": "scaling",
        "jiuzhou.version": "1.2.3",
        "jiuzhou.weights_digest": digests_of(package).weights,
        "jiuzhou.request_id": "r-1",
        "http.response.status_code": 200,
    }
    assert found["r-1"].end_time_unix_nano > found["r-1"].start_time_unix_nano


def test_a_share_of_the_calls_without_a_trace_may_be_traced(tmp_path: Path) -> None:
    package = scaling_package(tmp_path / "package", "1.2.3", 3.0)
    with running_collector() as collector:
        options = ["--otlp-endpoint", collector.endpoint, "--trace-ratio", "0"]
        with running_instance(package, tmp_path / "instance", *options) as instance:
            infer(instance, None)
            infer(instance, _SAMPLED)
            stop(instance)

    assert [span.trace_id.hex() for span in collector.spans] == [_TRACE]


def test_calls_are_answered_while_the_collector_is_away(tmp_path: Path) -> None:
    package = scaling_package(tmp_path / "package", "1.2.3", 3.0)
    with running_collector() as collector:
        endpoint = collector.endpoint
    options = ["--otlp-endpoint", endpoint]
    with running_instance(package, tmp_path / "instance", *options) as instance:
        assert [infer(instance, None) for _ in range(20)] == [200] * 20


def test_without_a_collector_an_instance_speaks_to_nobody(tmp_path: Path) -> None:
    package = scaling_package(tmp_path / "package", "1.2.3", 3.0)
    with running_instance(package, tmp_path / "instance") as instance:
        assert infer(instance, _SAMPLED) == 200

        assert psutil.Process(instance.process.pid).net_connections("inet") == []


def test_an_instance_that_traces_nothing_does_not_load_the_library() -> None:
    program = (
        "import sys, capability_sdk.serving.__main__;"
        "print([n for n in ('opentelemetry', 'requests', 'urllib3') if n in sys.modules])"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, check=True, capture_output=True, text=True
    )

    assert done.stdout.strip() == "[]"
