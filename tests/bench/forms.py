"""Other forms of a call beside V2 JSON of one row: binary tensors, 16 rows, gRPC; ours and Triton's.

``python -m tests.bench.forms [--rounds 5] [--seconds 3] [--json FILE]``. Reported, without a bar. gRPC's
load is a Python client, which may tire before a server does: look at the CPU, not at the rate.
"""

import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import numpy as np
from tritonclient.grpc import InferInput, InferRequestedOutput, InferResult, service_pb2

from capability_sdk.contracts.inference import BINARY_HEADER
from tests.bench.anchor import Anchor, anchor, write_anchor_package
from tests.bench.grpc_load import GrpcLoad
from tests.bench.load import Call, Load
from tests.bench.ours import running_tcp_instance
from tests.bench.peers.triton import running_triton
from tests.bench.procedure import Candidate, alternate
from tests.bench.proof import prove_model
from tests.bench.report import Bar, Report, arguments_of, plan_of, publish

_PATH = "/v2/models/anchor/infer"
_ROWS = 16
_CONNECTIONS = (1, 64)
FORMS = ("binary", f"{_ROWS} rows", "grpc")
BARS = tuple(Bar(f"jiuzhou {form}", f"triton {form}", 0) for form in FORMS)


def candidates(stack: ExitStack, folder: Path, model: Anchor) -> Iterator[Candidate]:
    """Start both servers, which end with the stack, and prepare each form for each of them."""
    package = write_anchor_package(folder / "package")
    socket = folder / "grpc.sock"
    ours = stack.enter_context(running_tcp_instance(package, folder / "ours", grpc=socket))
    triton = stack.enter_context(running_triton(folder / "triton", model.onnx))
    servers = (("jiuzhou", ours, f"unix:{socket}"), ("triton", triton, triton.grpc))
    for server, running, target in servers:
        calls = (_binary(running.url, model), _rows(running.url, model))
        for form, call in zip(FORMS, calls, strict=False):
            name = f"{server} {form}"
            load = Load(folder, name.replace(" ", "-"), running.url, call)
            yield Candidate(name, (running.pid,), load)
        yield Candidate(f"{server} {FORMS[-1]}", (running.pid,), _grpc(target, model))


def _binary(url: str, model: Anchor) -> Call:
    """One row as binary tensors in both directions."""
    tensor = dict(json.loads(model.request)["inputs"][0])
    blob = np.array(tensor.pop("data"), np.float32).tobytes()
    tensor["parameters"] = {"binary_data_size": len(blob)}
    document = {"inputs": [tensor], "parameters": {"binary_data_output": True}}
    text = json.dumps(document).encode()
    headers = {BINARY_HEADER: str(len(text)), "Content-Type": "application/octet-stream"}
    answer = httpx.post(url + _PATH, content=text + blob, headers=headers).raise_for_status()
    label, score = answer.content[-16:-8], np.frombuffer(answer.content[-4:], np.float32)
    if np.frombuffer(label, np.int64) != model.label or abs(score - model.score) > 1e-5:
        raise SystemExit(f"wrong answer: {answer.content!r}")
    return Call(_PATH, text + blob, [answer.content], headers)


def _rows(url: str, model: Anchor) -> Call:
    """The row sixteen times, as V2 JSON."""
    tensor = json.loads(model.request)["inputs"][0]
    tensor |= {"shape": [_ROWS, *tensor["shape"][1:]], "data": tensor["data"] * _ROWS}
    request = json.dumps({"inputs": [tensor]})
    headers = {"content-type": "application/json"}
    answer = httpx.post(url + _PATH, content=request, headers=headers).raise_for_status().text
    outputs = {item["name"]: item["data"] for item in json.loads(answer)["outputs"]}
    if outputs["label"] != [model.label] * _ROWS:
        raise SystemExit(f"wrong answer: {answer}")
    return Call(_PATH, request, [answer], {})


def _grpc(target: str, model: Anchor) -> GrpcLoad:
    """One row as a stock client sends it."""
    tensor = json.loads(model.request)["inputs"][0]
    given = InferInput("input", tensor["shape"], "FP32")
    given.set_data_from_numpy(np.array([tensor["data"]], np.float32))
    request = service_pb2.ModelInferRequest(model_name="anchor")
    request.inputs.append(given._get_tensor())  # noqa: SLF001 - the client offers no other way
    request.raw_input_contents.append(given._get_content())  # noqa: SLF001 - see above
    for name in ("label", "probabilities"):
        request.outputs.append(InferRequestedOutput(name)._get_tensor())  # noqa: SLF001 - see above
    load = GrpcLoad(target, request.SerializeToString())
    result = InferResult(service_pb2.ModelInferResponse.FromString(load.answer))
    outputs = [
        {"name": name, "data": result.as_numpy(name).reshape(-1).tolist()}
        for name in ("label", "probabilities")
    ]
    prove_model(json.dumps({"outputs": outputs}), model)
    return load


def main() -> int:
    """Measure; return the exit code."""
    arguments = arguments_of(__doc__, connections=_CONNECTIONS)
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        started = list(candidates(stack, Path(name), anchor()))
        wanted = [c for c in started if not arguments.only or c.name in arguments.only]
        results = alternate(wanted, plan_of(arguments))
    return publish(Report("Forms of a call", results, BARS), arguments.json)


if __name__ == "__main__":
    sys.exit(main())
