"""Many requests over few connections, and what makes two answers alike."""

import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

_BATCH = 24
_TIMEOUT_SECONDS = 20.0
_OWN_TO_EACH = (b"x-request-id:", b"connection:")


@dataclass(frozen=True)
class Answer:
    """An answer; ``head`` is without the lines that differ from answer to answer."""

    status: int
    head: tuple[bytes, ...]
    body: bytes
    id: bytes = field(default=b"", compare=False)

    @property
    def cause(self) -> str:
        """Name the kind of answer: the cause of a refusal, or the bare status."""
        mark = b'"type":"/problems/'
        if mark not in self.body:
            return str(self.status)
        cause = self.body.partition(mark)[2].partition(b'"')[0].decode()
        return f"{self.status} {cause}"


class Wire:
    """One keep-alive connection at a time; requests are sent pipelined."""

    def __init__(self, address: int | Path) -> None:
        """Connect to a port on loopback, or to a Unix socket."""
        self._address = address
        self._connect()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()
        self._socket.close()

    def ask(self, requests: Sequence[bytes]) -> list[Answer | None]:
        """Send whole requests; return their answers in order, None where none came."""
        found: list[Answer | None] = []
        while len(found) < len(requests):
            batch = requests[len(found) : len(found) + _BATCH]
            found += self._exchange(batch)
        return found

    def _exchange(self, batch: Sequence[bytes]) -> list[Answer | None]:
        answers: list[Answer | None] = []
        try:
            self._socket.sendall(b"".join(batch))
            for request in batch:
                answer, is_last = self._read(has_body=not request.startswith(b"HEAD "))
                answers.append(answer)
                if is_last:
                    raise ConnectionResetError
        except OSError:
            self.close()
            self._connect()
            # Who follows a refused framing on the same connection is asked again.
            return answers or [None]
        return answers

    def _connect(self) -> None:
        if isinstance(self._address, Path):
            self._socket = socket.socket(socket.AF_UNIX)
            self._socket.settimeout(_TIMEOUT_SECONDS)
            self._socket.connect(str(self._address))
        else:
            self._socket = socket.create_connection(("127.0.0.1", self._address), _TIMEOUT_SECONDS)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._stream = self._socket.makefile("rb", 1 << 18)

    def _read(self, *, has_body: bool) -> tuple[Answer, bool]:
        line = self._stream.readline()
        if line == b"HTTP/1.1 100 Continue\r\n":
            self._stream.readline()
            line = self._stream.readline()
        if not line.startswith(b"HTTP/1.1 "):
            raise ConnectionResetError
        status, head, length, is_last = int(line.split(b" ", 2)[1]), [line], 0, False
        own_id = b""
        while (line := self._stream.readline()) != b"\r\n":
            if not line:
                raise ConnectionResetError
            lower = line.lower()
            if lower.startswith(b"content-length:"):
                length = int(lower.split(b":")[1])
            is_last = is_last or lower.startswith(b"connection: close")
            if lower.startswith(b"x-request-id:"):
                own_id = line[13:].strip()
            if not lower.startswith(_OWN_TO_EACH):
                head.append(line)
        body = self._stream.read(length) if has_body else b""
        return Answer(status, tuple(head), body, own_id), is_last
