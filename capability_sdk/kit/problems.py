"""The one place where an expected failure becomes HTTP (RFC 9457)."""

import logging
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from capability_sdk.contracts.errors import BodyTooLarge, InvalidInput, ServiceError
from capability_sdk.contracts.problem import PROBLEM_JSON, Problem, to_problem

_log = logging.getLogger(__name__)
_UNNAMED = "about:blank"
_FIRST_REFUSAL = 400

_TITLES = {
    400: "The request is not valid",
    401: "Sign in or present a valid credential",
    403: "You may not do this",
    404: "There is no such thing",
    405: "This address does not know this method",
    409: "The current state does not allow this",
    412: "Somebody else changed it in the meantime",
    413: "The request body is too large",
    415: "This media type is not understood",
    416: "The file has no such part",
    422: "A field of the request is not valid",
    429: "Too many requests",
    503: "A needed part is not available now",
    507: "There is no room left",
}


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Document the failing answers of a route for OpenAPI, with an example each."""
    return {
        status: {
            "model": Problem,
            "description": _title(status),
            "content": {PROBLEM_JSON: {"example": _example(status)}},
        }
        for status in statuses
    }


def _example(status: int) -> dict[str, object]:
    detail = f"{_title(status)}."
    return {
        "type": _UNNAMED,
        "title": _title(status),
        "status": status,
        "detail": detail,
        "error": detail,
    }


def _title(status: int) -> str:
    return _TITLES.get(status, "The request could not be served")


def problem_response(error: ServiceError) -> JSONResponse:
    """Answer with an expected failure."""
    return JSONResponse(
        to_problem(error), error.status, headers=error.headers, media_type=PROBLEM_JSON
    )


class PlainRefusalAsProblem:
    """Turns the framework's plain refusals into problem documents, such as 413 and 416."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        replaced = False

        async def send_problem(message: Message) -> None:
            nonlocal replaced
            if message["type"] == "http.response.start":
                replaced = _is_plain_refusal(message)
                if replaced:
                    await _plain_as_problem(message)(scope, receive, send)
            if not replaced:
                await send(message)

        await self._app(scope, receive, send_problem)


def _is_plain_refusal(start: Message) -> bool:
    kind = Headers(raw=start["headers"]).get("content-type", "")
    return bool(start["status"] >= _FIRST_REFUSAL) and kind.startswith("text/plain")


def _plain_as_problem(start: Message) -> JSONResponse:
    status = start["status"]
    if status == BodyTooLarge.status:
        return problem_response(BodyTooLarge("The request body is over the limit."))
    told = Headers(raw=start["headers"])
    kept = {name: told[name] for name in ("content-range",) if name in told}
    return _unnamed_problem(status, f"{_title(status)}.", kept)


def _unnamed_problem(
    status: int, detail: str, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    title = _title(status)
    members = {"title": title, "status": status, "detail": detail, "error": detail}
    return JSONResponse({"type": _UNNAMED, **members}, status, headers, media_type=PROBLEM_JSON)


def install(app: FastAPI) -> None:
    """Make every failing answer of an application a problem document."""
    app.add_middleware(PlainRefusalAsProblem)

    @app.exception_handler(ServiceError)
    async def expected(_: Request, error: ServiceError) -> JSONResponse:
        return problem_response(error)

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        # The input itself is not repeated: it may be a password.
        fields = [
            {"field": ".".join(str(part) for part in e["loc"]), "message": e["msg"]}
            for e in error.errors()
        ]
        detail = "; ".join(f"{item['field']}: {item['message']}" for item in fields)
        return problem_response(InvalidInput(detail, fields=fields))

    @app.exception_handler(HTTPException)
    async def framework(request: Request, error: HTTPException) -> JSONResponse:
        detail = f"{request.method} {request.url.path}: {error.detail}"
        return _unnamed_problem(error.status_code, detail, error.headers)

    @app.exception_handler(Exception)
    async def unexpected(request: Request, error: Exception) -> JSONResponse:
        _log.error("unexpected failure of %s %s", request.method, request.url.path, exc_info=error)
        return problem_response(
            ServiceError("An unexpected failure happened; it is in the service's log.")
        )
