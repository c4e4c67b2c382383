"""Programs that call a capability: to be pasted, and to work as they stand."""

import json
from enum import StrEnum
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from capability_sdk.contracts.inference import Datatype
from capability_sdk.contracts.manifest import Manifest
from center.documents.tensors import example_request

_NUMPY = {
    Datatype.BOOL: "bool",
    Datatype.BYTES: "object",
    Datatype.FP16: "float16",
    Datatype.FP32: "float32",
    Datatype.FP64: "float64",
}


class Language(StrEnum):
    """What a program is written in."""

    CURL = "curl"
    PYTHON = "python"
    JAVA = "java"
    GO = "go"


def write(manifest: Manifest, language: Language) -> str:
    """Write a program that fetches a token and calls a capability with a row of example values.

    It names the major version: every version of it keeps this contract, whichever a province runs.
    It reads the addresses and the secret from ``GATEWAY``, ``CLIENT_ID`` and ``CLIENT_SECRET``, so that
    none of them stands in a file.
    """
    request = json.dumps(example_request(manifest), ensure_ascii=False)
    tensors = [
        {
            "name": tensor["name"],
            "shape": tensor["shape"],
            "datatype": tensor["datatype"],
            "numpy": _numpy(Datatype(tensor["datatype"])),
            "value": repr(tensor["data"][0]),
        }
        for tensor in example_request(manifest)["inputs"]
    ]
    template = _templates().get_template(f"{language}.j2")
    major, _, _ = manifest.version.partition(".")
    return template.render(manifest=manifest, major=major, request=request, tensors=tensors)


def _numpy(datatype: Datatype) -> str:
    return _NUMPY.get(datatype, datatype.value.lower())


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=PackageLoader("center.documents"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701 - programs, not HTML; each value is quoted for its language
    )
    environment.filters["shell"] = _in_shell
    environment.filters["literal"] = _in_quotes
    return environment


def _in_shell(text: str) -> str:
    """Quote for a shell."""
    return "'" + text.replace("'", "'\\''") + "'"


def _in_quotes(text: str) -> str:
    """Quote for Java and Go, whose string literals both read JSON's escapes."""
    return json.dumps(text)
