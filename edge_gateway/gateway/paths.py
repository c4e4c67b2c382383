"""Which request targets exist: an allow-list, behind one normalisation that changes nothing.

A target that two readers could understand differently is refused instead of repaired.
"""

import re
from dataclasses import dataclass
from enum import IntEnum, auto

from edge_gateway.errors import MalformedRequest, NoSuchPath

MAX_TARGET_BYTES = 8192
_MAX_REMEMBERED = 4096
_MAX_REMEMBERED_BYTES = 256

_PLAIN = re.compile(rb"/[A-Za-z0-9._/~:@!$&'()*+,=-]*")
_MODEL = re.compile(
    rb"/v2/models/(?P<name>[a-z][a-z0-9-]{1,62})"
    rb"(?:/versions/(?P<version>(?:0|[1-9][0-9]{0,5})(?:\.(?:0|[1-9][0-9]{0,5})){2}|[0-9]{1,6}))?"
    rb"(?P<action>/infer|/ready|)"
)


class Kind(IntEnum):
    """What a path asks for; an integer, since those hash quickest."""

    INFER = auto()
    MODEL = auto()
    SERVER = auto()
    SERVER_READY = auto()
    LIVE = auto()
    READY = auto()
    AUTONOMY = auto()
    TOKEN = auto()
    FEEDBACK = auto()
    METRICS = auto()
    DISPATCH = auto()
    DESCRIPTION = auto()
    PREFLIGHT = auto()


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """A known path: `Paths` gives out the same one for the same target.

    Attributes:
        kind: What it asks for.
        method: The only method that it knows.
        capability: Name, where it is about one.
        version: Exact or major version, where the caller named one.
        action: Rest of a model's path, such as ``/infer``.
        needs_token: Whether a caller must present an access token.
    """

    kind: Kind
    method: bytes
    capability: str = ""
    version: str | None = None
    action: str = ""
    needs_token: bool = True


FIXED = {
    "/v2": Route(Kind.SERVER, b"GET"),
    "/v2/health/live": Route(Kind.LIVE, b"GET", needs_token=False),
    "/v2/health/ready": Route(Kind.SERVER_READY, b"GET"),
    "/health/live": Route(Kind.LIVE, b"GET", needs_token=False),
    "/health/ready": Route(Kind.READY, b"GET", needs_token=False),
    "/health/autonomy": Route(Kind.AUTONOMY, b"GET", needs_token=False),
    "/oauth2/token": Route(Kind.TOKEN, b"POST", needs_token=False),
    "/v1/feedback": Route(Kind.FEEDBACK, b"POST"),
    "/metrics": Route(Kind.METRICS, b"GET", needs_token=False),
    "/dispatch": Route(Kind.DISPATCH, b"GET", needs_token=False),
    "/openapi.json": Route(Kind.DESCRIPTION, b"GET", needs_token=False),
}
MODEL_PATHS = {
    f"/v2/models/{{capability}}{version}{action}": Route(
        Kind.INFER if action == "/infer" else Kind.MODEL,
        b"POST" if action == "/infer" else b"GET",
        action=action,
    )
    for version in ("", "/versions/{version}")
    for action in ("", "/ready", "/infer")
}
"""What `_MODEL` reads, as path templates."""
_FIXED = {path.encode(): route for path, route in FIXED.items()}


def read_target(target: bytes) -> Route:
    """Find the route of a request target.

    Raises:
        MalformedRequest: Encoded or doubled separators, dot segments, or no origin-form at all.
        NoSuchPath: Well-formed, but not served.
    """
    path = target.partition(b"?")[0]
    if not _PLAIN.fullmatch(path) or b"//" in path:
        raise MalformedRequest("The path is not plain: no encoding, no empty segments, no tricks.")
    if any(segment in (b".", b"..") for segment in path.split(b"/")):
        raise MalformedRequest("The path has dot segments.")
    fixed = _FIXED.get(path)
    if fixed is not None:
        return fixed
    model = _MODEL.fullmatch(path)
    if model is None:
        raise NoSuchPath("The gateway serves no such path.")
    version, action = model["version"], model["action"].decode()
    return Route(
        kind=Kind.INFER if action == "/infer" else Kind.MODEL,
        method=b"POST" if action == "/infer" else b"GET",
        capability=model["name"].decode(),
        version=None if version is None else version.decode(),
        action=action,
    )


class Paths:
    """Remembers the routes of paths that were asked for."""

    def __init__(self) -> None:
        self._known: dict[bytes, Route] = {}

    def find(self, target: bytes) -> Route:
        """Find the route of a target; see `read_target`."""
        route = self._known.get(target)
        if route is None:
            route = read_target(target)
            if len(target) <= _MAX_REMEMBERED_BYTES:
                if len(self._known) >= _MAX_REMEMBERED:
                    self._known.clear()
                self._known[target] = route
        return route
