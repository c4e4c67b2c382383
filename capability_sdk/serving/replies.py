"""HTTP answers as values; the connection only adds the content length."""

from dataclasses import dataclass

import orjson

from capability_sdk.contracts.errors import ServiceError
from capability_sdk.contracts.problem import PROBLEM_JSON, to_problem

JSON = b"content-type: application/json\r\n"
BINARY = b"content-type: application/octet-stream\r\n"
TEXT = b"content-type: text/plain; version=0.0.4; charset=utf-8\r\n"


@dataclass(slots=True, frozen=True)
class Reply:
    """An HTTP answer; ``head`` holds whole header lines, each with its line end."""

    status: int
    head: bytes
    body: bytes


def json_reply(content: object) -> Reply:
    """Answer with a JSON document."""
    return Reply(200, JSON, orjson.dumps(content))


def problem_reply(error: ServiceError, head: bytes = b"") -> Reply:
    """Answer with an expected failure (RFC 9457, and the protocol's own ``error``)."""
    lines = (f"content-type: {PROBLEM_JSON}", *(f"{n}: {v}" for n, v in error.headers.items()))
    own = "".join(f"{line}\r\n" for line in lines).encode()
    return Reply(error.status, own + head, orjson.dumps(to_problem(error)))
