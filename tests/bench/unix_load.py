"""A load on a Unix socket: every connection sends its next request when its answer is there.

``python -m tests.bench.unix_load SOCKET REQUEST --connections 64 --seconds 4`` prints the number of
answers and the seconds; it ends with code 1 where a request is refused.
"""

import argparse
import json
import selectors
import socket
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

_CHUNK = 1 << 18


@dataclass(slots=True)
class _Caller:
    connection: socket.socket
    received: bytearray = field(default_factory=bytearray)


def load(path: Path, request: bytes, connections: int, seconds: float) -> tuple[int, float]:
    """Load for some seconds; returns answers and seconds.

    Raises:
        SystemExit: A request was refused.
    """
    selector = selectors.DefaultSelector()
    for _ in range(connections):
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.connect(str(path))
        selector.register(connection, selectors.EVENT_READ, _Caller(connection))
        connection.sendall(request)
    answers, began = 0, time.perf_counter()
    while (lasted := time.perf_counter() - began) < seconds:
        for key, _ in selector.select(1.0):
            caller: _Caller = key.data
            caller.received += caller.connection.recv(_CHUNK)
            if not _is_whole(caller.received):
                continue
            answers += 1
            caller.received.clear()
            caller.connection.sendall(request)
    return answers, lasted


def _is_whole(received: bytearray) -> bool:
    """Say whether an answer is there to its last byte."""
    head, end, body = received.partition(b"\r\n\r\n")
    if not end:
        return False
    if not head.startswith(b"HTTP/1.1 200"):
        raise SystemExit(f"no success: {bytes(received[:400])!r}")
    (length,) = (
        int(line.split(b":")[1])
        for line in head.lower().split(b"\r\n")
        if line.startswith(b"content-length:")
    )
    return len(body) >= length


def main() -> int:
    """Load as the arguments say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("socket", type=Path)
    parser.add_argument("request", type=Path, help="file with the bytes of a request")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=4.0)
    given = parser.parse_args()
    request = given.request.read_bytes()
    answers, lasted = load(given.socket, request, given.connections, given.seconds)
    sys.stdout.write(json.dumps({"answers": answers, "seconds": lasted}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
