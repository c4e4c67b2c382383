"""Calls through a gateway, many at once: HTTP/1.1 in plain bytes, so that the caller costs little.

What the load measures is the capability, not its caller: a full HTTP client takes more CPU for a call
than gateway and instance together.
"""

import asyncio
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from capability_sdk.contracts.inference import REQUEST_ID_HEADER

TIMEOUT_SECONDS = 30.0
_HEAD_BYTES = 1 << 16
_MOST_BYTES = 64 << 20
_METERED = frozenset({200, 400})
"""Statuses of an instance's own answers; a gateway's refusals are others, and are not counted."""


class NoAnswer(Exception):
    """The gateway did not answer, or with something that is no answer."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request without its credential.

    Attributes:
        head: Its own header lines, each with its line end.
    """

    method: str
    path: str
    body: bytes = b""
    head: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def document(self) -> dict[str, Any]:
        """Return the JSON object that the body is; an empty one where it is none."""
        try:
            document = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return document if isinstance(document, dict) else {}

    @property
    def complaint(self) -> str:
        """What a refusal says."""
        said = self.document().get("error")
        return f"{self.status}: {said}" if said else f"{self.status} without a word"


class Gateway:
    """A caller of one gateway; connections are kept, one for each call under way."""

    def __init__(self, url: str, token: str) -> None:
        address = urlsplit(url)
        self._host = address.hostname or ""
        self._tls = ssl.create_default_context() if address.scheme == "https" else None
        self._port = address.port or (443 if self._tls else 80)
        self._netloc = address.netloc
        self._bearer = f"authorization: Bearer {token}\r\n"
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self.answered: list[str] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for _, writer in self._idle:
            writer.close()

    async def ask(self, call: Call, *, anonymous: bool = False) -> Answer:
        """Make one call.

        Raises:
            NoAnswer: None came within `TIMEOUT_SECONDS`.
        """
        request = self._encode(call, "" if anonymous else self._bearer)
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                answer = await self._exchange(request)
        except TimeoutError as error:
            raise NoAnswer(f"no answer within {TIMEOUT_SECONDS:.0f} seconds") from error
        except (OSError, EOFError, ValueError) as error:
            raise NoAnswer(f"the connection broke: {type(error).__name__}") from error
        if call.method == "POST" and answer.status in _METERED:
            self.answered.append(answer.headers.get(REQUEST_ID_HEADER, ""))
        return answer

    def _encode(self, call: Call, credential: str) -> bytes:
        head = (
            f"{call.method} {call.path} HTTP/1.1\r\nhost: {self._netloc}\r\n{credential}{call.head}"
            f"content-length: {len(call.body)}\r\n\r\n"
        )
        return head.encode() + call.body

    async def _exchange(self, request: bytes) -> Answer:
        if self._idle:
            reader, writer = self._idle.pop()
        else:
            reader, writer = await asyncio.open_connection(
                self._host, self._port, ssl=self._tls, limit=_HEAD_BYTES
            )
        try:
            writer.write(request)
            answer = await _read(reader)
        except BaseException:
            writer.close()
            raise
        if answer.headers.get("connection") == "close":
            writer.close()
        else:
            self._idle.append((reader, writer))
        return answer


async def _read(reader: asyncio.StreamReader) -> Answer:
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").strip().split("\r\n")
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    length = int(headers.get("content-length", "0"))
    if not 0 <= length <= _MOST_BYTES:
        raise ValueError("an answer of this size is not read")
    return Answer(int(first.split(" ")[1]), headers, await reader.readexactly(length))
