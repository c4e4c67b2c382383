"""What of a call an instance sees, and what of its answer the caller."""

from collections.abc import Iterable, Mapping
from functools import lru_cache

from capability_sdk.contracts.inference import (
    BINARY_HEADER,
    CODE_DIGEST_HEADER,
    REQUEST_ID_HEADER,
    TRIAL_HEADER,
    VERSION_HEADER,
    WEIGHTS_DIGEST_HEADER,
)
from edge_gateway.gateway.messages import Request
from edge_gateway.gateway.paths import Route

FORWARDED = (
    b"content-type",
    BINARY_HEADER.encode(),
    b"accept",
    b"content-encoding",
    b"traceparent",
)
"""Headers of a caller that an instance sees; all others stop here."""
RETURNED = tuple(
    name.encode()
    for name in (
        "content-type",
        BINARY_HEADER,
        VERSION_HEADER,
        CODE_DIGEST_HEADER,
        WEIGHTS_DIGEST_HEADER,
    )
)
"""Headers of an instance that a caller sees."""
_TRIAL = f"{TRIAL_HEADER}: 1\r\n".encode()


def encode(request: Request, route: Route, version: str, credential: bytes) -> bytes:
    """Write a caller's request for an instance.

    Args:
        request: As it came.
        route: What it asks for.
        version: The exact version that shall answer.
        credential: Header line that the instance asks of each call; may be empty.
    """
    if request.head.forwarded is None:
        request.head.forwarded = _forwarded(request)
    return b"%b%b\r\n%b%bcontent-length: %d\r\n\r\n%b" % (
        _beginning(route, version),
        request.id,
        credential,
        request.head.forwarded,
        len(request.body),
        request.body,
    )


def _forwarded(request: Request) -> bytes:
    lines = lines_of(request.head.headers, FORWARDED)
    is_trial = request.caller is not None and request.caller.trial is not None
    return lines + _TRIAL if is_trial else lines


@lru_cache(maxsize=1024)
def _beginning(route: Route, version: str) -> bytes:
    """Begin a request to an instance, up to the id of the call."""
    target = f"/v2/models/{route.capability}/versions/{version}{route.action}"
    begin = f"{route.method.decode()} {target} HTTP/1.1\r\nhost: instance\r\n"
    return f"{begin}{REQUEST_ID_HEADER}: ".encode()


def lines_of(headers: Mapping[bytes, bytes], names: Iterable[bytes]) -> bytes:
    """Write those of some headers that there are, a line each."""
    return b"".join(b"%b: %b\r\n" % (name, headers[name]) for name in names if name in headers)
