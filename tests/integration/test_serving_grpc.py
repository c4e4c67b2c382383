"""An instance that answers gRPC as well, as it is started: a socket of its own beside the HTTP one."""

import os
import re
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from capability_sdk.serving.grpc import open_inference_pb2 as pb
from tests.integration.serving_process import ROOT, Instance, running_instance, scaling_package
from tests.unit.capability_sdk.serving.packages import write_slow_package
from tests.waiting import eventually

_GONE = 12
_INFER = "/inference.GRPCInferenceService/ModelInfer"


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Instance]:
    package = scaling_package(tmp_path / "package", "1.2.3", 3.0)
    folder = tmp_path / "instance"
    with running_instance(package, folder, "--grpc", str(folder / "grpc.sock")) as running:
        yield running


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Instance]:
    """An instance that takes about half a second for each call, one at a time."""
    package = write_slow_package(tmp_path / "package")
    folder = tmp_path / "instance"
    with running_instance(package, folder, "--grpc", str(folder / "grpc.sock")) as running:
        yield running


def channel(instance: Instance) -> Any:  # noqa: ANN401 - grpcio ships no types
    return grpc.insecure_channel(f"unix:{instance.folder / 'grpc.sock'}")


def infer(opened: Any, request: pb.ModelInferRequest) -> Any:  # noqa: ANN401 - see above
    method = opened.unary_unary(
        _INFER,
        request_serializer=lambda message: message.SerializeToString(),
        response_deserializer=pb.ModelInferResponse.FromString,
    )
    return method.future(request, timeout=60)


def request(*values: float, model: str = "scaling") -> pb.ModelInferRequest:
    made = pb.ModelInferRequest(model_name=model)
    item = made.inputs.add(name="x", datatype="FP32", shape=[1, len(values)])
    item.contents.fp32_contents.extend(values)
    return made


def metric(instance: Instance, name: str) -> float:
    found = re.search(
        rf"^{re.escape(name)} (\S+)$", instance.data.get("/metrics").text, re.MULTILINE
    )
    return float(found[1]) if found else 0.0


def await_accepted(instance: Instance, calls: int) -> None:
    """Wait until calls have reached the instance: a client's future runs before it is connected."""
    eventually(lambda: metric(instance, "jiuzhou_runtime_accepted_total") == calls)


def test_it_answers_on_a_socket_of_its_owner_and_counts_its_answers(instance: Instance) -> None:
    mode = (instance.folder / "grpc.sock").stat().st_mode
    assert stat.S_ISSOCK(mode)
    assert stat.S_IMODE(mode) == 0o600

    with channel(instance) as opened:
        answer = infer(opened, request(2.0)).result()
        wrong = infer(opened, request(2.0, 3.0))
        assert wrong.code() == grpc.StatusCode.INVALID_ARGUMENT

    assert list(answer.outputs[0].contents.fp32_contents) == [6.0]
    assert metric(instance, 'jiuzhou_runtime_answers_total{status="200"}') == 1
    assert metric(instance, 'jiuzhou_runtime_answers_total{status="400"}') == 1


def test_swapped_weights_answer_over_grpc_as_well(instance: Instance, tmp_path: Path) -> None:
    with channel(instance) as opened:
        _, before = infer(opened, request(2.0)), instance.index()
        instance.load(scaling_package(tmp_path / "next", "1.2.4", 5.0), "1.2.4").raise_for_status()
        call = infer(opened, request(2.0))

        assert list(call.result().outputs[0].contents.fp32_contents) == [10.0]
        assert dict(call.trailing_metadata())["x-capability-version"] == "1.2.4"
    assert before != instance.index()


def test_H10_a_message_over_the_limit_is_not_read(instance: Instance) -> None:
    with channel(instance) as opened:
        call = infer(opened, request(*[0.5] * 3_000_000))

        assert call.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
        assert infer(opened, request(2.0)).result().outputs


def test_what_is_no_message_is_refused_and_the_instance_goes_on(instance: Instance) -> None:
    with channel(instance) as opened:
        for message in (b"\xff" * 50, b"\x2a\x00" * 100_000):
            with pytest.raises(grpc.RpcError) as caught:
                opened.unary_unary(_INFER)(message, timeout=30)
            assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
        with socket.socket(socket.AF_UNIX) as stranger:
            stranger.connect(str(instance.folder / "grpc.sock"))
            stranger.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert infer(opened, request(2.0)).result().outputs


def test_a_cancelled_call_leaves_the_queue_before_it_is_computed(slow: Instance) -> None:
    content = request(*[0.5] * 400, model="sample")
    with channel(slow) as opened:
        patient = infer(opened, content)
        calls = [infer(opened, content) for _ in range(_GONE)]
        await_accepted(slow, 1 + _GONE)
        for call in calls:
            call.cancel()
        assert patient.result().outputs

        eventually(lambda: metric(slow, "jiuzhou_runtime_waiting") == 0)
        withdrawn = metric(slow, "jiuzhou_runtime_withdrawn_total")

    assert withdrawn > 0
    assert metric(slow, "jiuzhou_runtime_batch_rows_sum") < _GONE


def test_more_calls_than_may_wait_are_told_to_come_back(tmp_path: Path) -> None:
    folder = tmp_path / "instance"
    options = ["--grpc", str(folder / "grpc.sock"), "--max-waiting", "2"]
    content = request(*[0.5] * 400, model="sample")
    with (
        running_instance(write_slow_package(tmp_path / "package"), folder, *options) as busy,
        channel(busy) as opened,
    ):
        calls = [infer(opened, content) for _ in range(10)]
        refused = [call for call in calls if call.code() == grpc.StatusCode.UNAVAILABLE]
        answered = [call for call in calls if call.code() == grpc.StatusCode.OK]

        assert refused
        assert answered
        assert len(refused) + len(answered) == len(calls)
        assert refused[0].details() == "2 requests wait already; try again."
        assert dict(refused[0].trailing_metadata())["retry-after"] == "1"


def test_calls_in_flight_are_answered_when_it_is_told_to_stop(slow: Instance) -> None:
    with channel(slow) as opened:
        calls = [infer(opened, request(*[0.5] * 400, model="sample")) for _ in range(2)]
        await_accepted(slow, len(calls))
        slow.process.send_signal(signal.SIGTERM)

        assert all(call.result().outputs for call in calls)
    assert slow.process.wait(60) == 0
    assert not (slow.folder / "grpc.sock").exists()


def test_an_instance_without_grpc_does_not_load_it() -> None:
    program = (
        "import sys, capability_sdk.serving.__main__;"
        "print([n for n in ('grpc', 'google.protobuf') if n in sys.modules])"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, check=True, capture_output=True, text=True
    )

    assert done.stdout.strip() == "[]"
