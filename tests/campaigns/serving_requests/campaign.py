"""Generated requests to an instance, over REST and gRPC: nothing breaks it, and the right are answered."""

import json
import re
import socket
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import grpc

from capability_sdk.serving.grpc import open_inference_pb2 as pb
from tests.campaigns.harness import ROOT, Campaign, PlantedBug, Run, Void
from tests.campaigns.hostile_tokens.wire import Answer, Wire
from tests.campaigns.serving_requests import floods
from tests.campaigns.serving_requests.generation import Generator, Rest
from tests.campaigns.serving_requests.memory import Memory
from tests.campaigns.serving_requests.messages import (
    Sent,
    expected_of,
    message_of,
    values_of,
)
from tests.conformance import models
from tests.servers.process import running

_BLOCK = 100
_GRPC_SHARE = 0.12
_MAX_VIOLATIONS = 40
_METHOD = "/inference.GRPCInferenceService/ModelInfer"
_REFUSALS = {grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND,
             grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.UNAVAILABLE}  # fmt: skip
_LARGEST_BODY = 16 << 20
_MEMORY_FACTOR = 10
_MEMORY_SLACK = 24 << 20
"""Two bodies of the largest limit that an allocator may not have given back yet."""


@dataclass(frozen=True)
class _World:
    socket: Path
    grpc: Path
    log: Path
    pid: int


@contextmanager
def _running(folder: Path, sockets: Path) -> Iterator[_World]:
    models.write_packages(folder / "packages")
    log, grpc_socket, http = folder / "log", sockets / "grpc.sock", sockets / "http.sock"
    command = [
        *(sys.executable, "-m", "tests.conformance.instance", "--listen", str(http)),
        *("--packages", str(folder / "packages"), "--journal", str(folder / "journal")),
        *("--grpc", str(grpc_socket)),
    ]
    environment = {"PYTHONPATH": str(ROOT)}
    with running(command, log=log, is_ready=grpc_socket.exists, environment=environment) as process:
        yield _World(http, grpc_socket, log, process.pid)


class _Attack:
    def __init__(self, run: Run, world: _World, wire: Wire, channel: Any) -> None:  # noqa: ANN401 - grpcio ships no types
        self._run = run
        self._world = world
        self._wire = wire
        self._infer = channel.unary_unary(_METHOD)
        self._generator = Generator(run.random)
        self._counts: Counter[str] = Counter()
        self._bodies = floods.bodies(run.random)
        self._messages = floods.messages(run.random)
        self._memory = Memory(world.pid)
        self._worst = 0.0
        self._most_kept = 0

    def play(self) -> None:
        began = time.monotonic()
        for _ in range(self._run.size // _BLOCK):
            self._block()
            if len(self._run.findings.violations) >= _MAX_VIOLATIONS:
                break
        self._run.report(
            answers=dict(sorted(self._counts.items())), requests=self._counts.total(),
            worst_memory_factor=round(self._worst, 1), most_kept_mb=self._most_kept >> 20, seconds=round(time.monotonic() - began, 1),
        )  # fmt: skip
        right = self._counts["rest 200"] + self._counts["grpc OK"]
        if right < self._run.size / 10 and not self._run.findings.violations:
            raise Void(f"only {right} of {self._run.size} requests were answered")

    def _block(self) -> None:
        count = round(_BLOCK * _GRPC_SHARE)
        self._flood(*next(self._bodies), self._rest_flood)
        self._flood(*next(self._messages), self._grpc_flood)
        made = [self._generator.rest() for _ in range(_BLOCK - count - 2)]
        framed = [request for request in made if request.is_framed]
        answers = self._wire.ask([request.wire for request in framed])
        for request, answer in zip(framed, answers, strict=True):
            self._check_rest(request, answer)
        for request in made:
            if not request.is_framed:
                self._break_off(request)
        for _ in range(count):
            self._over_grpc(message_of(self._generator, self._run.random))

    # --- REST -----------------------------------------------------------------------------------

    def _check_rest(self, request: Rest, answer: Answer | None) -> None:
        if answer is None:
            self._fail("rest", request.wire, "was not answered")
            return
        self._counts[f"rest {answer.status}"] += 1
        if answer.status >= 500 and answer.status != 503:
            self._fail("rest", request.wire, f"was answered {answer.cause}: {answer.body[:300]!r}")
        elif request.right is not None and answer.status != 503:
            self._check_right(request, answer)
        elif request.must_fail and answer.status < 400:
            self._fail("rest", request.wire, f"is wrong, and was answered {answer.body[:300]!r}")
        if answer.status >= 400 and not request.wire.startswith(b"HEAD ") and not _says_why(answer):
            self._fail("rest", request.wire, f"was refused without a word: {answer.body[:300]!r}")

    def _check_right(self, request: Rest, answer: Answer) -> None:
        right = request.right
        assert right is not None
        expected = {f"o_{name}": values for name, values in right.values.items()}
        try:
            found = {item["name"]: item["data"] for item in json.loads(answer.body)["outputs"]}
        except (ValueError, KeyError, TypeError):
            found = None
        if found != expected:
            self._fail("rest", request.wire, f"is right, and was answered {answer.body[:300]!r}")

    def _break_off(self, request: Rest) -> None:
        """Send what breaks HTTP on a connection of its own, end it, and read what comes."""
        came = _exchange(self._world.socket, request.wire)
        self._counts["rest broken off"] += 1
        for status in re.findall(rb"^HTTP/1\.1 (\d{3}) ", came, re.MULTILINE):
            if status >= b"500" and status != b"503":
                self._fail("rest", request.wire, f"was answered {came[:300]!r}")

    # --- gRPC -----------------------------------------------------------------------------------

    def _over_grpc(self, sent: Sent) -> None:
        try:
            answer = pb.ModelInferResponse.FromString(self._infer(sent.data, timeout=60))
        except grpc.RpcError as error:
            self._counts[f"grpc {error.code().name}"] += 1
            if error.code() not in _REFUSALS:
                self._fail("grpc", sent.data, f"was answered {error.code()} {error.details()!r}")
            elif sent.right is not None and error.code() != grpc.StatusCode.UNAVAILABLE:
                self._fail("grpc", sent.data, f"is right, and was refused: {error.details()!r}")
            return
        self._counts["grpc OK"] += 1
        if sent.must_fail:
            self._fail("grpc", sent.data, "is wrong, and was answered")
        if sent.right is not None:
            is_raw = bool(answer.raw_output_contents)
            if values_of(answer) != expected_of(sent.right, is_raw=is_raw):
                self._fail("grpc", sent.data, "is right, and got something else")

    # --- memory ---------------------------------------------------------------------------------

    def _flood(self, name: str, wire: bytes, send: Callable[[bytes], None]) -> None:
        """Send one large request alone, and see how far memory rises."""
        rise, kept = self._memory.rise(lambda: send(wire))
        self._worst = max(self._worst, (rise - _MEMORY_SLACK) / len(wire))
        self._most_kept = max(self._most_kept, kept)
        if rise > _MEMORY_FACTOR * len(wire) + _MEMORY_SLACK:
            self._fail("flood", wire, f"({name}) took {rise >> 20} MB")
        if kept > _MEMORY_FACTOR * _LARGEST_BODY:
            self._fail(
                "flood", wire, f"({name}) left {kept >> 20} MB more than there were at first"
            )

    def _rest_flood(self, wire: bytes) -> None:
        came = _exchange(self._world.socket, wire)
        status = came[9:12].decode("latin-1")
        self._counts[f"flood {status}"] += 1
        if status not in {"200", "400", "413", "503"}:
            self._fail("flood", wire, f"was answered {came[:300]!r}")

    def _grpc_flood(self, data: bytes) -> None:
        try:
            self._infer(data, timeout=60)
            self._counts["flood OK"] += 1
        except grpc.RpcError as error:
            self._counts[f"flood {error.code().name}"] += 1
            if error.code() not in _REFUSALS:
                self._fail("flood", data, f"was answered {error.code()} {error.details()!r}")

    def _fail(self, face: str, wire: bytes, what: str) -> None:
        self._run.note("request", face=face, wire=repr(wire[:2000]))
        self._run.expect(holds=False, otherwise=f"a {face} request {what}")


def _says_why(answer: Answer) -> bool:
    try:
        return isinstance(json.loads(answer.body)["error"], str)
    except (ValueError, KeyError, TypeError):
        return False


def _exchange(path: Path, wire: bytes) -> bytes:
    """Send all, say that no more will come, and read to the end; the peer may close before."""
    came = b""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(60)
        connection.connect(str(path))
        try:
            connection.sendall(wire)
            connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # refused half-way; the answer is there all the same
        try:
            while part := connection.recv(1 << 16):
                came += part
        except ConnectionResetError:
            pass
    return came


def _play(run: Run) -> None:
    # The folder of a run may be too deep for the path of a Unix socket.
    folder = run.folder / "world"
    with TemporaryDirectory(prefix="jz-") as short, _running(folder, Path(short)) as world:
        options = [("grpc.max_receive_message_length", -1)]
        with (
            Wire(world.socket) as wire,
            grpc.insecure_channel(f"unix:{world.grpc}", options=options) as channel,
        ):
            _Attack(run, world, wire, channel).play()
        run.expect("Traceback" not in world.log.read_text(), f"{world.log.name} has a traceback")


CAMPAIGN = Campaign(
    name="serving-requests",
    unit="requests",
    small=1_000,
    large=200_000,
    planted=(
        PlantedBug(
            "a-body-of-many-values",
            "capability_sdk/serving/requests.py",
            "if is_json_too_heavy(text):",
            "if not text:",
        ),
        PlantedBug(
            "json-that-is-none-breaks-it",
            "capability_sdk/serving/requests.py",
            "except orjson.JSONDecodeError as error:",
            "except KeyError as error:",
        ),
        PlantedBug(
            "a-text-longer-than-the-data",
            "capability_sdk/serving/tensors.py",
            "if start > len(data) or position > len(data):",
            "if start > len(data):",
        ),
        PlantedBug(
            "rows-of-another",
            "capability_sdk/serving/batching.py",
            "start = rows.stop",
            "start = 0",
        ),
        PlantedBug(
            "a-message-that-is-none-breaks-it",
            "capability_sdk/serving/grpc/service.py",
            "except DecodeError:",
            "except KeyError:",
        ),
        PlantedBug(
            "bytes-that-belong-to-nothing",
            "capability_sdk/serving/requests.py",
            "if position != len(binary):",
            "if position > len(binary):",
        ),
    ),
    play=_play,
)
