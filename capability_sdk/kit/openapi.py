"""Makes an application's OpenAPI document tell the truth about failing answers."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI

from capability_sdk.contracts.problem import PROBLEM_JSON, Problem
from capability_sdk.kit.problems import problem_responses

_WITH_BODY = (400, 413, 422)
_FRAMEWORK_SCHEMAS = ("HTTPValidationError", "ValidationError")
_REFERENCE = {"$ref": "#/components/schemas/Problem"}


def install(app: FastAPI) -> None:
    """Describe every failing answer as the problem document that it is.

    The framework describes them as ``application/json``, and leaves out what it answers by itself
    where a body cannot be read.
    """
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            _complete(generate())
        return app.openapi_schema or {}

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way to extend it


def _complete(document: dict[str, Any]) -> None:
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas["Problem"] = Problem.model_json_schema()
    for name in _FRAMEWORK_SCHEMAS:
        schemas.pop(name, None)
    for operation in _operations(document):
        responses = operation["responses"]
        expected = _structural(operation)
        documented = {int(code) for code in responses if code.startswith(("4", "5"))}
        for status, known in problem_responses(*sorted({*documented, *expected})).items():
            answer = responses.setdefault(str(status), {"description": known["description"]})
            example = known["content"][PROBLEM_JSON]
            given = answer.get("content", {}).get(PROBLEM_JSON, {})
            answer["content"] = {PROBLEM_JSON: {"schema": _REFERENCE, **example, **given}}


def _structural(operation: dict[str, Any]) -> set[int]:
    """Return the refusals that follow from what an operation takes, whatever it does."""
    expected = set(_WITH_BODY) if "requestBody" in operation else set()
    for parameter in operation.get("parameters", ()):
        expected.add(422)
        if parameter["in"] == "path":
            expected.add(404)  # such as a value with a slash in it, which leads to no route
        if parameter["name"] == "cursor":
            expected.add(400)
    return expected


def _operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for methods in document["paths"].values():
        yield from methods.values()
