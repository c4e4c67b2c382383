"""OpenAPI 3.1 of one capability version, made from its contract."""

from collections.abc import Sequence
from typing import Any

from pydantic.json_schema import models_json_schema

from capability_sdk.contracts.inference import ModelMetadata
from capability_sdk.contracts.manifest import Manifest, TensorSpec
from capability_sdk.contracts.problem import PROBLEM_JSON, Problem
from center.documents.tensors import example_request, is_short, tensor_schema

JSON = "application/json"
_REFUSALS = {
    400: "The request is no JSON, or no infer request",
    401: "The access token cannot be verified, or is expired",
    403: "The token is another province's, or the application has no subscription",
    404: "No version of it runs here",
    422: "A tensor's name, datatype or shape is not the contract's",
    429: "The quota, the rate or the concurrency of the subscription is used up",
    502: "The instance failed",
    503: "It cannot be served now; Retry-After says when to ask again",
    504: "The instance did not answer in time",
}
_HEADERS = {
    "x-request-id": "The call's own id, for feedback and for questions",
    "x-capability-version": "The version that answered",
    "x-code-digest": "Of the code that answered",
    "x-weights-digest": "Of the weights that answered",
}


def describe(manifest: Manifest, gateways: Sequence[str]) -> dict[str, Any]:
    """Write the description of a version as its callers meet it.

    Args:
        manifest: Of the version.
        gateways: Addresses where the reader may call it; empty where there is none yet.

    Returns:
        An OpenAPI 3.1 document: one exact version, its metadata, readiness and ``infer``.
    """
    path = f"/v2/models/{manifest.name}/versions/{manifest.version}"
    _, parts = models_json_schema(
        [(Problem, "serialization"), (ModelMetadata, "serialization")],
        ref_template="#/components/schemas/{model}",
    )
    document: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {
            "title": f"{manifest.titles.zh} {manifest.titles.en}",
            "version": manifest.version,
            "summary": manifest.summary.en,
            "description": f"{manifest.summary.zh}\n\n{manifest.summary.en}",
            "contact": {"name": manifest.owner},
            "license": {"name": manifest.licence},
        },
        "security": [{"accessToken": []}],
        "paths": {
            path: {"get": _read("metadata", "Ask what it takes and gives", _metadata())},
            f"{path}/ready": {"get": _read("ready", "Ask whether it is ready", {})},
            f"{path}/infer": {"post": _infer(manifest)},
        },
        "components": {
            "schemas": {
                **parts["$defs"],
                "InferRequest": _message(manifest.inputs, manifest, "inputs"),
                "InferResponse": _message(manifest.outputs, manifest, "outputs"),
            },
            "securitySchemes": {"accessToken": _client_credentials(manifest, gateways)},
        },
    }
    if gateways:
        document["servers"] = [{"url": gateway} for gateway in gateways]
    return document


def _message(specs: Sequence[TensorSpec], manifest: Manifest, member: str) -> dict[str, Any]:
    tensors = [tensor_schema(spec, manifest.max_batch_size) for spec in specs]
    lists: dict[str, Any] = {
        "type": "array",
        "items": tensors[0] if len(tensors) == 1 else {"oneOf": tensors},
    }
    if member == "inputs":
        # Each input once, in whatever order; of the outputs a caller may ask for some.
        lists |= {"minItems": len(tensors), "maxItems": len(tensors)}
    schema: dict[str, Any] = {
        "type": "object",
        "required": [member],
        "properties": {
            "id": {"type": "string"},
            "parameters": {"type": "object"},
            member: lists,
        },
    }
    if member == "inputs":
        asked = {
            "type": "object",
            "required": ["name"],
            "properties": {"name": {"enum": [spec.name for spec in manifest.outputs]}},
        }
        schema["properties"]["outputs"] = {"type": "array", "items": asked}
    else:
        schema["properties"] |= {
            "model_name": {"const": manifest.name},
            "model_version": {"type": "string"},
        }
    return schema


def _infer(manifest: Manifest) -> dict[str, Any]:
    content: dict[str, Any] = {"schema": _reference("InferRequest")}
    if is_short(manifest):
        content["example"] = example_request(manifest)
    answer = {
        "description": "The outputs.",
        "headers": {
            name: {"description": text, "schema": {"type": "string"}}
            for name, text in _HEADERS.items()
        },
        "content": {JSON: {"schema": _reference("InferResponse")}},
    }
    return {
        "operationId": "infer",
        "summary": "Call it (Open Inference Protocol)",
        "requestBody": {"required": True, "content": {JSON: content}},
        "responses": {"200": answer} | _refusals(),
    }


def _read(operation: str, summary: str, content: dict[str, Any]) -> dict[str, Any]:
    answer = {"description": summary} | ({"content": content} if content else {})
    return {
        "operationId": operation,
        "summary": summary,
        "responses": {"200": answer} | _refusals(),
    }


def _metadata() -> dict[str, Any]:
    return {JSON: {"schema": _reference("ModelMetadata")}}


def _refusals() -> dict[str, Any]:
    content = {PROBLEM_JSON: {"schema": _reference("Problem")}}
    return {str(s): {"description": text, "content": content} for s, text in _REFUSALS.items()}


def _reference(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _client_credentials(manifest: Manifest, gateways: Sequence[str]) -> dict[str, Any]:
    """Say where a token comes from: the province's own gateway (RFC 6749, section 4.4)."""
    address = f"{gateways[0]}/oauth2/token" if gateways else "/oauth2/token"
    scope = {f"infer:{manifest.name}": "Call this capability"}
    return {
        "type": "oauth2",
        "flows": {"clientCredentials": {"tokenUrl": address, "scopes": scope}},
    }
