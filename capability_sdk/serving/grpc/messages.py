"""Between the protocol's messages and what the data plane takes and gives."""

from collections.abc import Mapping, Sequence
from typing import Any

from capability_sdk.contracts.inference import Datatype
from capability_sdk.contracts.manifest import Manifest
from capability_sdk.profiling.columns import Tensor
from capability_sdk.serving.answers import blob, text_of
from capability_sdk.serving.calls import (
    Call,
    Gathering,
    Signature,
    WantedOutput,
    require_distinct,
    require_id,
    require_offered,
)
from capability_sdk.serving.errors import MalformedRequest, TensorMismatch
from capability_sdk.serving.grpc import open_inference_pb2 as pb

_FIELDS = {
    **dict.fromkeys((Datatype.INT8, Datatype.INT16, Datatype.INT32), "int_contents"),
    **dict.fromkeys((Datatype.UINT8, Datatype.UINT16, Datatype.UINT32), "uint_contents"),
    Datatype.BOOL: "bool_contents",
    Datatype.INT64: "int64_contents",
    Datatype.UINT64: "uint64_contents",
    Datatype.FP32: "fp32_contents",
    Datatype.FP64: "fp64_contents",
    Datatype.BYTES: "bytes_contents",
}
"""The field that holds the values of a datatype; of FP16 there are raw contents only."""


class MessageReader:
    """Reads the infer requests of one capability version."""

    def __init__(self, manifest: Manifest) -> None:
        self._signature = Signature(manifest)
        self._raw_only = {spec.name for spec in manifest.outputs if spec.datatype is Datatype.FP16}

    def read(self, request: pb.ModelInferRequest) -> Call:
        """Read a request.

        The answer will have the form of the request, raw or typed contents; where an output has no
        typed form, it is raw.

        Raises:
            MalformedRequest: The message does not keep the rules of the protocol.
            TensorMismatch: A tensor is not what the manifest declares.
        """
        require_offered(request.parameters, "The request")
        own_id = require_id(request.id or None)
        gathering = self._read_inputs(request)
        names = self._wanted(request) or self._signature.outputs
        is_raw = bool(request.raw_input_contents) or not self._raw_only.isdisjoint(names)
        outputs = require_distinct(WantedOutput(name, is_raw) for name in names)
        return self._signature.call(own_id, gathering, outputs)

    def _read_inputs(self, request: pb.ModelInferRequest) -> Gathering:
        inputs, raw = request.inputs, request.raw_input_contents
        if not inputs:
            raise MalformedRequest("inputs is a list of one or more tensors.")
        if raw and len(raw) != len(inputs):
            raise MalformedRequest(
                f"raw_input_contents has {len(raw)} entries for {len(inputs)} inputs."
            )
        gathering = self._signature.gather()
        for index, item in enumerate(inputs):
            reader = gathering.reader(item.name)
            require_offered(item.parameters, f"Input {reader.name}")
            shape = reader.check(item.datatype, list(item.shape))
            if not raw:
                tensor = reader.from_typed(shape, _typed(item))
            elif item.contents.ByteSize():
                raise TensorMismatch(
                    f"Input {reader.name} has both contents and raw contents.", tensor=reader.name
                )
            else:
                tensor = reader.from_binary(shape, memoryview(raw[index]))
            gathering.add(reader.name, tensor)
        return gathering

    def _wanted(self, request: pb.ModelInferRequest) -> Sequence[str]:
        names = []
        for item in request.outputs:
            names.append(self._signature.require_output(item.name))
            require_offered(item.parameters, f"Output {item.name}")
        return names


class MessageWriter:
    """Writes the infer answers of one capability version."""

    def __init__(self, manifest: Manifest) -> None:
        self._datatypes = {spec.name: spec.datatype for spec in manifest.outputs}
        self._name, self._version = manifest.name, manifest.version

    def write(self, call: Call, outputs: Mapping[str, Tensor]) -> pb.ModelInferResponse:
        """Write an answer."""
        answer = pb.ModelInferResponse(
            model_name=self._name, model_version=self._version, id=call.id or ""
        )
        for wanted in call.outputs:
            array, datatype = outputs[wanted.name], self._datatypes[wanted.name]
            item = answer.outputs.add(name=wanted.name, datatype=datatype, shape=array.shape)
            if wanted.is_binary:
                answer.raw_output_contents.append(blob(array, datatype))
            else:
                getattr(item.contents, _FIELDS[datatype]).extend(_values(array, datatype))
        return answer


def _typed(item: pb.ModelInferRequest.InferInputTensor) -> Sequence[object]:
    """Return the values in the field of the tensor's datatype.

    Raises:
        TensorMismatch: There are values in another field, or the datatype has no field.
    """
    field = _FIELDS.get(Datatype(item.datatype))
    if field is None:
        raise TensorMismatch(
            f"Input {item.name}: {item.datatype} comes in raw_input_contents.", tensor=item.name
        )
    found = [descriptor.name for descriptor, _ in item.contents.ListFields()]
    if found not in ([], [field]):
        raise TensorMismatch(
            f"Input {item.name}: {item.datatype} comes in {field}, not in {', '.join(found)}.",
            tensor=item.name,
        )
    values: Sequence[object] = getattr(item.contents, field)
    return values


def _values(array: Tensor, datatype: Datatype) -> list[Any]:
    values = array.reshape(-1).tolist()
    if datatype is Datatype.BYTES:
        return [text_of(value).encode() for value in values]
    return values
