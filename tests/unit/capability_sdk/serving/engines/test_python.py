"""Packages of Python code, called over HTTP: right answers, clear failures, calm neighbours."""

import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from capability_sdk.contracts.manifest import Manifest
from capability_sdk.serving.engines import load_engine
from capability_sdk.serving.errors import UnusablePackage
from tests.unit.capability_sdk.serving.engines.code import declare, needs_sandbox, write
from tests.unit.capability_sdk.serving.harness import load, running

pytestmark = needs_sandbox

DOUBLE = """
    import os, time

    class Capability:
        def infer(self, inputs, context):
            x = inputs["x"]
            if (x == 13).any():
                os._exit(3)
            if (x == 14).any():
                time.sleep(600)
            if (x == 15).any():
                time.sleep(0.5)
            return {"y": x * 2}
"""
CRASH, HANG, SLOW = 13.0, 14.0, 15.0


@contextmanager
def serving(tmp_path: Path, code: str, declared: Manifest | None = None) -> Iterator[httpx.Client]:
    folder = write(tmp_path / "package", declared or declare(), code)
    with (
        running(load(folder), tmp_path / "journal") as runtime,
        httpx.Client(base_url=f"{runtime.url}/v2/models/sample", timeout=30) as client,
    ):
        yield client


def infer(client: httpx.Client, first: float, second: float = 1.0) -> httpx.Response:
    item = {"name": "x", "datatype": "FP32", "shape": [1, 2], "data": [first, second]}
    return client.post("/infer", json={"inputs": [item]})


def doubled(answer: httpx.Response) -> Any:  # noqa: ANN401 - a JSON value
    assert answer.status_code == 200, answer.text
    return answer.json()["outputs"][0]["data"]


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix("/problems/")


def test_code_computes_numbers_and_texts_with_the_weights_of_its_package(tmp_path: Path) -> None:
    declared = declare(
        inputs=[
            {"name": "x", "datatype": "FP32", "shape": [2]},
            {"name": "words", "datatype": "BYTES", "shape": [-1]},
        ],
        outputs=[
            {"name": "total", "datatype": "INT64"},
            {"name": "texts", "datatype": "BYTES", "shape": [1]},
        ],
    )
    code = """
        import json

        class Capability:
            def load(self, context):
                self.factor = json.loads((context.model / "factor.json").read_text())["factor"]

            def infer(self, inputs, context):
                total = [int(sum(row) * self.factor) for row in inputs["x"]]
                return {"total": total, "texts": ["+".join(row) for row in inputs["words"]]}
    """
    folder = write(tmp_path / "package", declared, code)
    (folder / "model").mkdir()
    (folder / "model" / "factor.json").write_text('{"factor": 10}')
    numbers = {"name": "x", "datatype": "FP32", "shape": [2, 2], "data": [1, 2, 3, 4]}
    words = {"name": "words", "datatype": "BYTES", "shape": [2, 2], "data": ["九", "州", "", "b"]}

    with (
        running(load(folder), tmp_path / "journal") as runtime,
        httpx.Client(base_url=runtime.url) as client,
    ):
        answer = client.post("/v2/models/sample/infer", json={"inputs": [numbers, words]})

    outputs = {item["name"]: (item["shape"], item["data"]) for item in answer.json()["outputs"]}
    assert outputs == {"total": ([2], [30, 70]), "texts": ([2, 1], ["九+州", "+b"])}


def test_what_the_code_logs_comes_with_the_answer(tmp_path: Path) -> None:
    code = """
        import numpy as np

        class Capability:
            def infer(self, inputs, context):
                context.log("largest", inputs["x"].max(axis=1))
                context.log("rule", "r-7")
                return {"y": inputs["x"]}
    """
    declared = declare()
    engine = load_engine(write(tmp_path / "package", declared, code), declared, threads=1)
    try:
        engine.run({"x": np.array([[1, 5], [7, 2]], dtype=np.float32)})
        assert engine.logged == {"largest": [5.0, 7.0], "rule": "r-7"}
    finally:
        engine.close()


@pytest.mark.parametrize(
    ("body", "expected", "words"),
    [
        ("raise ValueError('no such cell')", (422, "input-refused-by-model"), "no such cell"),
        ("raise KeyError('secret')", (500, "model-failed"), "KeyError in code/capability.py, line"),
        ("return None", (500, "model-failed"), "returned a NoneType, not a dict"),
        ("return {}", (500, "model-failed"), "y is missing"),
        ("return {'y': inputs['x'], 'z': 1}", (500, "model-failed"), "z is not declared"),
        ("return {'y': inputs['x'][:, :1]}", (500, "model-failed"), r"y has shape \[1, 1\]"),
        ("return {'y': inputs['x'].tolist() * 2}", (500, "model-failed"), r"y has shape \[2, 2\]"),
        ("return {'y': [['a', 'b']]}", (500, "model-failed"), "y is <U1, declared as FP32"),
        ("context.log('a b', 1)", (500, "model-failed"), "LogRefused"),
        ("context.log('a', 'x' * 70000)", (500, "model-failed"), "LogRefused"),
    ],
)
def test_what_goes_wrong_in_code_is_named_and_ends_nothing(
    body: str, expected: tuple[int, str], words: str, tmp_path: Path
) -> None:
    code = f"""
        class Capability:
            def infer(self, inputs, context):
                if inputs["x"][0, 0] == 1:
                    {body}
                return {{"y": inputs["x"] * 2}}
    """
    with serving(tmp_path, code) as client:
        wrong, right = infer(client, 1.0), infer(client, 2.0)

    assert code_of(wrong) == expected
    assert re.search(words, wrong.json()["detail"]), wrong.text
    assert "secret" not in wrong.text
    assert doubled(right) == [4.0, 2.0]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("class Capability(", r"SyntaxError.*capability\.py"),
        ("import absent_module", r"No module named 'absent_module' \(code/capability\.py, line 1"),
        ("class Other: pass", "has no class Capability"),
        ("class Capability: pass", "has no method infer"),
        ("import os; os._exit(7)", "The worker of code/capability.py ended: exit code 7"),
        ("x = bytearray(500 << 20)", "it ran out of memory"),
    ],
)
def test_code_that_does_not_load_is_refused_with_its_reason(
    code: str, words: str, tmp_path: Path
) -> None:
    declared = declare()
    folder = write(tmp_path / "package", declared, code)

    with pytest.raises(UnusablePackage, match=words):
        load_engine(folder, declared, threads=1)


def test_E17_a_crash_hits_its_request_only_and_the_next_waits_for_a_new_worker(
    tmp_path: Path,
) -> None:
    with serving(tmp_path, DOUBLE) as client, ThreadPoolExecutor(8) as callers:
        slow = callers.submit(infer, client, SLOW)
        time.sleep(0.2)  # the others meet while the model is busy, and make one batch
        values = [1.0, 2.0, CRASH, 3.0, 4.0]
        answers = list(callers.map(lambda value: infer(client, value), values))
        assert doubled(slow.result()) == [30.0, 2.0]

    assert [code_of(a) if a.status_code != 200 else doubled(a)[0] for a in answers] == [
        2.0,
        4.0,
        (500, "model-crashed"),
        6.0,
        8.0,
    ]


def test_E17_a_hang_hits_its_request_only(tmp_path: Path) -> None:
    declared = declare(objectives={"p99_ms": 100})
    with serving(tmp_path, DOUBLE, declared) as client:
        hung, next_one = infer(client, HANG), infer(client, 2.0)

    assert code_of(hung) == (500, "model-hung")
    assert doubled(next_one) == [4.0, 2.0]


def test_E17_R4_a_poison_input_is_quarantined_after_three_crashes(tmp_path: Path) -> None:
    with serving(tmp_path, DOUBLE) as client:
        crashes = [code_of(infer(client, CRASH)) for _ in range(3)]
        refused = infer(client, CRASH)
        similar = infer(client, CRASH, 2.0)
        healthy = infer(client, 2.0)

    assert crashes == [(500, "model-crashed")] * 3
    assert code_of(refused) == (422, "input-quarantined")
    assert code_of(similar) == (500, "model-crashed")
    assert doubled(healthy) == [4.0, 2.0]


def test_E17_a_poison_input_sent_many_times_at_once_ends_few_workers(tmp_path: Path) -> None:
    with serving(tmp_path, DOUBLE) as client, ThreadPoolExecutor(8) as callers:
        slow = callers.submit(infer, client, SLOW)
        time.sleep(0.2)
        answers = list(callers.map(lambda _: code_of(infer(client, CRASH)), range(7)))
        assert slow.result().status_code == 200

    assert sorted(answers).count((500, "model-crashed")) == 3
    assert answers.count((422, "input-quarantined")) == 4


@pytest.mark.parametrize(
    "message",
    [
        "b'x' * 4096",
        "struct.pack('<IQ', 2, 1 << 40) + b'{}'",
        "struct.pack('<IQ', 1 << 31, 0)",
        "struct.pack('<IQ', 2, 0) + b'[]'",
        "frame({'is': 'answer', 'number': 99, 'tensors': []})",
        "frame({'is': 'answer', 'number': N, 'tensors': [['y', [1, 2], 8]]}, b'short')",
        "frame({'is': 'answer', 'number': N, 'tensors': [['y', [9, 2], 72]]}, bytes(80))",
        "frame({'is': 'answer', 'number': N, 'tensors': [['y', [1, -2], 8]]}, bytes(16))",
        "frame({'is': 'answer', 'number': N, 'tensors': 'y'})",
        "frame({'is': 'answer', 'number': N, 'tensors': [['y', [True, 2], 8]]}, bytes(16))",
        "b'{' * 100000",
    ],
)
def test_E17_a_worker_that_lies_on_its_channel_is_replaced(message: str, tmp_path: Path) -> None:
    code = f"""
        import json, os, struct, sys, time

        def frame(header, body=b""):
            text = json.dumps(header).encode()
            return struct.pack("<IQ", len(text), len(body)) + text + body

        class Capability:
            N = -1
            def infer(self, inputs, context):
                self.N += 1
                N = self.N
                if (inputs["x"] == 13).any():
                    os.write(int(sys.argv[1]), {message})
                    time.sleep(600)
                return {{"y": inputs["x"] * 2}}
    """
    with serving(tmp_path, code) as client:
        lied, right = infer(client, CRASH), infer(client, 2.0)

    assert code_of(lied)[1] in {"model-crashed", "model-hung"}
    assert doubled(right) == [4.0, 2.0]
