"""What must hold of every answer of the center, whatever was asked."""

from typing import Any

import requests
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.campaigns.center_requests.generation import AnyCase

_CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
_PROBLEM = "application/problem+json"
_MEMBERS = {"type": str, "title": str, "status": int, "detail": str, "error": str}


def objections(case: AnyCase, answer: requests.Response, *, elsewhere: bool) -> list[str]:
    """Return what does not hold of an answer: by the OpenAPI document, and by RFC 9457.

    Args:
        case: What was asked.
        answer: What came.
        elsewhere: The address was changed, so that it may lead to no route, or to another.
    """
    found = _problem_objections(answer) if answer.status_code >= 400 else []
    if elsewhere and answer.status_code in (404, 405, 422):
        return found
    try:
        case.validate_response(answer, checks=_CHECKS)
    except FailureGroup as group:
        found += [f"{failure.title}: {_first_line(failure)}" for failure in group.exceptions]
    return found


def _first_line(failure: Any) -> str:  # noqa: ANN401 - an exception of the library
    return str(failure.message).partition("\n")[0][:200]


def _problem_objections(answer: requests.Response) -> list[str]:
    if answer.request.method == "HEAD":
        return []
    kind = answer.headers.get("content-type", "")
    if kind != _PROBLEM:
        return [f"a refusal of type {kind or 'nothing'}"]
    try:
        body = answer.json()
    except ValueError:
        return ["a refusal that is no JSON"]
    wrong = [name for name, kind in _MEMBERS.items() if type(body.get(name)) is not kind]
    found = [f"a refusal without {', '.join(wrong)}"] if wrong else []
    if body.get("status") != answer.status_code:
        found.append(f"a refusal that says {body.get('status')}")
    return found
