"""The hot path: admit, route, forward, meter, answer.

It works with callbacks and without tasks; only a call that needs a new quota lease waits in one.
"""

import asyncio
import logging
import random
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any

from capability_sdk.contracts.errors import ServiceError
from capability_sdk.contracts.state import SubscriptionState
from edge_gateway.errors import (
    CapabilityNotGranted,
    NoInstance,
    NoState,
    NotMetered,
    QuotaExceeded,
    UpstreamBroken,
    UpstreamTimeout,
)
from edge_gateway.gateway.admission import Gate, Gates
from edge_gateway.gateway.dispatch.choice import choose
from edge_gateway.gateway.dispatch.pool import Choose
from edge_gateway.gateway.dispatch.retries import (
    NOT_ITS_TO_SERVE,
    is_the_endpoints,
    stand_in,
    was_served,
)
from edge_gateway.gateway.dispatch.target import Target, Ticket
from edge_gateway.gateway.forwarding import RETURNED, encode, lines_of
from edge_gateway.gateway.messages import Answer, Request, problem_answer, unexpected
from edge_gateway.gateway.metering import Meter, timestamp
from edge_gateway.gateway.metrics import GatewayMetrics
from edge_gateway.gateway.paths import Kind, Route
from edge_gateway.gateway.quota import Quotas
from edge_gateway.gateway.routing import pick, pick_by_key
from edge_gateway.gateway.targets import Asleep, Choice, Targets
from edge_gateway.gateway.tokens import Caller
from edge_gateway.gateway.trials import Trials
from edge_gateway.gateway.turned_away import TurnedAway
from edge_gateway.gateway.upstream import AnswerHead, Failure, UpstreamAnswer
from edge_gateway.gateway.waking import Held, WaitingRoom
from edge_gateway.state import StateView

AFFINITY_HEADER = b"x-affinity-key"
MAX_AFFINITY_BYTES = 128

_OK = 200
_SERVER_ERRORS = 500
_RETRY_SOON = {"Retry-After": "1"}

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CallLimits:
    """What calls may take.

    Attributes:
        max_body_bytes: The largest body of a call.
        longest_seconds: What a call may take, retries included.
        wake_seconds: How long a call waits for the first replica of what sleeps.
    """

    max_body_bytes: int
    longest_seconds: float
    wake_seconds: float


class Inference:
    """Serves the models' part of the Open Inference Protocol."""

    def __init__(
        self,
        targets: Targets,
        quotas: Quotas,
        meter: Meter,
        metrics: GatewayMetrics,
        limits: CallLimits,
        *,
        choose: Choose = choose,
    ) -> None:
        """Prepare.

        Args:
            targets: Where calls can go.
            quotas: What they may cost.
            meter: Who writes them down.
            metrics: Who counts them.
            limits: What calls may take.
            choose: How one of several endpoints is chosen.
        """
        self.max_body_bytes = limits.max_body_bytes
        self.longest_seconds = limits.longest_seconds
        self.choose = choose
        self.targets = targets
        self.quotas = quotas
        self.meter = meter
        self.turned_away = TurnedAway(meter)
        self.metrics = metrics
        self.gates = Gates()
        self.trials = Trials()
        self.waiting = WaitingRoom(limits.wake_seconds)
        self.loop = asyncio.get_running_loop()
        self.view: StateView | None = None
        self._counters: dict[tuple[str, str | None], int] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def use_state(self, view: StateView | None) -> None:
        """Take over the state in force; None serves nothing."""
        self.view = view
        self.targets.use_state(view)
        self.trials.use_state(view)
        if view is not None:
            self.quotas.use_zone(view.zone)
            self.gates.keep_only({item.id for item in view.state.subscriptions})

    def begin(self, request: Request, route: Route) -> None:
        """Take a request of a verified caller; it is answered later.

        Raises:
            ServiceError: It is refused, and costs nothing of the quota.
        """
        gate = self._authorise(request, route.capability)
        choice = self.targets.find(route.capability, route.version)
        if route.kind is Kind.INFER and self.meter.is_blocked:
            raise NotMetered(
                f"Calls cannot be recorded now, so none is served: {self.meter.blocked_by}",
                headers=_RETRY_SOON,
            )
        try:
            gate.enter(self.loop.time())
        except ServiceError:
            if route.kind is Kind.INFER:
                self.turned_away.count(gate)
            raise
        try:
            if isinstance(choice, Asleep):
                self._hold(request, route, gate, choice)
            else:
                self._forward(_Call(self, request, route, gate, choice), route, gate.subscription)
        except BaseException as error:
            if isinstance(error, QuotaExceeded):
                self.turned_away.count(gate)
            gate.leave()
            raise

    def refuse(self, request: Request, gate: Gate, error: ServiceError) -> None:
        """Refuse a call later than `begin` could, after it was admitted."""
        if isinstance(error, QuotaExceeded):
            self.turned_away.count(gate)
        self.metrics.count_refusal(error.status, error.code)
        gate.leave()
        request.respond(problem_answer(error))

    def _forward(self, call: "_Call", route: Route, grant: SubscriptionState) -> None:
        if route.kind is not Kind.INFER or self.quotas.take(grant):
            call.forward()
        else:
            self._spawn(call.forward_with_lease())

    def _hold(self, request: Request, route: Route, gate: Gate, asleep: Asleep) -> None:
        """Have an admitted call wait until a first replica is ready.

        Raises:
            Waking: Too many wait already.
        """

        def go() -> bool:
            try:
                # Rights and deployments are those of now, not those of when the call came.
                grant = self._authorise(request, route.capability).subscription
                choice = self.targets.find(route.capability, route.version)
                if isinstance(choice, Asleep):
                    return False
                self._forward(_Call(self, request, route, gate, choice), route, grant)
            except ServiceError as error:
                self.refuse(request, gate, error)
            except Exception:  # noqa: BLE001 - the others that wait are looked at all the same
                _log.exception("unexpected failure of request %s", request.id.decode())
                gate.leave()
                request.respond(unexpected())
            return True

        now, refuse = self.loop.time(), partial(self.refuse, request, gate)
        self.waiting.hold(Held(asleep, len(request.body), now, go, refuse))

    def version_for(self, request: Request, route: Route, choice: Choice) -> str:
        """Decide the version of a call by the split."""
        split = choice.split
        if len(split.versions) == 1:
            return split.versions[0]
        key = request.head.headers.get(AFFINITY_HEADER)
        if key is not None and len(key) <= MAX_AFFINITY_BYTES:
            return pick_by_key(split, route.capability, key)
        place = (route.capability, route.version)
        counter = self._counters.get(place, 0)
        self._counters[place] = counter + 1
        return pick(split, counter)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = self.loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _authorise(self, request: Request, capability: str) -> Gate:
        """Look the caller's right up in the state in force, at every call; return its gate."""
        view, caller = self.view, request.caller
        if view is None or caller is None:
            raise NoState("This gateway has no desired state in force.", headers=_RETRY_SOON)
        grant = view.grants.get((caller.application, capability))
        if grant is None or capability not in caller.capabilities:
            return self._gate_of_trial(caller, capability)
        return self.gates.of(grant)

    def _gate_of_trial(self, caller: Caller, capability: str) -> Gate:
        """Look up what somebody without a subscription may try."""
        trial = caller.trial
        if trial is None or trial.capability != capability:
            raise CapabilityNotGranted(
                f"This application has no subscription in force for {capability}.",
                capability=capability,
            )
        return self.trials.gate_of(caller, trial)


class _Call:
    """One call on its way to an instance and back."""

    __slots__ = ("_answer", "_gate", "_owner", "_pool", "_request", "_route", "_target", "_ticket",
                 "_tries", "_version")  # fmt: skip

    def __init__(
        self, owner: Inference, request: Request, route: Route, gate: Gate, choice: Choice
    ) -> None:
        self._owner = owner
        self._request = request
        self._route = route
        self._gate = gate
        self._tries = 0
        self._version = owner.version_for(request, route, choice)
        self._pool = choice.pools[self._version]
        self._target: Target
        self._ticket: Ticket

    async def forward_with_lease(self) -> None:
        """Wait for a quota lease, then go on."""
        try:
            await self._owner.quotas.acquire(self._gate.subscription)
            self.forward()
        except ServiceError as error:
            self._owner.refuse(self._request, self._gate, error)
        except Exception:  # noqa: BLE001 - an unexpected failure lets nothing through
            self._gate.leave()
            self._fail()

    def forward(self) -> None:
        """Send the request to the endpoint of choice."""
        pool = self._pool
        if not pool.active:
            self._conclude(Failure.SILENT)
            self._gate.leave()
            return
        # Which of two equal instances answers is no secret.
        self._send(self._owner.choose(pool, random.random()))  # noqa: S311 - no secret

    def _send(self, target: Target, deadline: float | None = None) -> None:
        self._target = target
        self._tries += 1
        self._ticket = target.begin(time.monotonic())
        request = encode(self._request, self._route, self._version, target.credential)
        target.upstream.exchange(request, self._on_result, self._request.id, deadline)

    def _on_result(self, result: UpstreamAnswer | Failure) -> None:
        try:
            if was_served(result):
                # What is refused, or asks about a model, takes another time than a call.
                is_sample = result.head.status == _OK and self._route.kind is Kind.INFER
                self._target.answered(self._ticket, time.monotonic(), is_sample=is_sample)
            elif self._goes_again(result):
                return
            self._conclude(result)
        except Exception:  # noqa: BLE001 - an unexpected failure lets nothing through
            self._fail()
        self._gate.leave()

    def _goes_again(self, result: UpstreamAnswer | Failure) -> bool:
        """Send a call that failed once more, where that is safe; return whether it was sent."""
        pool, target, now = self._pool, self._target, time.monotonic()
        target.over(self._ticket)
        if is_the_endpoints(result):
            pool.note_failure(target, now, is_refusal=result is Failure.NOT_CONNECTED)
        deadline = self._request.started + self._owner.longest_seconds
        if now >= deadline:
            return False
        is_repeatable = target.endpoint.is_stateless or self._route.kind is not Kind.INFER
        other = stand_in(pool, target, result, self._tries, is_repeatable=is_repeatable)
        if other is not None:
            self._send(other, deadline)
        return other is not None

    def _fail(self) -> None:
        _log.exception("unexpected failure of request %s", self._request.id.decode())
        self._request.respond(unexpected())

    def _conclude(self, result: UpstreamAnswer | Failure) -> None:
        if isinstance(result, Failure):
            answer = problem_answer(_failed(result, self._route.capability))
        elif result.head.status in NOT_ITS_TO_SERVE:
            answer = problem_answer(_failed(Failure.NOT_CONNECTED, self._route.capability))
        else:
            answer = Answer(result.head.status, self._head(result.head), result.body)
        if self._route.kind is not Kind.INFER:
            self._request.respond(answer)
            return
        self._meter(answer)

    def _head(self, head: AnswerHead) -> bytes:
        if head.returned is None:
            head.returned = lines_of(head.headers, RETURNED)
        quotas, gate = self._owner.quotas, self._gate
        rest = quotas.known_rest(gate.subscription)
        return b'%b%bratelimit: "day";r=%d;t=%d\r\n' % (
            head.returned,
            gate.policy,
            rest,
            quotas.seconds_left(),
        )

    def _meter(self, answer: Answer) -> None:
        owner, request, subscription = self._owner, self._request, self._gate.subscription
        is_counted = answer.status < _SERVER_ERRORS
        if not is_counted:
            owner.quotas.give_back(subscription.id)
        latency = owner.loop.time() - request.started
        record = b'%b,"request_id":"%b","at":"%b","status":%d,"units":%d,"latency_us":%d,' % (
            self._gate.books_of(self._version),
            request.id,
            timestamp(time.time()),
            answer.status,
            self._gate.units if is_counted else 0,
            int(latency * 1_000_000),
        )
        sizes = b'"request_bytes":%d,"response_bytes":%d}' % (len(request.body), len(answer.body))
        if self._gate.units:
            owner.metrics.count_call(subscription.capability, self._version, answer.status, latency)
        else:
            owner.metrics.count_trial(subscription.capability, answer.status)
        self._answer = answer
        is_lone = self._gate.in_flight == 1
        owner.meter.record(record + sizes, self._released, is_lone=is_lone)

    def _released(self, is_recorded: bool) -> None:
        try:
            self._request.respond(self._answer if is_recorded else _NOT_METERED)
        except Exception:  # noqa: BLE001 - the others of this tick wait for their answers too
            self._fail()


_NOT_METERED = problem_answer(
    NotMetered("The call could not be recorded, so its answer is withheld.", headers=_RETRY_SOON)
)


def _failed(failure: Failure, capability: str) -> ServiceError:
    detail = f"The instance of {capability} {failure.value}."
    if failure is Failure.TIMEOUT:
        return UpstreamTimeout(detail)
    if failure in (Failure.NOT_CONNECTED, Failure.BUSY, Failure.SILENT):
        return NoInstance(detail, headers=_RETRY_SOON)
    return UpstreamBroken(detail)
