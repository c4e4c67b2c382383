"""An open load: calls come at their rate, whatever becomes of those before them."""

import asyncio
import threading
import time
from dataclasses import dataclass
from typing import Any, Self

import httpx

from tests.gateway_province import bearer

_TIMEOUT_SECONDS = 20.0
_CODE, _WEIGHTS, _VERSION = "x-code-digest", "x-weights-digest", "x-capability-version"


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
    """Calls a gateway at a constant rate in a thread of its own, for the length of a ``with`` block."""

    def __init__(self, url: str, path: str, token: str, rate: float) -> None:
        self._url = url
        self._path = path
        self._token = token
        self._rate = rate
        self._over = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="open load")
        self.answers: list[Answer] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(_TIMEOUT_SECONDS + 10)

    async def _run(self) -> None:
        limits = httpx.Limits(max_connections=200)
        headers = bearer(self._token)
        async with (
            httpx.AsyncClient(
                base_url=self._url, headers=headers, limits=limits, timeout=_TIMEOUT_SECONDS
            ) as http,
            asyncio.TaskGroup() as calls,
        ):
            due = time.monotonic()
            number = 0
            while not self._over.is_set():
                calls.create_task(self._call(http, due, float(number % 1000 + 1)))
                number += 1
                due += 1 / self._rate
                await asyncio.sleep(max(due - time.monotonic(), 0))

    async def _call(self, http: httpx.AsyncClient, due: float, value: float) -> None:
        item = {"name": "x", "datatype": "FP32", "shape": [1, 1], "data": [value]}
        try:
            answer = await http.post(self._path, json={"inputs": [item]})
        except httpx.HTTPError as error:
            seconds = time.monotonic() - due
            self.answers.append(Answer(due, seconds, value, 0, type(error).__name__))
            return
        seconds = time.monotonic() - due
        if not answer.is_success:
            self.answers.append(Answer(due, seconds, value, answer.status_code, answer.text))
            return
        body: dict[str, Any] = answer.json()
        named = (
            body["model_version"],
            *(answer.headers.get(name, "") for name in (_VERSION, _CODE, _WEIGHTS)),
        )
        got = body["outputs"][0]["data"][0]
        self.answers.append(Answer(due, seconds, value, 200, "", got, named))
