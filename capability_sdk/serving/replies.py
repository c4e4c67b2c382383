"""HTTP answers as values; a transport only adds the content length."""

from collections.abc import Iterable
from dataclasses import dataclass

import orjson

from capability_sdk.contracts.errors import ServiceError
from capability_sdk.contracts.problem import PROBLEM_JSON, to_problem

Header = tuple[bytes, bytes]
"""Name in lower case, and value."""

JSON: Header = (b"content-type", b"application/json")
BINARY: Header = (b"content-type", b"application/octet-stream")
TEXT: Header = (b"content-type", b"text/plain; version=0.0.4; charset=utf-8")
_PROBLEM: Header = (b"content-type", PROBLEM_JSON.encode())


@dataclass(slots=True, frozen=True)
class Reply:
    """An HTTP answer."""

    status: int
    headers: tuple[Header, ...]
    body: bytes


def json_reply(content: object) -> Reply:
    """Answer with a JSON document."""
    return Reply(200, (JSON,), orjson.dumps(content))


def problem_reply(error: ServiceError, headers: Iterable[Header] = ()) -> Reply:
    """Answer with an expected failure (RFC 9457, and the protocol's own ``error``)."""
    own = ((name.lower().encode(), value.encode()) for name, value in error.headers.items())
    return Reply(error.status, (_PROBLEM, *own, *headers), orjson.dumps(to_problem(error)))
