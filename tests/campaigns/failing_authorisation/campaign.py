"""An exception at each step of the way to a decision lets nothing through (H18)."""

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

import httpx

from capability_sdk.contracts.nodes import Endpoint, EndpointList
from capability_sdk.contracts.tokens import audience
from tests.campaigns.failing_authorisation import planted
from tests.campaigns.failing_authorisation.failpoints import (
    BOARD_VARIABLE,
    Board,
    Failpoint,
    failpoints,
)
from tests.campaigns.harness import Campaign, Run, Void
from tests.gateway_province import (
    CAPABILITY,
    INFER,
    PROVINCE,
    Gateway,
    Peers,
    Province,
    Signer,
    bearer,
    running_gateway,
)
from tests.waiting import eventually

_MODULE = "tests.campaigns.failing_authorisation.gateway"
_VERSIONS = ("1.0.0", "1.1.0")
_STATE_SECONDS = 0.5
_SILENCE_SECONDS = 10.0
_RECOVERY_SECONDS = 4.0
_SMALL = 105
_MAX_VIOLATIONS = 30
_LEAST_REACHED = 0.5
_PROBLEM = "application/problem+json"
_FEEDBACK = {"items": [{"request_id": "r-1", "row": 0, "truth": 1}]}
_EXACT = f"/v2/models/{CAPABILITY}/versions/1.0.0/infer"
_MAJOR = f"/v2/models/{CAPABILITY}/versions/1/infer"
_MODEL = f"/v2/models/{CAPABILITY}"
# What is only walked when another state comes into force.
_ON_CHANGE = ("use_state", "use_zone", "use", "keep_only", "adopt", "_make", "make_split", "eligible",
              "refresh_state", "_delegate", "public_keys", "_public_key", "_begin_window")  # fmt: skip
# Which of these fails decides what half of a state is in force, so none is left to chance.
_CHANGE_OVER = ("GatewayApp.refresh_state", "Inference.use_state", "TokenVerifier.use")


@dataclass(frozen=True)
class _Call:
    """A call, and whether it has a right to an answer."""

    name: str
    is_good: bool
    token: str
    path: str = INFER
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class _World:
    """A gateway with failpoints, and what is behind it."""

    province: Province
    gateway: Gateway
    peers: Peers
    board: Board
    client: httpx.Client


class _Attack:
    """One run against one gateway."""

    def __init__(self, run: Run, world: _World, points: list[Failpoint]) -> None:
        self._run = run
        self._world = world
        self._points = points
        self._stranger = Signer("token-1")
        self._next_key = Signer("token-2")
        self._number = 0
        self._served: dict[str, str] = {}
        self._point = "before any"
        self._permitted: set[str] = set()
        self._silent = 0
        self._before = self._seen()
        self._wavers = True
        self.reached: set[int] = set()

    def play(self) -> None:
        """Let one statement after the other fail."""
        most = 1 if self._run.size <= _SMALL else _MAX_VIOLATIONS
        for point in self._points:
            self._try(point)
            if len(self._run.findings.violations) >= most:
                return
        self._reconcile()

    def _try(self, point: Failpoint) -> None:
        world = self._world
        calls = self._calls(point)
        self._point = str(point)
        world.board.arm(point.number)
        is_on_change = point.function.rpartition(".")[2] in _ON_CHANGE
        if is_on_change:
            self._change_state()
        for call in calls:
            hits = world.board.hits
            answer = self._ask(call)
            is_hit = world.board.hits > hits and not is_on_change
            self._expect(point, call, answer, is_hit=is_hit)
        if world.board.hits:
            self.reached.add(point.number)
        world.board.arm(0)
        self._recover(f"{point}: good calls", calls[0], 200)
        if is_on_change:
            status = 200 if self._wavers else 403
            self._recover(f"{point}: calls of the new state", self._wavering(), status)
            status = 200 if self._wavers else 401
            self._recover(f"{point}: tokens of the other key", self._of_next_key(point), status)

    def _calls(self, point: Failpoint) -> list[_Call]:
        province, now = self._world.province, int(time.time())
        own = f"app-{point.number}"
        good = province.application_token(own)
        fresh = province.application_token(own)
        sticky = {"x-affinity-key": "k"}
        old: dict[str, Any] = {"iat": now - 900, "exp": now - 60}
        calls = [
            _Call("good", True, good),
            _Call("good and cached", True, good, _MAJOR, sticky),
            _Call("good, exact version", True, fresh, _EXACT),
            _Call("good feedback", True, fresh, "/v1/feedback"),
            _Call("good metadata", True, good, _MODEL),
            _Call("forged", False, province.token(self._stranger)),
            _Call("cut", False, good[:-4]),
            _Call("expired", False, province.token(sub=own, client_id=own, **old)),
            _Call(
                "foreign", False, province.token(sub=own, client_id=own, aud=audience("guizhou"))
            ),
            _Call(
                "of another scope", False, province.token(sub=own, client_id=own, scope="infer:x")
            ),
            _Call("without grant", False, province.application_token("nobody")),
            _Call("suspended", False, province.application_token("suspended")),
            _Call("over quota", False, province.application_token("spent")),
            _Call("over rate", False, province.application_token("hurried")),
            _Call("forged feedback", False, province.token(self._stranger), "/v1/feedback"),
            _Call("inactive feedback", False, province.application_token("gone"), "/v1/feedback"),
            _Call("forged metadata", False, province.token(self._stranger), _MODEL),
        ]
        self._run.random.shuffle(calls)
        return sorted(calls, key=lambda call: call.name != "good")

    def _ask(self, call: _Call) -> httpx.Response | None:
        self._number += 1
        own_id = f"call-{self._number}"
        headers = {**bearer(call.token), **call.headers, "x-request-id": own_id}
        try:
            if call.path == _MODEL:
                answer = self._world.client.get(call.path, headers=headers)
            else:
                body = _FEEDBACK if call.path == "/v1/feedback" else {"inputs": []}
                answer = self._world.client.post(call.path, json=body, headers=headers)
        except httpx.TransportError as error:
            self._run.note("no answer", call=call.name, error=repr(error))
            self._silent += call.is_good
            return None
        self._run.expect(
            answer.headers.get("x-client-request-id") == own_id, f"{call.name}: another's answer"
        )
        gateways_id = answer.headers.get("x-request-id", "")
        self._run.note("answer", point=self._point, call=call.name, status=answer.status_code)
        if call.is_good:
            self._permitted.add(gateways_id)
        if answer.status_code == 200 and call.path.endswith("/infer"):
            self._served[gateways_id] = f"{self._point}: {call.name}"
        return answer

    def _expect(
        self, point: Failpoint, call: _Call, answer: httpx.Response | None, *, is_hit: bool
    ) -> None:
        if answer is None:
            self._run.expect(holds=False, otherwise=f"{point}: {call.name} was not answered")
            return
        status = answer.status_code
        self._run.expect("x-request-id" in answer.headers, f"{point}: {call.name} has no id")
        if not call.is_good:
            self._run.expect(status >= 400, f"{point}: {call.name} was answered {status}")
        elif status < 400:
            self._run.expect(
                not is_hit, f"{point}: {call.name} was answered {status} over a failure"
            )
        else:
            kind = answer.headers.get("content-type")
            is_right = status in (500, 503) and kind == _PROBLEM
            told = f"{status} {kind}: {answer.text[:200]}"
            self._run.expect(is_right, f"{point}: {call.name} was answered {told}")

    def _recover(self, what: str, call: _Call, wanted: int) -> None:
        """Once nothing fails any more, no slot is lost, and no state is half in force."""
        deadline = time.monotonic() + _RECOVERY_SECONDS
        while True:
            answer = self._ask(call)
            status = None if answer is None else answer.status_code
            if status == wanted:
                return
            if time.monotonic() > deadline:
                self._run.expect(holds=False, otherwise=f"{what} are {status} afterwards")
                return
            time.sleep(0.05)

    def _wavering(self) -> _Call:
        token = self._world.province.application_token("wavering")
        return _Call("wavering", True, token)

    def _of_next_key(self, point: Failpoint) -> _Call:
        own = f"app-{point.number}"
        token = self._world.province.token(self._next_key, sub=own, client_id=own)
        return _Call("of the other key", True, token)

    def _change_state(self) -> None:
        """Publish another state, and wait until it was taken over, or could not be."""
        world, province = self._world, self._world.province
        self._wavers = not self._wavers
        province.subscribe("wavering", active=self._wavers)
        province.token_keys = [province.token_key, *([self._next_key] if self._wavers else [])]
        province.key_version += 1
        province.publish()
        deadline = time.monotonic() + _STATE_SECONDS
        while not world.board.hits and time.monotonic() < deadline:
            time.sleep(0.02)

    def _reconcile(self) -> None:
        """Whatever reached an instance was permitted, and what was answered is in the books."""
        self._world.gateway.stop()
        records = self._world.province.usage()
        usage = [item["request_id"] for item in records if "turned_away" not in item]
        seen = self._seen()
        stray = seen - self._before - self._permitted
        self._run.note("reached an instance", stray=sorted(stray))
        self._run.expect(
            len(stray) <= self._silent, f"{len(stray)} calls reached an instance without a right"
        )
        self._run.expect(set(usage) <= seen, "a call was counted that no instance saw")
        self._run.expect(len(usage) == len(set(usage)), "a call was counted twice")
        for uncounted in sorted(self._served.keys() - set(usage)):
            where = self._served[uncounted]
            self._run.expect(
                holds=False, otherwise=f"{where}: served, but not counted: {uncounted}"
            )
        self._run.report(reached_instances=len(seen), metered=len(usage))

    def _seen(self) -> set[str]:
        """Return the ids of the calls that reached an instance."""
        lines = [line for version in _VERSIONS for line in self._world.peers.seen(version)]
        return {line.split()[0] for line in lines}


@contextmanager
def _running(run: Run, points: list[Failpoint]) -> Iterator[_World]:
    with ExitStack() as stack:
        peers = Peers(run.folder / "peers", stack)
        province = Province(run.folder / PROVINCE)
        province.deployments = {CAPABILITY: dict.fromkeys(_VERSIONS, 50)}
        _subscribe(province, points)
        _place(province, peers)
        peers.agent(province)
        province.publish()
        board = Board(run.folder / "board")
        environment = {BOARD_VARIABLE: str(run.folder / "board")}
        gateway = stack.enter_context(
            running_gateway(province, module=_MODULE, environment=environment)
        )
        client = httpx.Client(base_url=gateway.url, timeout=_SILENCE_SECONDS)
        world = _World(province, gateway, peers, board, stack.enter_context(client))
        for name in ("spent", "hurried"):
            # The one call that these have a right to.
            _use_up(client, province.application_token(name))
        yield world


def _use_up(client: httpx.Client, token: str) -> None:
    def is_used_up() -> bool:
        return client.post(INFER, json={}, headers=bearer(token)).status_code == 429

    eventually(is_used_up)


def _subscribe(province: Province, points: list[Failpoint]) -> None:
    names = [f"app-{point.number}" for point in points]
    for name in names:
        # So few a day that each call needs a lease; one slot, so that a lost one is noticed.
        province.subscribe(name, daily_quota=49, concurrency=1)
    province.subscribe("wavering")
    province.subscribe("suspended", active=False)
    province.subscribe("gone")
    province.subscribe("spent", daily_quota=1)
    province.subscribe("hurried", rate_per_second=0.001)
    others = ("wavering", "suspended", "spent", "hurried", "nobody")
    province.applications |= dict.fromkeys((*names, *others), True) | {"gone": False}


def _place(province: Province, peers: Peers) -> None:
    addresses = {version: peers.instance(version) for version in _VERSIONS}
    endpoints = [
        Endpoint(instance=f"i-{version}-{n}", capability=CAPABILITY, version=version, address=at)
        for version, at in addresses.items()
        for n in (1, 2)
    ]
    found = EndpointList(revision=1, endpoints=endpoints)
    (province.folder / "endpoints.json").write_text(found.model_dump_json(by_alias=True))


def _sample(run: Run) -> list[Failpoint]:
    """Take where states change over, then others at random, one of each function first."""
    by_function: dict[str, list[Failpoint]] = defaultdict(list)
    points = [point for point in failpoints() if _can_be_tried(point)]
    run.random.shuffle(points)
    change_over = [point for point in points if point.function in _CHANGE_OVER]
    for point in points:
        if point not in change_over:
            by_function[f"{point.module} {point.function}"].append(point)
    in_turn = [point for row in zip_longest(*by_function.values()) for point in row if point]
    return [*change_over, *in_turn][: run.size]


def _can_be_tried(point: Failpoint) -> bool:
    """Parts are made before anything can be armed; a slot that cannot be given back is lost."""
    is_at_start = point.function.endswith(".__init__") and point.function != "_Call.__init__"
    gives_back = point.function == "Gate.leave" or point.text.endswith("gate.leave()")
    return not is_at_start and not gives_back


def _play(run: Run) -> None:
    points = _sample(run)
    with _running(run, points) as world:
        attack = _Attack(run, world, points)
        attack.play()
        missed = [str(point) for point in points if point.number not in attack.reached]
        run.report(failpoints=len(points), reached=len(attack.reached), not_reached=missed)
        is_little = len(attack.reached) < len(points) * _LEAST_REACHED
        if is_little and not run.findings.violations:
            raise Void(f"only {len(attack.reached)} of {len(points)} failpoints were reached")


CAMPAIGN = Campaign(
    name="failing-authorisation",
    unit="failpoints",
    small=_SMALL,
    large=10_000,
    planted=planted.BUGS,
    play=_play,
)
