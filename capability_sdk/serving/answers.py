"""From output arrays to the body of an infer answer (Open Inference Protocol v2, REST)."""

from collections.abc import Mapping
from typing import Any

import orjson

from capability_sdk.contracts.inference import Datatype
from capability_sdk.contracts.manifest import Manifest
from capability_sdk.profiling.columns import Tensor
from capability_sdk.serving.calls import Call

_NUMPY = orjson.OPT_SERIALIZE_NUMPY


class AnswerWriter:
    """Writes the infer answers of one capability version."""

    def __init__(self, manifest: Manifest) -> None:
        # As plain text: orjson asks a member of an enumeration for its value, which is slow.
        self._datatypes = {spec.name: spec.datatype.value for spec in manifest.outputs}
        self._begin = {"model_name": manifest.name, "model_version": manifest.version}

    def write(self, call: Call, outputs: Mapping[str, Tensor]) -> tuple[bytes, int | None]:
        """Write an answer.

        A value that JSON has no number for (NaN, infinity) is null there; binary data keeps it.

        Returns:
            The body, and the length of its JSON part where binary tensors follow.
        """
        described: list[dict[str, Any]] = []
        blobs: list[bytes] = []
        for wanted in call.outputs:
            array = outputs[wanted.name]
            datatype = self._datatypes[wanted.name]
            item: dict[str, Any] = {
                "name": wanted.name,
                "datatype": datatype,
                "shape": array.shape,
            }
            if wanted.is_binary:
                blobs.append(blob(array, datatype))
                item["parameters"] = {"binary_data_size": len(blobs[-1])}
            elif datatype == Datatype.BYTES:
                item["data"] = [text_of(value) for value in array.reshape(-1).tolist()]
            else:
                item["data"] = array.ravel()
            described.append(item)
        answer = dict(self._begin, outputs=described)
        if call.id is not None:
            answer["id"] = call.id
        text = orjson.dumps(answer, option=_NUMPY)
        return (b"".join((text, *blobs)), len(text)) if blobs else (text, None)


def text_of(value: object) -> str:
    """Return a value of a BYTES tensor as text."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def blob(array: Tensor, datatype: str) -> bytes:
    """Write values as little-endian bytes, each of BYTES after its length of four bytes."""
    if datatype != Datatype.BYTES:
        return array.tobytes()
    texts = [text_of(value).encode() for value in array.reshape(-1).tolist()]
    return b"".join(part for text in texts for part in (len(text).to_bytes(4, "little"), text))
