"""The benchmarks' procedure on a small server: what counts, and what is void. No time is asserted."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.bench.load import LOAD_CORE, Call, Load
from tests.bench.procedure import Candidate, measure
from tests.servers.process import find_program

pytestmark = pytest.mark.skipif(
    LOAD_CORE not in os.sched_getaffinity(0), reason="the procedure needs two cores"
)


class _Echo(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    seen: set[str] = set()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.seen.add(self.headers.get("authorization", ""))
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def _echo() -> Iterator[str]:
    _Echo.seen.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), _Echo) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(("answer", "is_void"), [("{}", False), ('{"another":1}', True)])
def test_a_window_counts_only_with_right_answers(
    tmp_path: Path, answer: str, is_void: bool
) -> None:
    find_program("wrk")
    with _echo() as url:
        load = Load(tmp_path, "echo", url, Call("/", "{}", [answer], {}))
        window = measure(Candidate("echo", (os.getpid(),), load), connections=2, seconds=1)

    assert (window is None) == is_void
    assert window is None or (window.cpu_us > 0 and window.rate > 0)


def test_a_pass_uses_every_token_once_and_then_ends(tmp_path: Path) -> None:
    find_program("wrk")
    tokens = [f"token-{number}" for number in range(100)]
    with _echo() as url:
        seen = Load(tmp_path, "pass", url, Call("/", "{}", ["{}"], {}, tokens)).run_through(2)

    assert not seen.is_void
    assert {f"Bearer {token}" for token in tokens} <= _Echo.seen
    assert 100 <= seen.requests < 110
