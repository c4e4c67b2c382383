"""Whoever calls the province: one caller that never stops, and single questions."""

import threading
import time
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.campaigns.center_away.world import SERVED, Application

_BODY = {"inputs": [{"name": "x", "datatype": "FP32", "shape": [1, 2], "data": [1.0, 2.0]}]}
_PAUSE_SECONDS = 0.01
_OK = 200


@dataclass
class Books:
    """What callers saw; the center must come to the same in the end.

    ``answered`` are calls that must be counted. Where a connection broke off, the call may have
    been counted or not.
    """

    answered: int = 0
    unknown: int = 0
    delegated: int = 0
    """Tokens that the province's own issuer gave."""
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def note(self, answer: httpx.Response | None) -> None:
        with self._turn:
            self.answered += answer is not None and answer.status_code == _OK

    def break_off(self, error: httpx.HTTPError) -> None:
        # Where no connection was made, nothing can have been counted.
        with self._turn:
            self.unknown += not isinstance(error, httpx.ConnectError)


class Desk:
    """Asks the gateway single questions, each over a connection of its own."""

    def __init__(self, url: str, books: Books) -> None:
        self._url = url
        self._books = books

    def token(self, application: Application, *, capability: str = SERVED) -> httpx.Response | None:
        form = {"grant_type": "client_credentials", "scope": f"infer:{capability}"}
        return self._ask(
            "POST", "/oauth2/token", data=form, auth=(application.client_id, application.secret)
        )

    def infer(self, token: str, *, capability: str = SERVED) -> httpx.Response | None:
        headers = {"authorization": f"Bearer {token}"}
        path = f"/v2/models/{capability}/infer"
        answer = self._ask("POST", path, json=_BODY, headers=headers)
        self._books.note(answer)
        return answer

    def autonomy(self, credential: str = "") -> dict[str, Any]:
        headers = {"authorization": f"Bearer {credential}"} if credential else {}
        answer = self._ask("GET", "/health/autonomy", headers=headers)
        found: dict[str, Any] = answer.json() if answer is not None else {}
        return found

    def _ask(self, method: str, path: str, **options: Any) -> httpx.Response | None:  # noqa: ANN401 - httpx's own
        try:
            return httpx.request(method, self._url + path, trust_env=False, timeout=15, **options)
        except httpx.HTTPError as error:
            self._books.break_off(error)
            return None


class Caller(threading.Thread):
    """Calls without a pause, over one connection, with a token that it is given."""

    def __init__(self, url: str, token: str, books: Books) -> None:
        super().__init__(name="caller", daemon=True)
        self.token = token
        self.is_paused = False
        self.failures: list[str] = []
        """What went wrong while nothing of the edge was disturbed."""
        self.calls = 0
        self._url = f"{url}/v2/models/{SERVED}/infer"
        self._books = books
        self._is_over = False

    def run(self) -> None:
        with httpx.Client(trust_env=False, timeout=15) as http:
            while not self._is_over:
                if not self.is_paused:
                    self._call(http)
                time.sleep(_PAUSE_SECONDS)

    def end(self) -> None:
        self._is_over = True
        self.join(30)

    def _call(self, http: httpx.Client) -> None:
        headers = {"authorization": f"Bearer {self.token}"}
        answer: httpx.Response | None = None
        try:
            answer = http.post(self._url, json=_BODY, headers=headers)
            if answer.status_code != _OK:
                self.failures.append(f"{answer.status_code} {answer.text[:100]}")
        except httpx.HTTPError as error:
            self.failures.append(type(error).__name__)
            self._books.break_off(error)
        self.calls += 1
        self._books.note(answer)
