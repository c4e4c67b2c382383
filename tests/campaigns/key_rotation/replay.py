"""A center that says again what it said before: what somebody between it and an edge could do."""

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_BEARER = {"access_token": "replayed", "token_type": "Bearer", "expires_in": 900, "scope": "edge"}


class Replay(http.server.ThreadingHTTPServer):
    """Gives every edge a token, and an old document as its desired state."""

    def __init__(self, document: bytes) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.document = document
        self.served = 0

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def has_served(self, times: int) -> bool:
        """Tell whether the document was given out so often."""
        return self.served >= times


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self._answer(200, json.dumps(_BEARER).encode(), "application/json")

    def do_GET(self) -> None:
        assert isinstance(self.server, Replay)
        if not self.path.split("?")[0].endswith("/desired-state"):
            self._answer(503, b"{}", "application/json")
            return
        self.server.served += 1
        self._answer(200, self.server.document, "application/jose")

    def log_message(self, *_: object) -> None:
        """Say nothing: what came is counted."""

    def _answer(self, status: int, body: bytes, content_type: str) -> None:
        self.send_response(status)
        self.send_header("content-type", content_type)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def running_replay(document: bytes) -> Iterator[Replay]:
    """Serve an old document for the length of a ``with`` block."""
    with Replay(document) as server:
        thread = threading.Thread(target=server.serve_forever, name="replay", daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join(10)
