"""Answers of the Open Inference Protocol over REST, JSON and binary."""

import json
import struct
from typing import Any

import httpx
import numpy as np
import pytest

from capability_sdk.contracts.inference import Datatype, InferResponse
from tests.unit.capability_sdk.serving.harness import Running
from tests.unit.capability_sdk.serving.packages import digits as real_digits

VALUES: dict[str, list[Any]] = {
    "BOOL": [True, False],
    "UINT8": [0, 255],
    "UINT16": [0, 65535],
    "UINT32": [0, 2**32 - 1],
    "UINT64": [0, 2**64 - 1],
    "INT8": [-128, 127],
    "INT16": [-(2**15), 2**15 - 1],
    "INT32": [-(2**31), 2**31 - 1],
    "INT64": [-(2**63), 2**63 - 1],
    "FP16": [0.5, -65504],
    "FP32": [1.5, -3.25],
    "FP64": [0.1, 1e300],
    "BYTES": ["九州", ""],
}


def tensor(datatype: str, **changes: object) -> dict[str, Any]:
    members = {"name": datatype, "datatype": datatype, "shape": [1, 2], "data": VALUES[datatype]}
    return {**members, **changes}


def every_tensor() -> list[dict[str, Any]]:
    return [tensor(datatype) for datatype in VALUES]


def packed(datatype: str) -> bytes:
    if datatype == "BYTES":
        texts = [value.encode() for value in VALUES[datatype]]
        return b"".join(struct.pack("<I", len(text)) + text for text in texts)
    kinds = {"BOOL": "?", "FP16": "<f2", "FP32": "<f4", "FP64": "<f8"}
    kind = kinds.get(datatype) or f"<{datatype[0].lower()}{int(datatype.strip('UINT')) // 8}"
    return np.array(VALUES[datatype], dtype=kind).tobytes()


def test_every_datatype_comes_back_as_json_as_it_went(echo: httpx.Client) -> None:
    answer = echo.post("/infer", json={"id": "call-7", "inputs": every_tensor()})

    assert answer.status_code == 200, answer.text
    body = InferResponse.model_validate_json(answer.content)
    assert body.id == "call-7"
    assert (body.model_name, body.model_version) == ("echo", "1.2.3")
    assert {str(output.datatype): output.data for output in body.outputs} == VALUES
    assert all(output.shape == [1, 2] for output in body.outputs)


def test_every_datatype_comes_back_as_binary_as_it_went(echo: httpx.Client) -> None:
    blobs = [packed(datatype) for datatype in VALUES]
    inputs = [
        {
            "name": datatype,
            "datatype": datatype,
            "shape": [1, 2],
            "parameters": {"binary_data_size": len(blob)},
        }
        for datatype, blob in zip(VALUES, blobs, strict=True)
    ]
    head = json.dumps({"inputs": inputs, "parameters": {"binary_data_output": True}}).encode()

    answer = echo.post(
        "/infer",
        content=head + b"".join(blobs),
        headers={"Inference-Header-Content-Length": str(len(head))},
    )

    assert answer.status_code == 200, answer.text
    length = int(answer.headers["inference-header-content-length"])
    outputs = json.loads(answer.content[:length])["outputs"]
    sizes = [output["parameters"]["binary_data_size"] for output in outputs]
    assert sizes == [len(blob) for blob in blobs]
    assert answer.content[length:] == b"".join(blobs)


def test_json_and_binary_mix_in_one_request_and_one_answer(echo: httpx.Client) -> None:
    inputs = every_tensor()
    blob = packed("FP16")
    position = list(VALUES).index("FP16")
    inputs[position]["parameters"] = {"binary_data_size": len(blob)}
    del inputs[position]["data"]
    outputs = [{"name": "o_FP16", "parameters": {"binary_data": True}}, {"name": "o_INT8"}]
    head = json.dumps({"inputs": inputs, "outputs": outputs}).encode()

    answer = echo.post(
        "/infer",
        content=head + blob,
        headers={"Inference-Header-Content-Length": str(len(head))},
    )

    length = int(answer.headers["inference-header-content-length"])
    first, second = json.loads(answer.content[:length])["outputs"]
    assert (first["name"], first["parameters"]) == ("o_FP16", {"binary_data_size": 4})
    assert (second["name"], second["data"]) == ("o_INT8", VALUES["INT8"])
    assert answer.content[length:] == blob


def test_only_the_asked_outputs_are_answered_in_the_asked_order(echo: httpx.Client) -> None:
    body = {"inputs": every_tensor(), "outputs": [{"name": "o_INT8"}, {"name": "o_BOOL"}]}

    outputs = echo.post("/infer", json=body).json()["outputs"]

    assert [output["name"] for output in outputs] == ["o_INT8", "o_BOOL"]


def test_nested_data_is_taken_like_flat_data(pair: Running) -> None:
    item = {"name": "x", "datatype": "FP32", "shape": [2, 2], "data": [[1, 2.5], [3, 4]]}

    answer = httpx.post(f"{pair.url}/v2/models/sample/infer", json={"inputs": [item]})

    assert answer.json()["outputs"][0]["data"] == [1.0, 2.5, 3.0, 4.0]


def test_the_order_of_the_inputs_does_not_matter(echo: httpx.Client) -> None:
    answer = echo.post("/infer", json={"inputs": every_tensor()[::-1]})

    outputs = answer.json()["outputs"]
    assert {output["datatype"]: output["data"] for output in outputs} == VALUES


def test_a_missing_number_is_null_in_json_and_nan_in_binary(pair: Running) -> None:
    blob = np.array([[np.nan, 1]], dtype="<f4").tobytes()
    item = {"name": "x", "datatype": "FP32", "shape": [1, 2]}
    item["parameters"] = {"binary_data_size": len(blob)}  # type: ignore[assignment]  # JSON
    head = json.dumps({"inputs": [item]}).encode()

    answer = httpx.post(
        f"{pair.url}/v2/models/sample/infer",
        content=head + blob,
        headers={"Inference-Header-Content-Length": str(len(head))},
    )

    assert answer.json()["outputs"][0]["data"] == [None, 1.0]


def test_real_digits_are_recognised(digits: Running) -> None:
    images, labels = real_digits()
    item = {"name": "pixels", "datatype": "FP32", "shape": [50, 64]}
    item["data"] = images[1700:1750].ravel().tolist()

    answer = httpx.post(f"{digits.url}/v2/models/digit-recognition/infer", json={"inputs": [item]})

    label, scores = answer.json()["outputs"]
    assert np.mean(np.array(label["data"]) == labels[1700:1750]) > 0.8
    assert (label["shape"], scores["shape"]) == ([50], [50, 10])


def test_every_answer_says_what_computed_it_and_which_call_it_was(pair: Running) -> None:
    url = f"{pair.url}/v2/models/sample/infer"
    good = {"inputs": [{"name": "x", "datatype": "FP32", "shape": [1, 2], "data": [1, 2]}]}

    for body, status in ((good, 200), ({}, 400)):
        answer = httpx.post(url, json=body, headers={"x-request-id": "gateway-id-1"})
        assert answer.status_code == status
        assert answer.headers["x-capability-version"] == "1.2.3"
        assert answer.headers["x-code-digest"].startswith("sha256:")
        assert answer.headers["x-weights-digest"].startswith("sha256:")
        assert answer.headers["x-request-id"] == "gateway-id-1"


@pytest.mark.parametrize("given", [None, "", 'a"b', "x" * 101, "two words", "-first"])
def test_a_missing_or_malformed_request_id_is_made_anew(pair: Running, given: str | None) -> None:
    headers = {} if given is None else {"x-request-id": given}

    answer = httpx.post(f"{pair.url}/v2/models/sample/infer", json={}, headers=headers)

    assert len(answer.headers["x-request-id"]) == 32


@pytest.mark.parametrize("path", ["", "/versions/1.2.3", "/versions/1"])
def test_the_metadata_shows_the_batch_as_minus_one(pair: Running, path: str) -> None:
    metadata = httpx.get(f"{pair.url}/v2/models/sample{path}").json()

    assert metadata["name"] == "sample"
    assert metadata["versions"] == ["1.2.3"]
    assert metadata["inputs"] == [{"name": "x", "datatype": "FP32", "shape": [-1, 2]}]
    assert httpx.get(f"{pair.url}/v2/models/sample{path}/ready").status_code == 200


def test_the_server_says_that_it_lives_and_is_ready(pair: Running) -> None:
    assert httpx.get(f"{pair.url}/v2").json()["extensions"] == ["binary_tensor_data"]
    for path in ("/v2/health/live", "/v2/health/ready", "/health/live", "/health/ready"):
        assert httpx.get(pair.url + path).status_code == 200


def test_the_metrics_count_the_answers(pair: Running) -> None:
    httpx.post(f"{pair.url}/v2/models/sample/infer", json={})

    text = httpx.get(f"{pair.url}/metrics").text

    assert 'jiuzhou_runtime_answers_total{status="400"} 1.0' in text
    assert "jiuzhou_runtime_journal_lost_total 0.0" in text


def test_all_datatypes_of_the_protocol_are_covered() -> None:
    assert set(VALUES) == {str(datatype) for datatype in Datatype}
