"""Bodies that are meant to burst what reads them (H10): gateway and a real instance behind it."""

import gzip
import json
import math
import struct
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.gateway_province import INFER, bearer
from tests.gateway_serving import ServedWorld, running_served_world

_JSON = {"content-type": "application/json"}
_SLACK_BYTES = 24 << 20
"""What an allocator may keep beside the ten bodies that a request may cost: an arena or two."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedWorld]:
    with running_served_world(tmp_path_factory.mktemp("bombs")) as world:
        yield world


def tensors(x: object = None, n: object = None, **changes: object) -> bytes:
    """Write a good request, with changes to its first input."""
    first = {"name": "x", "datatype": "FP32", "shape": [1, 2], "data": x or [1, 2], **changes}
    second = {"name": "n", "datatype": "INT64", "shape": [1, 1], "data": n or [1]}
    return json.dumps({"inputs": [first, second]}).encode()


def raw(text: str) -> bytes:
    """Write a good request in which a value stands as this text."""
    return tensors(x=[-77, 2]).replace(b"-77", text.encode())


GOOD = tensors()
MANY = b'{"inputs":[' + b",".join(b'{"name":"x%d"}' % n for n in range(20_000)) + b"]}"
BOMBS: dict[str, bytes] = {
    "lists 1,000,000 deep": b"[" * 1_000_000,
    "lists 5,000 deep and closed": b"[" * 5000 + b"]" * 5000,
    "objects 100,000 deep": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "data nested 100,000 deep": raw("[" * 100_000 + "1" + "]" * 100_000),
    "data nested 500 deep": raw("[" * 500 + "1" + "]" * 500),
    "20,000 inputs": MANY,
    "inputs is a million numbers": b'{"inputs":[' + b"1," * 1_000_000 + b"1]}",
    "a number of 900,000 digits": raw("9" * 900_000),
    "an exponent of 400": raw("1e400"),
    "an exponent of 999,999,999": raw("1e999999999"),
    "a number past FP32": raw("1e39"),
    "NaN": raw("NaN"),
    "Infinity": raw("-Infinity"),
    "null": raw("null"),
    "a text": raw('"1"'),
    "true": raw("true"),
    "2**63 as INT64": tensors(n=[2**63]),
    "a fraction as INT64": tensors(n=[1.5]),
    "a shape whose product overflows": tensors(shape=[2**32, 2**32]),
    "a shape past 64 bits": tensors(shape=[2**64, 2]),
    "a shape of 10**30": tensors(shape=[10**30, 2]),
    "a negative shape": tensors(shape=[-1, 2]),
    "a fraction in the shape": tensors(shape=[1.0, 2]),
    "a boolean in the shape": tensors(shape=[True, 2]),
    "no dimension": tensors(shape=[]),
    "1,000,000 dimensions": tensors(shape=[1] * 300_000),
    "no rows": tensors(shape=[0, 2], data=[]),
    "no columns": tensors(shape=[1, 0], data=[]),
    "more rows than a batch": tensors(shape=[65, 2], data=[0] * 130),
    "data of another size": tensors(data=[1] * 100_000),
    "another datatype": tensors(datatype="FP64"),
    "no such datatype": tensors(datatype="FP8"),
    "texts in place of numbers": tensors(datatype="BYTES", data=["a", "b"]),
    "binary size 2**62": tensors(data=None, parameters={"binary_data_size": 2**62}),
    "binary size negative": tensors(data=None, parameters={"binary_data_size": -1}),
    "no UTF-8": GOOD.replace(b'"x"', b'"\xff"'),
    "half a surrogate": GOOD.replace(b'"x"', b'"\\ud800"'),
    "nothing": b"",
}  # fmt: skip


def ask(world: ServedWorld, body: bytes, headers: dict[str, str] | None = None) -> httpx.Response:
    headers = {**bearer(world.province.token()), **_JSON, **(headers or {})}
    return httpx.post(world.gateway.url + INFER, content=body, headers=headers, timeout=30)


def pids(world: ServedWorld) -> dict[str, int]:
    assert world.gateway.process is not None
    return {"gateway": world.gateway.process.pid, "instance": world.instance.pid}


def peaks(world: ServedWorld) -> dict[str, int]:
    """Read the most that each process held since `forget_peaks`, in bytes."""
    found = {}
    for name, pid in pids(world).items():
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        (peak,) = (line for line in lines if line.startswith("VmHWM:"))
        found[name] = int(peak.split()[1]) << 10
    return found


def forget_peaks(world: ServedWorld) -> None:
    """Let the kernel count the most that a process holds anew."""
    for pid in pids(world).values():
        Path(f"/proc/{pid}/clear_refs").write_text("5")


def refused(
    world: ServedWorld, body: bytes, headers: dict[str, str] | None = None
) -> httpx.Response:
    """Ask; expect a 4xx problem, little memory, and a gateway and an instance that go on."""
    assert ask(world, GOOD).status_code == 200
    forget_peaks(world)
    before = peaks(world)

    answer = ask(world, body, headers)

    after = peaks(world)
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    for name, peak in after.items():
        assert peak - before[name] < 10 * len(body) + _SLACK_BYTES, name
    assert ask(world, GOOD).status_code == 200
    return answer


@pytest.mark.parametrize("name", BOMBS)
def test_H10_a_bomb_is_refused_and_costs_little_memory(served: ServedWorld, name: str) -> None:
    refused(served, BOMBS[name])


def test_H10_a_body_that_would_inflate_a_thousandfold_is_not_inflated(served: ServedWorld) -> None:
    packed = gzip.compress(GOOD.replace(b"1", b" " * (64 << 20) + b"1", 1))

    for encoding in ("gzip", "deflate", "br", "gzip, gzip"):
        assert refused(served, packed, {"content-encoding": encoding}).status_code == 415


def test_H10_a_million_keys_are_refused(served: ServedWorld) -> None:
    body = b"{" + b",".join(b'"%d":0' % number for number in range(1_000_000)) + b"}"

    assert refused(served, body).status_code in (400, 413)


def test_H10_keys_that_are_no_tensors_cost_little(served: ServedWorld) -> None:
    body = b'{"parameters":{' + b",".join(b'"%d":0' % n for n in range(90_000)) + b"}}"

    assert refused(served, body).status_code == 400


def test_H10_a_body_over_the_limit_is_refused_at_its_head(served: ServedWorld) -> None:
    answer = refused(served, b"[" * (17 << 20))

    assert answer.status_code == 413


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_H10_values_that_are_no_numbers_come_back_as_such_or_not_at_all(
    served: ServedWorld, value: float
) -> None:
    """JSON has no word for them: in binary tensors they pass, as JSON answers they are null."""
    head = json.dumps(
        {
            "inputs": [
                {"name": "x", "datatype": "FP32", "shape": [1, 2],
                 "parameters": {"binary_data_size": 8}},
                {"name": "n", "datatype": "INT64", "shape": [1, 1], "data": [1]},
            ]
        }
    ).encode()  # fmt: skip

    answer = ask(
        served,
        head + struct.pack("<2f", value, 1.0),
        {"inference-header-content-length": str(len(head))},
    )

    assert answer.status_code < 500
    if answer.status_code == 200:
        (outputs,) = [item for item in answer.json()["outputs"] if item["name"] == "y"]
        assert outputs["data"] == [None, 1.0]
