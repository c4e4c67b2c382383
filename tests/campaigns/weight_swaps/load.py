"""An open load: calls come at their rate, whatever becomes of those before them."""

import asyncio
import threading
import time
from dataclasses import dataclass
from typing import Any, Self

import orjson
import uvloop

from edge_gateway.gateway.upstream import Failure, Upstream, UpstreamAnswer

_TIMEOUT_SECONDS = 20.0
_OK = 200
_CODE, _WEIGHTS, _VERSION = b"x-code-digest", b"x-weights-digest", b"x-capability-version"


@dataclass(frozen=True, slots=True)
class Answer:
    """What one call came to.

    Attributes:
        at: When it was due, on the monotonic clock.
        seconds: From then until its answer.
        asked: The value that was sent.
        status: HTTP status; 0 where there was no answer.
        text: Of the body, where it was no success.
        got: The value that came back.
        named: Version in the body, then version, code digest and weights digest of the head.
    """

    at: float
    seconds: float
    asked: float
    status: int
    text: str = ""
    got: float = 0.0
    named: tuple[str, str, str, str] = ("", "", "", "")


class OpenLoad:
    """Calls a gateway at a constant rate in a thread of its own, for the length of a ``with`` block.

    It speaks through the gateway's own client, which costs little: what is measured is not the caller.
    """

    def __init__(self, url: str, path: str, token: str, rate: float) -> None:
        self._url = url
        self._head = (
            f"POST {path} HTTP/1.1\r\nhost: gateway\r\ncontent-type: application/json\r\n"
            f"authorization: Bearer {token}\r\ncontent-length: "
        ).encode()
        self._rate = rate
        self._over = threading.Event()
        self._thread = threading.Thread(target=lambda: uvloop.run(self._run()), name="open load")
        self.answers: list[Answer] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(_TIMEOUT_SECONDS + 10)

    @property
    def latest_version(self) -> str:
        """The version that answered last; empty where the last call came to no answer."""
        return self.answers[-1].named[0] if self.answers else ""

    async def _run(self) -> None:
        gateway = Upstream(self._url, timeout=_TIMEOUT_SECONDS)
        due = time.monotonic()
        number = 0
        while not self._over.is_set():
            self._call(gateway, due, float(number % 1000 + 1))
            number += 1
            due += 1 / self._rate
            await asyncio.sleep(max(due - time.monotonic(), 0))
        while gateway.in_flight:
            gateway.sweep(asyncio.get_running_loop().time())
            await asyncio.sleep(0.05)
        gateway.abort()

    def _call(self, gateway: Upstream, due: float, value: float) -> None:
        item = {"name": "x", "datatype": "FP32", "shape": [1, 1], "data": [value]}
        body = orjson.dumps({"inputs": [item]})

        def done(result: UpstreamAnswer | Failure) -> None:
            seconds = time.monotonic() - due
            self.answers.append(_answer(result, due, seconds, value))

        gateway.exchange(self._head + b"%d\r\n\r\n%b" % (len(body), body), done)


def _answer(result: UpstreamAnswer | Failure, due: float, seconds: float, value: float) -> Answer:
    if isinstance(result, Failure):
        return Answer(due, seconds, value, 0, result.value)
    if result.head.status != _OK:
        return Answer(due, seconds, value, result.head.status, result.body.decode())
    body: dict[str, Any] = orjson.loads(result.body)
    headers = result.head.headers
    heads = (headers.get(name, b"").decode() for name in (_VERSION, _CODE, _WEIGHTS))
    named = (body["model_version"], *heads)
    got = body["outputs"][0]["data"][0]
    return Answer(due, seconds, value, result.head.status, "", got, named)
