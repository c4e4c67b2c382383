"""Where a request ends and whom it is for: what two readers could see differently is refused."""

from edge_gateway.errors import MalformedRequest
from edge_gateway.gateway.messages import Head

_SINGLE = frozenset(
    (b"host", b"content-length", b"transfer-encoding", b"content-type",
     b"inference-header-content-length", b"x-request-id", b"x-affinity-key")
)  # fmt: skip
"""Headers that may come once. Of a repeated Authorization the application speaks: 401, not 400."""
_CHANGES_FRAMING = frozenset((b"expect", b"transfer-encoding"))


def check_framing(head: Head, http_version: str) -> None:
    """Refuse a head whose meaning is open.

    Raises:
        MalformedRequest: It is.
    """
    headers, repeated = head.headers, head.repeated
    if repeated and repeated & _SINGLE:
        raise MalformedRequest("A header that must be single came more than once.")
    if b"host" not in headers and http_version != "1.0":
        raise MalformedRequest("The request names no host.")
    if not head.target.startswith(b"/"):
        raise MalformedRequest("The request target is not in origin form.")
    encoding = headers.get(b"transfer-encoding")
    if encoding is not None and (encoding.lower() != b"chunked" or b"content-length" in headers):
        raise MalformedRequest("The length of the body is ambiguous.")
    if not headers.get(b"content-length", b"0").isdigit():
        raise MalformedRequest("The length of the body is no number.")
    if b"upgrade" in headers:
        raise MalformedRequest("This gateway does not change protocols.")


def is_repeatable(head: Head, http_version: str) -> bool:
    """Whether all that follows from a head follows from one with equal bytes again."""
    return (
        http_version == "1.1"
        and not head.repeated
        and _CHANGES_FRAMING.isdisjoint(head.headers)
        and head.headers.get(b"connection", b"keep-alive").lower() == b"keep-alive"
    )
