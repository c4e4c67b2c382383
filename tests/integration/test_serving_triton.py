"""A stock tritonclient against the runtime: nothing is set but the address."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException

from tests.unit.capability_sdk.serving.harness import load, running
from tests.unit.capability_sdk.serving.packages import (
    digits,
    identity_model,
    manifest,
    write_digits_package,
    write_package,
)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_digits_package(tmp_path_factory.mktemp("digits") / "package")


@pytest.fixture
def client(package: Path, tmp_path: Path) -> Iterator[triton.InferenceServerClient]:
    with running(load(package), tmp_path / "journal") as runtime:
        connected = triton.InferenceServerClient(f"{runtime.host}:{runtime.port}")
        yield connected
        connected.close()


@pytest.fixture
def text_client(tmp_path: Path) -> Iterator[triton.InferenceServerClient]:
    declared = manifest(
        inputs=[{"name": "x", "datatype": "BYTES", "shape": [1]}],
        outputs=[{"name": "y", "datatype": "BYTES", "shape": [1]}],
    )
    package = load(write_package(tmp_path / "package", declared, identity_model(declared)))
    with running(package, tmp_path / "journal") as runtime:
        connected = triton.InferenceServerClient(f"{runtime.host}:{runtime.port}")
        yield connected
        connected.close()


def pixels(rows: int, *, is_binary: bool) -> triton.InferInput:
    tensor = triton.InferInput("pixels", [rows, 64], "FP32")
    tensor.set_data_from_numpy(digits()[0][1700 : 1700 + rows], binary_data=is_binary)
    return tensor


def test_health_and_metadata(client: triton.InferenceServerClient) -> None:
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("digit-recognition")
    assert client.is_model_ready("digit-recognition", "1.2.3")
    assert not client.is_model_ready("other")
    assert client.get_server_metadata()["name"] == "jiuzhou"
    metadata = client.get_model_metadata("digit-recognition")
    assert metadata["inputs"] == [{"name": "pixels", "datatype": "FP32", "shape": [-1, 64]}]


@pytest.mark.parametrize("is_binary", [True, False])
@pytest.mark.parametrize("is_output_binary", [True, False])
def test_real_digits_by_json_and_by_binary_tensors(
    client: triton.InferenceServerClient, is_binary: bool, is_output_binary: bool
) -> None:
    wanted = [
        triton.InferRequestedOutput("label", binary_data=is_output_binary),
        triton.InferRequestedOutput("probabilities", binary_data=is_output_binary),
    ]

    result = client.infer(
        "digit-recognition",
        [pixels(40, is_binary=is_binary)],
        outputs=wanted,
        request_id="mine",
    )

    labels, scores = result.as_numpy("label"), result.as_numpy("probabilities")
    assert result.get_response()["id"] == "mine"
    assert np.mean(labels == digits()[1][1700:1740]) > 0.8
    assert scores.shape == (40, 10)
    assert scores.dtype == np.float32
    assert (scores.argmax(axis=1) == labels).all()


def test_all_outputs_come_where_none_is_named(client: triton.InferenceServerClient) -> None:
    result = client.infer("digit-recognition", [pixels(1, is_binary=True)], model_version="1")

    assert result.as_numpy("label").shape == (1,)
    assert result.as_numpy("probabilities").shape == (1, 10)


@pytest.mark.parametrize("is_binary", [True, False])
def test_texts(text_client: triton.InferenceServerClient, is_binary: bool) -> None:
    tensor = triton.InferInput("x", [2, 1], "BYTES")
    texts = np.array([["九州"], ["b"]], dtype=np.object_)
    tensor.set_data_from_numpy(texts, binary_data=is_binary)

    result = text_client.infer("sample", [tensor])

    assert [value.decode() for value in result.as_numpy("y").ravel()] == ["九州", "b"]


def test_texts_that_are_none_are_refused_in_words(
    text_client: triton.InferenceServerClient,
) -> None:
    tensor = triton.InferInput("x", [1, 1], "BYTES")
    tensor.set_data_from_numpy(np.array([[b"\xff\xfe"]], dtype=np.object_))

    with pytest.raises(InferenceServerException, match="Input x: a BYTES element is not UTF-8"):
        text_client.infer("sample", [tensor])


def test_errors_reach_the_client_as_readable_messages(
    client: triton.InferenceServerClient,
) -> None:
    wrong = triton.InferInput("pixels", [1, 63], "FP32")
    wrong.set_data_from_numpy(np.zeros((1, 63), dtype=np.float32))

    with pytest.raises(InferenceServerException, match=r"expected shape \[-1, 64\], got \[1, 63\]"):
        client.infer("digit-recognition", [wrong])
    with pytest.raises(InferenceServerException, match="no such address"):
        client.infer("other", [pixels(1, is_binary=True)])
    with pytest.raises(InferenceServerException, match="without a content encoding"):
        client.infer(
            "digit-recognition",
            [pixels(1, is_binary=True)],
            request_compression_algorithm="gzip",
        )
