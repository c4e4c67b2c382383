"""Every request and response form of the protocol over REST, member by member."""

import json
from typing import Any

import httpx
import pytest

from tests.conformance.clients import Addresses
from tests.conformance.forms import FORMS, Form
from tests.conformance.models import VERSION

_LENGTH = "Inference-Header-Content-Length"
_VERSIONS = ("", f"/versions/{VERSION}", "/versions/1")


@pytest.fixture
def rest(ours: Addresses) -> httpx.Client:
    return httpx.Client(base_url=f"http://{ours.http}")


def get(rest: httpx.Client, path: str) -> Any:  # noqa: ANN401 - JSON
    with rest:
        answer = rest.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    return answer.json()


def test_server_live(rest: httpx.Client) -> None:
    assert get(rest, "/v2/health/live") == {"live": True}


def test_server_ready(rest: httpx.Client) -> None:
    assert get(rest, "/v2/health/ready") == {"live": True, "ready": True}


@pytest.mark.parametrize("path", ["/v2", "/v2/"])
def test_server_metadata(rest: httpx.Client, path: str) -> None:
    found = get(rest, path)

    assert found == {
        "name": "jiuzhou", "version": found["version"], "extensions": ["binary_tensor_data"],
    }  # fmt: skip


@pytest.mark.parametrize("version", _VERSIONS)
def test_model_ready(rest: httpx.Client, version: str) -> None:
    assert get(rest, f"/v2/models/pair{version}/ready") == {"name": "pair", "ready": True}


@pytest.mark.parametrize("version", _VERSIONS)
def test_model_metadata(rest: httpx.Client, version: str) -> None:
    assert get(rest, f"/v2/models/open{version}") == {
        "name": "open",
        "versions": [VERSION],
        "platform": "onnxruntime_onnx",
        "inputs": [{"name": "x", "datatype": "INT32", "shape": [-1, -1]}],
        "outputs": [{"name": "o_x", "datatype": "INT32", "shape": [-1, -1]}],
    }


@pytest.mark.parametrize("version", _VERSIONS)
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_infer(rest: httpx.Client, form: Form, version: str) -> None:
    text = json.dumps(form.request).encode()
    headers = {} if form.binary is None else {_LENGTH: str(len(text))}

    with rest:
        answer = rest.post(
            f"/v2/models/{form.model}{version}/infer",
            content=text + (form.binary or b""),
            headers={**headers, "x-request-id": "r-1"},
        )

    assert answer.status_code == 200, answer.text
    length = int(answer.headers.get(_LENGTH, len(answer.content)))
    assert (_LENGTH in answer.headers) == bool(form.blob)
    assert answer.headers["content-type"] == (
        "application/octet-stream" if form.blob else "application/json"
    )
    expected = {"model_name": form.model, "model_version": VERSION, "outputs": form.outputs}
    assert json.loads(answer.content[:length]) == {**expected, **form.answer}
    assert answer.content[length:] == form.blob
    assert answer.headers["x-request-id"] == "r-1"
    assert answer.headers["x-capability-version"] == VERSION
    assert {"x-code-digest", "x-weights-digest"} <= answer.headers.keys()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v2/models/stranger", 404),
        ("GET", "/v2/models/pair/versions/7", 404),
        ("GET", "/v2/models/stranger/ready", 404),
        ("POST", "/v2/models/stranger/infer", 404),
        ("POST", "/v2/models/pair/versions/7/infer", 404),
        ("POST", "/v2/models/pair/infer", 400),
        ("GET", "/v2/models/pair/infer", 405),
        ("POST", "/v2/models/pair", 405),
        ("GET", "/v2/stranger", 404),
    ],
)
def test_a_failure_has_the_one_member_that_the_protocol_knows(
    rest: httpx.Client, method: str, path: str, status: int
) -> None:
    with rest:
        answer = rest.request(method, path, content=b"{}" if method == "POST" else b"")

    assert answer.status_code == status
    assert isinstance(answer.json()["error"], str)
