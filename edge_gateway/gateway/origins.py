"""Cross-origin calls: the console's pages may read answers about models; no other page may.

Who asks is decided by the token alone, so no cookie and no credential of a browser takes part.
"""

from edge_gateway.gateway.messages import Head
from edge_gateway.gateway.paths import Kind, Route
from edge_gateway.state import StateView

PREFLIGHT = Route(Kind.PREFLIGHT, b"OPTIONS", needs_token=False)
"""What a browser asks before it sends the call itself."""

_READABLE = (
    b"x-capability-version, x-code-digest, x-weights-digest, x-request-id, "
    b"ratelimit, ratelimit-policy, retry-after"
)
_PREFLIGHT_LINES = {
    method: b"access-control-allow-methods: %b\r\n"
    b"access-control-allow-headers: authorization, content-type\r\n"
    b"access-control-max-age: 600\r\n" % method
    for method in (b"GET", b"POST")
}


class Origins:
    """Knows whose pages may call, by the state in force."""

    def __init__(self) -> None:
        self._lines: dict[bytes, bytes] = {}

    def use_state(self, view: StateView | None) -> None:
        """Take over which origins the state in force names."""
        trials = None if view is None else view.state.trials
        self._lines = {
            origin.encode(): b"access-control-allow-origin: %b\r\nvary: Origin\r\n"
            b"access-control-expose-headers: %b\r\n" % (origin.encode(), _READABLE)
            for origin in (trials.origins if trials is not None else ())
        }

    def admit(self, head: Head, route: Route) -> Route:
        """Let the page that a call came from read the answer, where it may.

        Args:
            head: Names an origin; what a permitted page needs is noted in it.
            route: What the call asks for.

        Returns:
            The route, or `PREFLIGHT` where a permitted page asks whether it may call.
        """
        is_about_models = route.kind is Kind.INFER or route.kind is Kind.MODEL
        lines = self._lines.get(head.headers[b"origin"]) if is_about_models else None
        # A page that may not is answered as any other caller; its browser keeps the answer from it.
        if lines is None or b"origin" in head.repeated:
            head.cross_origin = b""
            return route
        head.cross_origin = lines
        asked = head.headers.get(b"access-control-request-method")
        if head.method != b"OPTIONS" or asked != route.method:
            return route
        head.cross_origin = lines + _PREFLIGHT_LINES[route.method]
        return PREFLIGHT
