"""Every request and response form of the protocol over gRPC, field by field, with our own messages."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import grpc
import httpx
import pytest

from capability_sdk.serving.grpc import open_inference_pb2 as pb
from tests.conformance.clients import Addresses
from tests.conformance.forms import FORMS, Form
from tests.conformance.models import VERSION

_VERSIONS = ("", VERSION, "1")
_FIELDS = {"FP32": "fp32_contents", "INT32": "int_contents", "BYTES": "bytes_contents"}
_HAS_GRPC_FORM = {
    name: form
    for name, form in FORMS.items()
    # FP16 has no typed contents; the others are forms of JSON alone.
    if name not in {"FP16 as numbers", "nested data", "unknown members", "an empty id",
                    "a JSON length over the whole body", "a binary output by its own parameter",
                    "binary outputs by the request",
                    "an output as JSON where the request wants binary"}
}  # fmt: skip

Ask = Callable[..., Any]


@pytest.fixture
def ask(ours: Addresses) -> Iterator[Ask]:
    """Call a method by its name and message; returns the answer and the trailing metadata."""
    with grpc.insecure_channel(ours.grpc) as channel:

        def call(method: str, message: Any, answer: type[Any], **options: Any) -> Any:  # noqa: ANN401 - messages
            stub = channel.unary_unary(
                f"/inference.GRPCInferenceService/{method}",
                request_serializer=lambda given: given.SerializeToString(),
                response_deserializer=answer.FromString,
            )
            found, made = stub.with_call(message, timeout=30, **options)
            return found, dict(made.trailing_metadata())

        yield call


def test_server_live(ask: Ask) -> None:
    answer, _ = ask("ServerLive", pb.ServerLiveRequest(), pb.ServerLiveResponse)
    assert answer == pb.ServerLiveResponse(live=True)


def test_server_ready(ask: Ask) -> None:
    answer, _ = ask("ServerReady", pb.ServerReadyRequest(), pb.ServerReadyResponse)
    assert answer == pb.ServerReadyResponse(ready=True)


@pytest.mark.parametrize("version", _VERSIONS)
def test_model_ready(ask: Ask, version: str) -> None:
    request = pb.ModelReadyRequest(name="pair", version=version)
    assert ask("ModelReady", request, pb.ModelReadyResponse)[0].ready


@pytest.mark.parametrize(("name", "version"), [("stranger", ""), ("pair", "7"), ("", "")])
def test_a_model_that_is_not_there_is_not_ready(ask: Ask, name: str, version: str) -> None:
    request = pb.ModelReadyRequest(name=name, version=version)
    assert not ask("ModelReady", request, pb.ModelReadyResponse)[0].ready


def test_server_metadata_is_that_of_rest(ask: Ask, ours: Addresses) -> None:
    answer, _ = ask("ServerMetadata", pb.ServerMetadataRequest(), pb.ServerMetadataResponse)

    assert answer == pb.ServerMetadataResponse(**httpx.get(f"http://{ours.http}/v2").json())


@pytest.mark.parametrize("version", _VERSIONS)
@pytest.mark.parametrize("name", ["echo", "open"])
def test_model_metadata_is_that_of_rest(ask: Ask, ours: Addresses, name: str, version: str) -> None:
    request = pb.ModelMetadataRequest(name=name, version=version)
    answer, _ = ask("ModelMetadata", request, pb.ModelMetadataResponse)

    rest = httpx.get(f"http://{ours.http}/v2/models/{name}").json()
    assert answer == pb.ModelMetadataResponse(**rest)


@pytest.mark.parametrize("version", _VERSIONS)
@pytest.mark.parametrize("form", _HAS_GRPC_FORM.values(), ids=_HAS_GRPC_FORM)
def test_infer(ask: Ask, form: Form, version: str) -> None:
    answer, trailing = ask(
        "ModelInfer", as_message(form, version), pb.ModelInferResponse,
        metadata=[("x-request-id", "r-1")],
    )  # fmt: skip

    expected = pb.ModelInferResponse(
        model_name=form.model, model_version=VERSION, id=form.answer.get("id", "")
    )
    for item in form.outputs:
        made = expected.outputs.add(
            name=item["name"], datatype=item["datatype"], shape=item["shape"]
        )
        if form.binary is None:
            put(made.contents, item["datatype"], item["data"])
        else:
            raw = b"".join(answer.raw_output_contents)
            expected.raw_output_contents.append(form.blob or form.binary)
            assert raw == (form.blob or form.binary)
    assert answer == expected
    assert trailing["x-request-id"] == "r-1"
    assert trailing["x-capability-version"] == VERSION
    assert {"x-code-digest", "x-weights-digest"} <= trailing.keys()


def as_message(form: Form, version: str) -> pb.ModelInferRequest:
    """Say over gRPC what a form says over REST."""
    request = pb.ModelInferRequest(
        model_name=form.model, model_version=version, id=form.request.get("id", "")
    )
    parameters(request.parameters, form.request)
    for item in form.request["inputs"]:
        made = request.inputs.add(name=item["name"], datatype=item["datatype"], shape=item["shape"])
        parameters(made.parameters, item)
        if form.binary is None:
            put(made.contents, item["datatype"], item["data"])
        else:
            request.raw_input_contents.append(form.binary)
    for item in form.request.get("outputs", []):
        parameters(request.outputs.add(name=item["name"]).parameters, item)
    return request


def put(contents: pb.InferTensorContents, datatype: str, values: list[Any]) -> None:
    plain = [value.encode() if isinstance(value, str) else value for value in values]
    getattr(contents, _FIELDS[datatype]).extend(
        [int(value) for value in plain] if datatype == "INT32" else plain
    )


def parameters(target: Any, item: Mapping[str, Any]) -> None:  # noqa: ANN401 - a map of messages
    kinds = {bool: "bool_param", int: "int64_param", float: "double_param", str: "string_param"}
    for name, value in item.get("parameters", {}).items():
        target[name].CopyFrom(pb.InferParameter(**{kinds[type(value)]: value}))


def _pair(**more: Any) -> pb.ModelInferRequest:  # noqa: ANN401 - fields of any kind
    item = {"name": "x", "datatype": "FP32", "shape": [1, 2]}
    typed = pb.InferTensorContents(fp32_contents=[1, 2])
    given = {**item, "contents": typed, **more.pop("item", {})}
    inputs = [pb.ModelInferRequest.InferInputTensor(**given)]
    return pb.ModelInferRequest(**{"model_name": "pair", "inputs": inputs, **more})


_WRONG: Mapping[str, tuple[pb.ModelInferRequest, str]] = {
    "no input": (_pair(inputs=[]), "inputs is a list of one or more tensors"),
    "an unknown input": (_pair(item={"name": "z"}), "There is no input 'z'"),
    "a wrong datatype": (_pair(item={"datatype": "FP64"}), "expected datatype FP32, got 'FP64'"),
    "a wrong shape": (_pair(item={"shape": [1, 3]}), r"expected shape [-1, 2], got [1, 3]"),
    "too few values": (
        _pair(item={"contents": pb.InferTensorContents(fp32_contents=[1])}),
        "shape [1, 2] needs 2 values, got 1",
    ),
    "values in another field": (
        _pair(item={"contents": pb.InferTensorContents(int_contents=[1, 2])}),
        "FP32 comes in fp32_contents, not in int_contents",
    ),
    "values out of range": (
        _pair(
            model_name="echo",
            item={"name": "INT8", "datatype": "INT8",
                  "contents": pb.InferTensorContents(int_contents=[1, 128])},
        ),
        "Input INT8: a value is out of the range of INT8",
    ),
    "FP16 as typed contents": (
        _pair(model_name="half", item={"datatype": "FP16"}), "FP16 comes in raw_input_contents",
    ),
    "contents and raw contents": (
        _pair(raw_input_contents=[bytes(8)]), "has both contents and raw contents",
    ),
    "raw contents for another count of inputs": (
        _pair(raw_input_contents=[bytes(8)] * 2), "raw_input_contents has 2 entries for 1 inputs",
    ),
    "raw contents of another size": (
        _pair(item={"contents": None}, raw_input_contents=[bytes(7)]),
        "shape [1, 2] needs 8 bytes, got 7",
    ),
    "an unknown output": (
        _pair(outputs=[pb.ModelInferRequest.InferRequestedOutputTensor(name="z")]),
        "There is no output 'z'",
    ),
    "an output twice": (
        _pair(outputs=[pb.ModelInferRequest.InferRequestedOutputTensor(name="o_x")] * 2),
        "outputs names an output twice",
    ),
    "a classification": (
        _pair(parameters={"classification": pb.InferParameter(int64_param=1)}),
        "the classification extension is not offered",
    ),
    "an id that is too long": (_pair(id="x" * 501), "id is a string of at most 500 characters"),
}  # fmt: skip


@pytest.mark.parametrize(("request_", "words"), _WRONG.values(), ids=_WRONG)
def test_H10_a_wrong_request_is_refused_in_words(
    ask: Ask, request_: pb.ModelInferRequest, words: str
) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        ask("ModelInfer", request_, pb.ModelInferResponse, metadata=[("x-request-id", "r-1")])

    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert words in caught.value.details()
    trailing = dict(caught.value.trailing_metadata())
    assert trailing["x-request-id"] == "r-1"
    assert "x-code-digest" in trailing


@pytest.mark.parametrize(("name", "version"), [("stranger", ""), ("pair", "7")])
def test_a_model_that_is_not_there_is_refused(ask: Ask, name: str, version: str) -> None:
    for method, request, answer in (
        ("ModelInfer", _pair(model_name=name, model_version=version), pb.ModelInferResponse),
        ("ModelMetadata", pb.ModelMetadataRequest(name=name, version=version),
         pb.ModelMetadataResponse),
    ):  # fmt: skip
        with pytest.raises(grpc.RpcError, match="This instance serves") as caught:
            ask(method, request, answer)
        assert caught.value.code() == grpc.StatusCode.NOT_FOUND
