"""What a caller does wrong is told in a clear answer of the 4xx family, and nothing breaks."""

import json
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.capability_sdk.serving.harness import Running

GOOD: dict[str, Any] = {"name": "x", "datatype": "FP32", "shape": [1, 2], "data": [1.0, 2.0]}


def with_input(**changes: object) -> dict[str, Any]:
    return {"inputs": [{**GOOD, **changes}]}


def without(member: str) -> dict[str, Any]:
    return {"inputs": [{name: value for name, value in GOOD.items() if name != member}]}


def post(runtime: Running, body: object, **headers: str) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.post(f"{runtime.url}/v2/models/sample/infer", content=content, headers=names)


def assert_refused(answer: httpx.Response, words: str) -> None:
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["error"] == problem["detail"]
    assert problem["type"].startswith("/problems/")
    assert words in problem["detail"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (with_input(name="y"), "There is no input 'y'; the capability takes x"),
        (with_input(name=7), "There is no input 7"),
        (without("name"), "There is no input None"),
        (with_input(datatype="INT64"), "Input x: expected datatype FP32, got 'INT64'"),
        (with_input(datatype=["FP32"]), "expected datatype FP32"),
        (without("datatype"), "expected datatype FP32, got None"),
        (with_input(shape=[1, 3]), "Input x: expected shape [-1, 2], got [1, 3]"),
        (with_input(shape=[2]), "expected shape [-1, 2], got [2]"),
        (with_input(shape=[1, 2.0]), "expected shape [-1, 2]"),
        (with_input(shape=[True, 2]), "expected shape [-1, 2]"),
        (with_input(shape="1,2"), "expected shape [-1, 2]"),
        (without("shape"), "expected shape [-1, 2], got None"),
        (with_input(shape=[0, 2], data=[]), "expected 1 to 8 rows, got 0"),
        (with_input(shape=[-1, 2]), "expected 1 to 8 rows, got -1"),
        (with_input(shape=[9, 2], data=[0] * 18), "expected 1 to 8 rows, got 9"),
        (with_input(shape=[2**62, 2]), "expected 1 to 8 rows"),
        (with_input(shape=[2, 2]), "Input x: shape [2, 2] needs 4 values, got 2"),
        (with_input(data=[1, 2, 3]), "needs 2 values, got 3"),
        (with_input(data=[]), "needs 2 values, got 0"),
        (with_input(data=None), "expected data, a list of values"),
        (with_input(data="12"), "expected data, a list of values"),
        (with_input(data={"0": 1, "1": 2}), "expected data, a list of values"),
        (with_input(data=[1, None]), "FP32 does not take a missing value"),
        (with_input(data=[1, "2"]), "FP32 does not take the value '2'"),
        (with_input(data=[1, True]), "FP32 does not take the value True"),
        (with_input(data=[1, [2]]), "FP32 does not take the value [2]"),
        (with_input(data=[[1, 2, 3]]), "nesting of the data is not that of shape [1, 2]"),
        (with_input(data=[[1], [2]]), "nesting of the data is not that of shape [1, 2]"),
        (with_input(data=[[1, [2]]]), "FP32 does not take the value [2]"),
        (with_input(data=[[[1, 2]]]), "nesting of the data is not that of shape [1, 2]"),
        (with_input(data=[1, 1e39]), "Input x: a value is out of the range of FP32"),
        (with_input(data=[1, 10**30 * 10**30]), "out of the range of FP32"),
        ({"inputs": [GOOD, GOOD]}, "Input x is given twice"),
        ({"inputs": []}, "inputs is a list of one or more tensors"),
        ({"inputs": {"x": GOOD}}, "inputs is a list of one or more tensors"),
        ({"inputs": [[1, 2]]}, "An input is a JSON object"),
        ({}, "inputs is a list of one or more tensors"),
        ([], "not a JSON object"),
        ({**with_input(), "outputs": [{"name": "z"}]}, "There is no output 'z'"),
        ({**with_input(), "outputs": [{}]}, "There is no output None"),
        ({**with_input(), "outputs": ["y"]}, "outputs is a list of JSON objects"),
        ({**with_input(), "outputs": "y"}, "outputs is a list of JSON objects"),
        ({**with_input(), "outputs": [{"name": "y"}] * 2}, "names an output twice"),
        ({**with_input(), "id": 7}, "id is a string"),
        ({**with_input(), "id": "i" * 501}, "id is a string"),
        ({**with_input(), "parameters": []}, "parameters is a JSON object"),
        (
            {**with_input(), "parameters": {"binary_data_output": 1}},
            "binary_data_output is true or false",
        ),
        (with_input(parameters={"shared_memory_region": "a"}), "shared memory is not offered"),
        (with_input(parameters={"binary_data_size": 8}), "0 bytes are left in the body"),
        (with_input(parameters=3), "Input x: parameters is a JSON object"),
        (
            {
                **with_input(),
                "outputs": [{"name": "y", "parameters": {"classification": 2}}],
            },
            "classification extension is not offered",
        ),
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b'{"inputs": [NaN]}', "not JSON"),
        (b'{"inputs": [1e999]}', "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 4_000, "not JSON"),
        (b"[" * 100_000, "too many short texts, lists and objects"),
        (b'{"a":' * 40_000, "too many short texts, lists and objects"),
        (b'["[[[[]", ' + b'{"\\\\":0},' * 40_000, "too many short texts, lists and objects"),
    ],
)
def test_H10_a_wrong_request_is_refused_in_words(pair: Running, body: object, words: str) -> None:
    assert_refused(post(pair, body), words)


@pytest.mark.parametrize("length", ["-1", "abc", "", "1e2", "99999999", "9" * 20, "+5", "7;7"])
def test_H10_a_wrong_length_of_the_json_part_is_refused(pair: Running, length: str) -> None:
    answer = post(pair, with_input(), Inference_Header_Content_Length=length)

    assert 400 <= answer.status_code < 500
    assert "error" in answer.json()


@pytest.mark.parametrize(
    ("size", "blob", "words"),
    [
        (8, b"\0" * 9, "1 bytes follow the tensors"),
        (7, b"\0" * 8, "Input x: shape [1, 2] needs 8 bytes, got 7"),
        (9, b"\0" * 8, "8 bytes are left in the body"),
        (-1, b"\0" * 8, "binary_data_size is the tensor's size"),
        (True, b"\0" * 8, "binary_data_size is the tensor's size"),
        ("8", b"\0" * 8, "binary_data_size is the tensor's size"),
    ],
)
def test_H10_binary_data_that_does_not_add_up_is_refused(
    pair: Running, size: object, blob: bytes, words: str
) -> None:
    item = {"name": "x", "datatype": "FP32", "shape": [1, 2]}
    item["parameters"] = {"binary_data_size": size}  # type: ignore[assignment]  # JSON
    head = json.dumps({"inputs": [item]}).encode()

    answer = post(pair, head + blob, Inference_Header_Content_Length=str(len(head)))

    assert_refused(answer, words)


def test_data_and_binary_data_together_are_refused(pair: Running) -> None:
    head = json.dumps(with_input(parameters={"binary_data_size": 8})).encode()

    answer = post(pair, head + b"\0" * 8, Inference_Header_Content_Length=str(len(head)))

    assert_refused(answer, "Input x has both data and binary data")


@pytest.mark.parametrize(
    ("datatype", "value", "words"),
    [
        ("UINT8", 256, "out of the range of UINT8"),
        ("UINT8", -1, "out of the range of UINT8"),
        ("INT64", 2**63, "out of the range of INT64"),
        ("INT32", 1.0, "INT32 does not take the value 1.0"),
        ("INT32", True, "INT32 does not take the value True"),
        ("UINT64", 2**64, "UINT64 does not take the value"),
        ("FP16", 65520, "out of the range of FP16"),
        ("BOOL", 1, "BOOL does not take the value 1"),
        ("BYTES", 1, "BYTES does not take the value 1"),
        ("BYTES", None, "BYTES does not take a missing value"),
    ],
)
def test_H10_a_value_outside_its_datatype_is_refused(
    echo: httpx.Client, datatype: str, value: object, words: str
) -> None:
    item = {"name": datatype, "datatype": datatype, "shape": [1, 2], "data": [value, value]}

    assert_refused(echo.post("/infer", json={"inputs": [item]}), words)


@pytest.mark.parametrize(
    ("datatype", "blob", "words"),
    [
        ("BOOL", b"\x02\x00", "a BOOL is a byte of 0 or 1"),
        ("BYTES", b"\x05\0\0\0abc", "a BYTES element is longer than the data"),
        ("BYTES", b"\x01\0", "a BYTES element is longer than the data"),
        ("BYTES", b"\x01\0\0\0\xff\0\0\0\0", "a BYTES element is not UTF-8"),
        ("BYTES", b"\0\0\0\0", "needs 2 values, got 1"),
        ("BYTES", b"\xff\xff\xff\xff", "a BYTES element is longer than the data"),
    ],
)
def test_H10_binary_elements_that_are_none_are_refused(
    echo: httpx.Client, datatype: str, blob: bytes, words: str
) -> None:
    item = {"name": datatype, "datatype": datatype, "shape": [1, 2]}
    item["parameters"] = {"binary_data_size": len(blob)}  # type: ignore[assignment]  # JSON
    head = json.dumps({"inputs": [item]}).encode()

    answer = echo.post(
        "/infer",
        content=head + blob,
        headers={"Inference-Header-Content-Length": str(len(head))},
    )

    assert_refused(answer, words)


def test_a_missing_input_is_named(echo: httpx.Client) -> None:
    item = {"name": "INT8", "datatype": "INT8", "shape": [1, 2], "data": [1, 2]}

    assert_refused(echo.post("/infer", json={"inputs": [item]}), "Input BOOL is missing")


def test_inputs_of_different_rows_are_refused(echo: httpx.Client) -> None:
    first = {"name": "INT8", "datatype": "INT8", "shape": [1, 2], "data": [1, 2]}
    second = {"name": "BOOL", "datatype": "BOOL", "shape": [2, 2], "data": [True] * 4}

    answer = echo.post("/infer", json={"inputs": [first, second]})

    assert_refused(answer, "Input BOOL has 2 rows, the inputs before it 1")


_MANY = settings(
    max_examples=300,
    deadline=None,  # a loaded machine is no failure
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
_members = st.sampled_from(["name", "shape", "datatype", "parameters", "data"])


@_MANY
@given(
    changes=st.dictionaries(_members, _json),
    others=st.dictionaries(st.sampled_from(["id", "parameters", "outputs", "inputs"]), _json),
)
def test_H10_no_json_brings_the_runtime_down(
    pair: Running, changes: dict[str, object], others: dict[str, object]
) -> None:
    body = json.dumps({**with_input(**changes), **others}).encode()

    answer = post(pair, body)

    assert answer.status_code < 500, answer.text
    if answer.status_code != 200:
        assert answer.json()["error"]


@_MANY
@given(body=st.binary(max_size=400), length=st.none() | st.integers(-5, 500).map(str))
def test_H10_no_bytes_bring_the_runtime_down(
    pair: Running, body: bytes, length: str | None
) -> None:
    headers = {} if length is None else {"Inference_Header_Content_Length": length}

    assert 400 <= post(pair, body, **headers).status_code < 500
