"""Callers that never stop: each gateway worker is called in turn for every one of them."""

import http.client
import json
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.center_stock import DIGITS

_OK = 200
_BODY = b'{"inputs": []}'
_PATH = f"/v2/models/{DIGITS}/infer"
_SECONDS = 30.0
_PAUSE_SECONDS = 0.01
NO_ANSWER = "no answer"


class Answer(NamedTuple):
    """What became of a call; times are monotonic."""

    sent: float
    answered: float
    cause: str
    """Empty for an accepted call; the last part of the problem's type for a refused one."""


@dataclass
class Caller:
    """An application that calls with one token at a time.

    Attributes:
        answers: By lane, such as ``zhejiang/0``.
    """

    name: str
    token: str
    answers: dict[str, list[Answer]] = field(default_factory=dict)

    def accepted_since(self, moment: float) -> dict[str, float]:
        """Return by lane how long after a moment the last call was accepted, 0 for not at all."""
        return {
            lane: max([0.0, *(a.answered - moment for a in answers if not a.cause)])
            for lane, answers in self.answers.items()
        }

    def causes_since(self, moment: float) -> set[str]:
        """Name why calls that were sent after a moment were refused."""
        return {a.cause for each in self.answers.values() for a in each if a.sent > moment} - {""}

    def unserved(self, since: float) -> list[str]:
        """Name the lanes that have not accepted a call that was sent after a moment."""
        return [
            lane
            for lane, answers in self.answers.items()
            if not any(a.sent > since and not a.cause for a in answers)
        ]

    def unheard(self, since: float) -> list[str]:
        """Name the lanes that have had no answer to a call that was sent after a moment."""
        return [
            lane
            for lane, answers in self.answers.items()
            if not any(a.sent > since for a in answers)
        ]

    def is_refused(self, seconds: float) -> bool:
        """Whether every lane has refused every call for so long, up to now."""
        now = time.monotonic()
        accepted = [a.answered for each in self.answers.values() for a in each if not a.cause]
        fresh = all(each and each[-1].answered > now - seconds for each in self.answers.values())
        return fresh and max(accepted, default=0.0) < now - seconds


class Lane(threading.Thread):
    """Calls one gateway worker on behalf of its callers, one call after the other."""

    def __init__(self, name: str, port: int) -> None:
        super().__init__(name=name, daemon=True)
        self._port = port
        self._callers: list[Caller] = []
        self._is_over = False
        self._http = self._connect()

    def add(self, caller: Caller) -> None:
        caller.answers[self.name] = []
        self._callers = [*self._callers, caller]

    def remove(self, caller: Caller) -> None:
        self._callers = [other for other in self._callers if other is not caller]

    def end(self) -> None:
        self._is_over = True
        self.join(2 * _SECONDS)
        self._http.close()

    def run(self) -> None:
        while not self._is_over:
            for caller in self._callers:
                caller.answers[self.name].append(self._call(caller.token))
            time.sleep(_PAUSE_SECONDS)

    def _call(self, token: str) -> Answer:
        sent = time.monotonic()
        try:
            cause = self._ask(token)
        except (OSError, http.client.HTTPException):
            self._http.close()
            self._http = self._connect()
            cause = NO_ANSWER
        return Answer(sent, time.monotonic(), cause)

    def _ask(self, token: str) -> str:
        headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        self._http.request("POST", _PATH, _BODY, headers)
        answer = self._http.getresponse()
        body = answer.read()
        return "" if answer.status == _OK else str(json.loads(body)["type"]).rsplit("/", 1)[-1]

    def _connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self._port, timeout=_SECONDS)


@contextmanager
def running_lanes(ports: Mapping[str, Sequence[int]]) -> Iterator[dict[str, list[Lane]]]:
    """Run a lane to every gateway worker for the length of a ``with`` block, by province."""
    lanes = {
        province: [Lane(f"{province}/{number}", port) for number, port in enumerate(given)]
        for province, given in ports.items()
    }
    every = [lane for each in lanes.values() for lane in each]
    for lane in every:
        lane.start()
    try:
        yield lanes
    finally:
        for lane in every:
            lane.end()
