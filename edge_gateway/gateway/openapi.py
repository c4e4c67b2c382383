"""The gateway's own description (OpenAPI 3.1), made from the routes that it serves.

The hot path knows no framework that would write it; a test holds it against what is answered.
"""

from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from http import HTTPStatus
from typing import Any

import orjson
from pydantic.json_schema import models_json_schema

from capability_sdk import __version__
from capability_sdk.contracts.errors import ServiceError
from capability_sdk.contracts.feedback import FeedbackRequest
from capability_sdk.contracts.inference import InferRequest, InferResponse, ModelMetadata
from capability_sdk.contracts.problem import PROBLEM_JSON, Problem, to_problem
from capability_sdk.contracts.tokens import TokenAnswer
from edge_gateway.gateway.messages import JSON
from edge_gateway.gateway.paths import FIXED, MODEL_PATHS, Kind, Route
from edge_gateway.gateway.refusals import causes_of

_MODELS = (InferRequest, InferResponse, ModelMetadata, FeedbackRequest, TokenAnswer, Problem)
_FORM = "application/x-www-form-urlencoded"
_ANY = "application/octet-stream"
_TEXT = "text/plain"

_SUMMARIES = {
    Kind.INFER: "Call a capability (Open Inference Protocol)",
    Kind.MODEL: "Ask about a capability, or whether it is ready (Open Inference Protocol)",
    Kind.SERVER: "Ask about the server (Open Inference Protocol)",
    Kind.SERVER_READY: "Ask whether the server is ready (Open Inference Protocol)",
    Kind.LIVE: "Ask whether the process runs",
    Kind.READY: "Ask whether the gateway can serve",
    Kind.AUTONOMY: "Ask what would happen if the center went now",
    Kind.TOKEN: "Get an access token for client credentials (RFC 6749, section 4.4)",
    Kind.FEEDBACK: "Send the true values of predictions",
    Kind.METRICS: "Read the metrics (the province's own processes)",
    Kind.DISPATCH: "Read why calls go where they go (the province's own processes)",
    Kind.DESCRIPTION: "Read this document",
}
_NAME = {"type": "string", "pattern": "^[a-z][a-z0-9-]{1,62}$"}
_VERSION = {
    "type": "string",
    "pattern": r"^((0|[1-9][0-9]{0,5})(\.(0|[1-9][0-9]{0,5})){2}|[0-9]{1,6})$",
    "description": "An exact version, or a major version.",
}
_FORM_SCHEMA = {
    "type": "object",
    "required": ["grant_type"],
    "properties": {
        "grant_type": {"const": "client_credentials"},
        "client_id": {"type": "string"},
        "client_secret": {"type": "string", "format": "password"},
        "scope": {"type": "string"},
    },
}


@cache
def document() -> bytes:
    """Write the description as JSON."""
    paths = {
        path: {route.method.decode().lower(): _operation(path, route)}
        for path, route in (FIXED | MODEL_PATHS).items()
    }
    _, schemas = models_json_schema(
        [(model, "validation") for model in _MODELS], ref_template="#/components/schemas/{model}"
    )
    return orjson.dumps(
        {
            "openapi": "3.1.0",
            "info": {"title": "Jiuzhou province gateway", "version": __version__},
            "paths": paths,
            "components": {
                "schemas": schemas["$defs"],
                "securitySchemes": {
                    "accessToken": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                    "client": {"type": "http", "scheme": "basic"},
                    "internal": {"type": "http", "scheme": "bearer"},
                },
            },
        }
    )


def _operation(path: str, route: Route) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": _SUMMARIES[route.kind],
        "operationId": f"{route.method.decode().lower()}{path.replace('/', '_')}",
        "responses": _responses(route),
    }
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": schema}
        for name, schema in (("capability", _NAME), ("version", _VERSION))
        if f"{{{name}}}" in path
    ]
    if parameters:
        operation["parameters"] = parameters
    if route.needs_token:
        operation["security"] = [{"accessToken": []}]
    elif route.kind is Kind.TOKEN:
        operation["security"] = [{}, {"client": []}]
    elif route.kind in (Kind.METRICS, Kind.DISPATCH):
        operation["security"] = [{"internal": []}]
    elif route.kind is Kind.AUTONOMY:
        operation["security"] = [{}, {"internal": []}]
    if route.method == b"POST":
        operation["requestBody"] = {"required": True, "content": _request(route.kind)}
    return operation


def _request(kind: Kind) -> dict[str, Any]:
    if kind is Kind.INFER:
        return {JSON: _schema("InferRequest"), _ANY: {}}
    return {_FORM: {"schema": _FORM_SCHEMA}} if kind is Kind.TOKEN else {
        JSON: _schema("FeedbackRequest")
    }  # fmt: skip


def _responses(route: Route) -> dict[str, Any]:
    refusals: dict[int, list[type[ServiceError]]] = defaultdict(list)
    for cause in causes_of(route):
        refusals[cause.status].append(cause)
    success = 202 if route.kind is Kind.FEEDBACK else 200
    answers = {success: _answer(success, _success(route))}
    answers |= {status: _refusal(status, causes) for status, causes in refusals.items()}
    return {str(status): answers[status] for status in sorted(answers)}


def _refusal(status: int, causes: Iterable[type[ServiceError]]) -> dict[str, Any]:
    """Describe what a refusal of this status looks like, by an example for each cause of it."""
    examples = {cause.title: {"value": to_problem(cause(f"{cause.title}."))} for cause in causes}
    return _answer(status, {PROBLEM_JSON: {**_schema("Problem"), "examples": examples}})


def _success(route: Route) -> dict[str, Any]:
    if route.kind is Kind.INFER:
        return {JSON: _schema("InferResponse"), _ANY: {}}
    if route.kind is Kind.MODEL and not route.action:
        return {JSON: _schema("ModelMetadata")}
    if route.kind is Kind.TOKEN:
        return {JSON: _schema("TokenAnswer")}
    return {_TEXT: {}} if route.kind is Kind.METRICS else {JSON: {"schema": {"type": "object"}}}


def _answer(status: int, content: dict[str, Any]) -> dict[str, Any]:
    header = {"required": True, "schema": {"type": "string"}, "description": "Made by the gateway."}
    return {
        "description": HTTPStatus(status).phrase,
        "headers": {"x-request-id": header},
        "content": content,
    }


def _schema(name: str) -> dict[str, Any]:
    return {"schema": {"$ref": f"#/components/schemas/{name}"}}
