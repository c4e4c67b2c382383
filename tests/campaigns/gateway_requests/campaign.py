"""Generated requests to a running gateway with a real instance: nothing undocumented is answered."""

import json
import time
from collections import Counter
from typing import Any

import httpx

from tests.campaigns.gateway_requests.requests import Generated, Generator
from tests.campaigns.harness import Campaign, PlantedBug, Run, Void
from tests.campaigns.hostile_tokens.wire import Answer, Wire
from tests.gateway_serving import ServedWorld, running_served_world

_BLOCK = 96
_MAX_VIOLATIONS = 40
_HALF_READ = (400, 414, 431)
_PROBLEM = "application/problem+json"
_MEMBERS = {"type", "title", "status", "detail", "error", "cure"}
_BESIDE = (400, 404, 405, 413, 414, 431)
"""What a request hears that no documented operation is for."""


class _Attack:
    def __init__(self, run: Run, world: ServedWorld) -> None:
        self._run = run
        self._world = world
        self._document = httpx.get(f"{world.gateway.url}/openapi.json").json()
        self._ids: set[bytes] = set()
        self._counts: Counter[str] = Counter()

    def play(self) -> None:
        generator = Generator(self._document, self._world.province, self._run.random)
        began = time.monotonic()
        with Wire(self._world.province.port) as wire:
            for start in range(0, self._run.size, _BLOCK):
                count = min(_BLOCK, self._run.size - start)
                asked = [generator.one() for _ in range(count)]
                for request, answer in zip(asked, wire.ask([r.wire for r in asked]), strict=True):
                    self._check(request, answer)
                if len(self._run.findings.violations) >= _MAX_VIOLATIONS:
                    break
        statuses = dict(sorted(self._counts.items()))
        self._run.report(statuses=statuses, requests=self._counts.total(),
                         seconds=round(time.monotonic() - began, 1))  # fmt: skip
        served = self._counts["200"] + self._counts["202"]
        if served < self._run.size / 10 and not self._run.findings.violations:
            raise Void(f"only {served} of {self._run.size} requests were served")

    def _check(self, request: Generated, answer: Answer | None) -> None:
        if answer is None:
            self._fail(request, "was not answered")
            return
        self._counts[str(answer.status)] += 1
        headers = _headers(answer)
        echo = headers.get("x-client-request-id")
        # A head that is refused half-way may not have been read as far as the caller's id.
        if echo != request.id.decode() and (echo or answer.status not in _HALF_READ):
            self._fail(request, "was given another's answer")
        if not answer.id or answer.id in self._ids:
            self._fail(request, f"was given the id {answer.id!r}, which is none or not its own")
        self._ids.add(answer.id)
        if answer.status not in self._documented(request):
            self._fail(request, f"was answered {answer.cause}, which is not documented")
        if answer.status >= 500:
            self._fail(request, f"was answered {answer.cause}")
        if answer.status < 400 and not request.is_permitted:
            self._fail(request, f"was served without a right: {answer.status}")
        self._check_body(request, answer, headers.get("content-type", ""))

    def _check_body(self, request: Generated, answer: Answer, media_type: str) -> None:
        if answer.status >= 400:
            if media_type != _PROBLEM:
                self._fail(request, f"{answer.status} is no problem document but {media_type}")
            elif request.method != "HEAD" and not _is_problem(answer):
                self._fail(request, f"{answer.status} is no problem document: {answer.body!r}")
            elif request.method != "HEAD" and self._operation(request):
                self._check_cause(request, answer)
            return
        kinds = self._operation(request).get("responses", {}).get(str(answer.status), {})
        if media_type.partition(";")[0] not in kinds.get("content", {}):
            self._fail(request, f"{answer.status} has the media type {media_type}")
        if media_type == "application/json":
            json.loads(answer.body)

    def _check_cause(self, request: Generated, answer: Answer) -> None:
        """Hold a refusal against the examples of its operation: its cause, title and cure."""
        answers = self._operation(request).get("responses", {}).get(str(answer.status), {})
        examples = answers.get("content", {}).get(_PROBLEM, {}).get("examples", {}).values()
        found = json.loads(answer.body)
        if not any(_is_alike(found, example["value"]) for example in examples):
            self._fail(request, f"was refused with a cause that is not documented: {found}")

    def _documented(self, request: Generated) -> tuple[int, ...]:
        operation = self._operation(request)
        return tuple(map(int, operation["responses"])) if operation else _BESIDE

    def _operation(self, request: Generated) -> dict[str, Any]:
        item = self._document["paths"].get(request.template, {})
        found: dict[str, Any] = item.get(request.method.lower(), {})
        return found

    def _fail(self, request: Generated, what: str) -> None:
        where = f"{request.method} {request.template}"
        self._run.note("request", id=request.id.decode(), wire=repr(request.wire[:2000]))
        self._run.expect(holds=False, otherwise=f"{where} {what}")


def _headers(answer: Answer) -> dict[str, str]:
    pairs = [line.decode("latin-1").split(":", 1) for line in answer.head[1:]]
    return {name.strip().lower(): value.strip() for name, value in pairs}


def _is_problem(answer: Answer) -> bool:
    try:
        found = json.loads(answer.body)
    except ValueError:
        return False
    # An OAuth client reads its own word in "error"; all else is alike.
    return set(found) >= _MEMBERS and found["status"] == answer.status


def _is_alike(found: dict[str, Any], example: dict[str, Any]) -> bool:
    return all(found[name] == example[name] for name in ("type", "title", "status", "cure"))


def _play(run: Run) -> None:
    with running_served_world(run.folder / "world") as world:
        _Attack(run, world).play()
        for log in (world.gateway.log, world.instance_log):
            run.expect("Traceback" not in log.read_text(), f"{log.name} has a traceback")


CAMPAIGN = Campaign(
    name="gateway-requests",
    unit="requests",
    small=1_000,
    large=20_000,
    planted=(
        PlantedBug(
            "credentials-that-are-no-text-break-it",
            "edge_gateway/gateway/agent.py",
            "except (binascii.Error, ValueError) as error:",
            "except binascii.Error as error:",
        ),
        PlantedBug(
            "answers-in-another-order",
            "edge_gateway/gateway/connection.py",
            "request, is_last = self._queue.popleft()",
            "request, is_last = self._queue.pop()",
        ),
        PlantedBug(
            "a-body-after-head",
            "edge_gateway/gateway/messages.py",
            'b"" if self.head.method == b"HEAD" else answer.body',
            "answer.body",
        ),
        PlantedBug(
            "undocumented-cause",
            "edge_gateway/gateway/refusals.py",
            "    gateway.NotDeployed,\n",
            "",
        ),
        PlantedBug(
            "no-cure",
            "capability_sdk/contracts/problem.py",
            '**({"cure": error.cure} if error.cure else {}),',
            "",
        ),
        PlantedBug(
            "feedback-needs-no-right",
            "edge_gateway/gateway/paths.py",
            'Route(Kind.FEEDBACK, b"POST")',
            'Route(Kind.FEEDBACK, b"POST", needs_token=False)',
        ),
    ),
    play=_play,
)
