"""Turns generated cases into requests, sends them as somebody, and judges the answers."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import requests

from center.permissions import PERMISSIONS, Permission, Role
from tests.campaigns.center_requests.checks import objections
from tests.campaigns.center_requests.generation import AnyCase
from tests.campaigns.center_requests.process import Caller, Running
from tests.campaigns.center_requests.steering import Steering, as_json
from tests.campaigns.center_requests.sweep import changed, probes
from tests.campaigns.center_requests.twists import twist

_TIMEOUT_SECONDS = 120  # on a crowded machine; what hangs is silent for longer
_STEERED = 0.9
_STRANGERS = 0.15
_TWISTED = 0.35
_UNSENDABLE = (
    requests.exceptions.InvalidHeader,
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    UnicodeError,
)


@dataclass
class Traffic:
    """What was sent, and how it was answered: statuses by operation and by role."""

    sent: int = 0
    unsendable: int = 0
    by_operation: dict[str, Counter[int]] = field(default_factory=dict)
    by_role: dict[str, Counter[int]] = field(default_factory=dict)
    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))

    def count(self, label: str, caller: str, status: int) -> None:
        """Count an answer."""
        self.sent += 1
        self.by_operation.setdefault(label, Counter())[status] += 1
        self.by_role.setdefault(caller, Counter())[status] += 1


class Sender:
    """Sends cases to one center; its history is in `traffic`."""

    def __init__(self, center: Running, steering: Steering, rng: random.Random) -> None:
        self.traffic = Traffic()
        self._center = center
        self._steering = steering
        self._random = rng
        self._session = requests.Session()
        self._session.trust_env = False

    def send(self, case: AnyCase, *, steer: bool) -> list[str]:
        """Send one generated case and return what does not hold of its answer."""
        caller = self._caller(case)
        try:
            request, twisted = self._request(case, caller, steer=steer)
        except _UNSENDABLE:
            self.traffic.unsendable += 1
            return []
        return self._judge(case, caller, request, twisted)

    def sweep(self, operation: Any, definition: dict[str, Any]) -> Iterator[list[str]]:  # noqa: ANN401
        """Send a good request, its probes and one about nobody; yield what does not hold of each."""
        template, method = operation.path, operation.method.upper()
        caller = self._able(method, template)[-1]
        first = self._steering.body(operation.label, self._steering.path(template))
        for probe in probes(definition, first):
            parts = self._steering.path(template)
            body = first if probe.place == "header" else self._steering.body(operation.label, parts)
            case = operation.Case(
                method=method,
                path_parameters=parts,
                query={probe.name: probe.value} if probe.place == "query" else {},
                headers={probe.name: probe.value} if probe.place == "header" else {},
                **(
                    {}
                    if body is None
                    else {"body": changed(body, probe), "media_type": _media(operation.label)}
                ),
            )
            request = self._as_request(case, caller)
            yield self._judge(case, caller, request, f"{probe.place} {probe.name}")
        if "{" in template:
            body = {} if first is None else {"body": first, "media_type": _media(operation.label)}
            nobody = self._steering.nobody(template)
            case = operation.Case(method=method, path_parameters=nobody, **body)
            yield self._judge(case, caller, self._as_request(case, caller), "unknown id")

    def _judge(self, case: AnyCase, caller: Caller, request: dict[str, Any], how: str) -> list[str]:
        label = case.operation.label
        try:
            answer = self._answer(request)
        except _UNSENDABLE:
            self.traffic.unsendable += 1
            return []
        except (requests.ConnectionError, requests.Timeout) as error:
            return [f"{label} ({caller.name}, {how}): no answer: {type(error).__name__}"]
        self.traffic.seconds[label] += answer.elapsed.total_seconds()
        self.traffic.count(label, caller.name, answer.status_code)
        self._go_on(case, caller, answer)
        told = f"{label} ({caller.name}, {how}) {answer.status_code}"
        found = objections(case, answer, elsewhere=how == "segment")
        return [f"{told}: {what}" for what in found]

    def _able(self, method: str, template: str) -> list[Caller]:
        right = self._center.permissions.get((method, template), Permission.ANYONE)
        return [
            caller
            for caller in self._center.callers
            if right is Permission.ANYONE or right in PERMISSIONS[Role(caller.role)]
        ]

    def _caller(self, case: AnyCase) -> Caller:
        """Choose who asks: mostly somebody who may."""
        able = self._able(case.method, case.path)
        others = [caller for caller in self._center.callers if caller not in able]
        if others and (not able or self._random.random() < _STRANGERS):
            return self._random.choice(others)
        return self._random.choice(able)

    def _request(self, case: AnyCase, caller: Caller, *, steer: bool) -> tuple[dict[str, Any], str]:
        if steer:
            self._steer(case)
        request = self._as_request(case, caller)
        twisted = "steered" if steer else "as generated"
        if self._random.random() < _TWISTED:
            twisted = twist(request, self._random)
        return request, twisted

    def _as_request(self, case: AnyCase, caller: Caller) -> dict[str, Any]:
        request = case.as_transport_kwargs(base_url=self._center.url)
        request["headers"] = {**dict(request["headers"]), **caller.headers}
        request["headers"].pop("X-Schemathesis-TestCaseId", None)
        if isinstance(case.body, dict | list) and "json" in request:
            # Lone surrogates travel as JSON's own escapes.
            request["data"] = as_json(request.pop("json"))
            request["body"] = case.body
        if caller.headers:
            request["cookies"] = None
        _do_not_wait(request)
        return request

    def _steer(self, case: AnyCase) -> None:
        """Replace parts of a case by what exists; a tenth of each stays as generated."""
        known = self._steering.path(case.path)
        for name in case.path_parameters or {}:
            if name in known and self._random.random() < _STEERED:
                case.path_parameters[name] = known[name]
        for name in case.query or {}:
            value = self._steering.query(name)
            if value is not None and self._random.random() < _STEERED:
                case.query[name] = value
        for name in [name for name in case.headers or {} if self._random.random() < _STEERED]:
            del case.headers[name]
        body = self._steering.body(case.operation.label, case.path_parameters or {})
        if body is not None and self._random.random() < _STEERED:
            case.body, case.media_type = body, _media(case.operation.label)

    def _answer(self, request: dict[str, Any]) -> requests.Response:
        request.pop("body", None)
        options: dict[str, Any] = {"timeout": _TIMEOUT_SECONDS, "allow_redirects": False}
        try:
            answer = self._session.request(**request, **options)
        except requests.ConnectionError:
            # The server may have ended an idle connection in the same moment.
            answer = self._session.request(**request, **options)
        self._session.cookies.clear()
        return answer

    def _go_on(self, case: AnyCase, caller: Caller, answer: requests.Response) -> None:
        if answer.ok:
            kind = answer.headers.get("content-type", "")
            is_json = kind == "application/json" and answer.content
            content = answer.json() if is_json else None
            self._steering.learn(case.path, content)
            if isinstance(content, dict) and "applied_through" in content:
                self._steering.telemetry_applied(case.body, content["applied_through"])
        ended = case.method == "DELETE" and case.path.endswith("/current")
        if caller.role != "anonymous" and (ended or answer.status_code == 401):
            caller.renew()


def _media(label: str) -> str:
    special = {
        "POST /oauth2/token": "application/x-www-form-urlencoded",
        "POST /api/v1/packages": "application/gzip",
    }
    return special.get(label, "application/json")


def _do_not_wait(request: dict[str, Any]) -> None:
    """Spare the campaign a long poll's patience."""
    params = request.get("params")
    if isinstance(params, dict) and isinstance(params.get("wait"), int | float):
        params["wait"] = min(params["wait"], 0.01)
