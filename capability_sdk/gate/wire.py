"""HTTP/1.1 to an instance on its Unix socket, as little of it as an instance speaks.

The judge asks thousands of times within seconds, so it writes and reads plain bytes. What answers is
not trusted: every answer is bounded in size and in time.
"""

import json
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

_MOST_BYTES = 64 << 20
_HEAD_BYTES = 1 << 16
_CHUNK = 1 << 18


class NoAnswer(Exception):
    """The instance did not answer, or with something that is no answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    body: bytes

    def document(self) -> dict[str, Any]:
        """Return the JSON object that the body is; an empty one where it is none."""
        try:
            document = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return document if isinstance(document, dict) else {}


def request_of(method: str, path: str, body: bytes = b"") -> bytes:
    """Return the bytes of a request with a JSON body."""
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: instance\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Wire:
    """One connection; of `send` and `receive` it takes one after the other."""

    def __init__(self, path: Path, timeout: float) -> None:
        """Connect.

        Args:
            path: The instance's socket.
            timeout: Seconds that it may keep silent.

        Raises:
            NoAnswer: Nobody listens there.
        """
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(timeout)
        self._rest = b""
        try:
            self._socket.connect(str(path))
        except OSError as error:
            self._socket.close()
            raise NoAnswer(f"nobody listens on the socket: {error.strerror or error}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def ask(self, request: bytes) -> Answer:
        """Send a request and wait for its answer.

        Raises:
            NoAnswer: None came.
        """
        self.send(request)
        return self.receive()

    def send(self, request: bytes) -> None:
        """Send a request.

        Raises:
            NoAnswer: The connection is closed.
        """
        try:
            self._socket.sendall(request)
        except OSError as error:
            raise NoAnswer(f"it takes no request: {error.strerror or error}") from error

    def receive(self) -> Answer:
        """Wait for the answer to the oldest request.

        Raises:
            NoAnswer: None came.
        """
        head = self._until_head_ends()
        status, length = _read_head(head)
        parts = [self._rest]
        missing = length - len(self._rest)
        while missing > 0:
            parts.append(self._more())
            missing -= len(parts[-1])
        whole = b"".join(parts)
        self._rest = whole[length:]
        return Answer(status, whole[:length])

    def _until_head_ends(self) -> bytes:
        while b"\r\n\r\n" not in self._rest:
            if len(self._rest) > _HEAD_BYTES:
                raise NoAnswer("what it answers is no HTTP")
            self._rest += self._more()
        head, _, self._rest = self._rest.partition(b"\r\n\r\n")
        return head

    def _more(self) -> bytes:
        try:
            chunk = self._socket.recv(_CHUNK)
        except TimeoutError as error:
            seconds = self._socket.gettimeout()
            raise NoAnswer(f"no answer within {seconds:.0f} seconds") from error
        except OSError as error:
            raise NoAnswer(f"the connection broke: {error.strerror or error}") from error
        if not chunk:
            raise NoAnswer("it closed the connection without an answer")
        return chunk


def _read_head(head: bytes) -> tuple[int, int]:
    """Return status and length of the body."""
    first, *lines = head.split(b"\r\n")
    fields = dict(line.lower().split(b":", 1) for line in lines if b":" in line)
    try:
        status = int(first.split(b" ")[1])
        length = int(fields.get(b"content-length", b"0"))
    except (IndexError, ValueError):
        raise NoAnswer("what it answers is no HTTP") from None
    if not 0 <= length <= _MOST_BYTES:
        raise NoAnswer(f"its answer has {length} bytes, more than {_MOST_BYTES}")
    return status, length
