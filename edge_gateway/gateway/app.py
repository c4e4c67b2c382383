"""The gateway's application: what is public, what needs a token, and who answers it."""

import asyncio
import hmac
import logging
from collections.abc import Coroutine
from typing import Any

from capability_sdk import __version__
from capability_sdk.contracts.errors import NotAuthenticated, ServiceError
from edge_gateway.errors import MethodNotAllowed, NoState, NotMetered, TokenRefused
from edge_gateway.gateway import openapi, tokens
from edge_gateway.gateway.agent import Agent, AutonomyPage, TokenRelay
from edge_gateway.gateway.dispatch.report import describe
from edge_gateway.gateway.feedback import Feedback
from edge_gateway.gateway.inference import Inference
from edge_gateway.gateway.messages import (
    Answer,
    Request,
    RequestIds,
    json_answer,
    problem_answer,
    unexpected,
)
from edge_gateway.gateway.metrics import GatewayMetrics
from edge_gateway.gateway.origins import Origins
from edge_gateway.gateway.paths import Kind, Paths, Route
from edge_gateway.gateway.tokens import TokenVerifier
from edge_gateway.state import StateKeeper, StateView

_FORM_BYTES = 16 << 10
_FEEDBACK_BYTES = 1 << 20
_NO_BODY_BYTES = 1024
_DESCRIPTION = b"content-type: application/json\r\n"
_TEXT = b"content-type: text/plain; version=0.0.4; charset=utf-8\r\n"

_NOT_VERIFIABLE = problem_answer(tokens.refusal())
"""One body for every token that cannot be verified, whatever is wrong with it."""

_log = logging.getLogger(__name__)


class GatewayApp:
    """Answers the requests of all connections."""

    def __init__(
        self,
        keeper: StateKeeper,
        verifier: TokenVerifier,
        inference: Inference,
        feedback: Feedback,
        agent: Agent,
        metrics: GatewayMetrics,
        *,
        internal_credential: bytes,
    ) -> None:
        self._keeper = keeper
        self._verifier = verifier
        self._inference = inference
        self._feedback = feedback
        self._relay = TokenRelay(agent)
        self._autonomy = AutonomyPage(agent)
        self._metrics = metrics
        self._internal_credential = internal_credential
        self._paths = Paths()
        self._origins = Origins()
        self._ids = RequestIds()
        self._limits = {
            Kind.INFER: inference.max_body_bytes,
            Kind.FEEDBACK: _FEEDBACK_BYTES,
            Kind.TOKEN: _FORM_BYTES,
        }
        self._view: StateView | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def refresh_state(self) -> bool:
        """Take over the state in force, if it changed or expired; return whether it did."""
        try:
            self._keeper.refresh()
        except Exception:  # noqa: BLE001 - whatever is wrong with a file, the old state expires
            _log.exception("the state cannot be refreshed")
        view = self._keeper.view
        if view is self._view:
            return False
        # Until all parts have taken it over, none of them is asked: a state is not half in force.
        self._view = None
        self._verifier.use(view)
        self._inference.use_state(view)
        self._feedback.view = view
        self._origins.use_state(view)
        self._view = view
        _log.info("desired state in force: %s", view.revision if view else "none")
        return True

    # --- what connections ask -------------------------------------------------------------------

    def start(self, request: Request) -> int:
        """Look at a request's head: path, method and token come before the body."""
        request.id = self._ids.next()
        route = self._paths.find(request.head.target)
        if b"origin" in request.head.headers:
            route = self._origins.admit(request.head, route)
        if request.head.method != route.method:
            raise MethodNotAllowed(
                f"Use {route.method.decode()} here.", headers={"Allow": route.method.decode()}
            )
        request.route = route
        if route.needs_token:
            self._authenticate(request)
        return self._limits.get(route.kind, _NO_BODY_BYTES)

    def handle(self, request: Request) -> None:
        """Take a whole request whose head was accepted."""
        try:
            self._begin(request)
        except Exception:  # noqa: BLE001 - nothing gets through by a mistake of ours
            _log.exception("unexpected failure of request %s", request.id.decode())
            request.respond(unexpected())

    def refused(self, request: Request, error: ServiceError) -> Answer:
        """Put a refusal into an answer, and count it."""
        if not request.id:
            request.id = self._ids.next()
        self._metrics.count_refusal(error.status, error.code)
        return _NOT_VERIFIABLE if type(error) is TokenRefused else problem_answer(error)

    def failed(self, request: Request) -> Answer:
        """Answer a request over which something broke that should not."""
        if not request.id:
            request.id = self._ids.next()
        return unexpected()

    # --- parts ----------------------------------------------------------------------------------

    def _authenticate(self, request: Request) -> None:
        if self._view is None:
            raise NoState(
                "This gateway has no desired state in force.", headers={"Retry-After": "5"}
            )
        head = request.head
        if b"authorization" in head.repeated:
            raise tokens.refusal()
        authorization = head.headers.get(b"authorization")
        try:
            head.vouched = self._verifier.verify(authorization, head.vouched)
        except TokenRefused:
            # A new key may stand in a file that the timer has not seen yet; looking is cheap.
            if not self.refresh_state():
                raise
            head.vouched = self._verifier.verify(authorization)
        request.caller = head.vouched.caller

    def _begin(self, request: Request) -> None:
        route = request.route
        try:
            if route is None:
                request.respond(unexpected())
            elif route.kind is Kind.INFER or route.kind is Kind.MODEL:
                self._inference.begin(request, route)
            else:
                self._answer_other(request, route)
        except ServiceError as error:
            request.respond(self.refused(request, error))

    def _answer_other(self, request: Request, route: Route) -> None:
        if route.kind is Kind.FEEDBACK:
            self._feedback.begin(request)
        elif route.kind is Kind.TOKEN:
            self._spawn(self._answer_later(request, self._relay.answer(request)))
        elif route.kind is Kind.AUTONOMY:
            page = self._autonomy.answer(is_own=self._is_own(request))
            self._spawn(self._answer_later(request, page))
        else:
            request.respond(self._page(request, route.kind))

    def _page(self, request: Request, kind: Kind) -> Answer:
        if kind is Kind.PREFLIGHT:
            return Answer(200, b"", b"")
        if kind is Kind.LIVE:
            return json_answer({"status": "live", "live": True})
        if kind is Kind.DESCRIPTION:
            return Answer(200, _DESCRIPTION, openapi.document())
        if kind is Kind.METRICS or kind is Kind.DISPATCH:
            if not self._is_own(request):
                raise NotAuthenticated("This is for the province's own processes.")
            return self._inner_page(kind)
        if kind is Kind.SERVER:
            return json_answer(
                {
                    "name": "jiuzhou-gateway",
                    "version": __version__,
                    "extensions": ["binary_tensor_data"],
                }
            )
        return json_answer({"status": "ready", "ready": True, **self._readiness()})

    def _inner_page(self, kind: Kind) -> Answer:
        if kind is Kind.METRICS:
            return Answer(200, _TEXT, self._metrics.text())
        return json_answer(describe(self._inference.targets.pools, self._inference.loop.time()))

    def _readiness(self) -> dict[str, Any]:
        view = self._view
        if view is None:
            raise NoState(self._keeper.refusal or "The desired state has expired.")
        if not view.token_keys:
            raise NoState("The desired state has no key that verifies tokens.")
        if self._inference.meter.is_blocked:
            raise NotMetered(
                f"The usage spool cannot be written: {self._inference.meter.blocked_by}"
            )
        return {
            "province": view.state.province,
            "state_revision": view.revision,
            "state_expires_at": view.state.expires_at.isoformat(),
            "feedback_refused": self._feedback.meter.blocked_by,
            "quota_ledger": "local" if self._inference.quotas.is_alone else "shared",
        }

    def _is_own(self, request: Request) -> bool:
        given = request.head.headers.get(b"authorization", b"")
        return hmac.compare_digest(given, self._internal_credential)

    async def _answer_later(self, request: Request, coming: Coroutine[Any, Any, Answer]) -> None:
        try:
            try:
                answer = await coming
            except ServiceError as error:
                answer = self.refused(request, error)
        except Exception:  # noqa: BLE001 - nothing gets through by a mistake of ours
            _log.exception("unexpected failure of request %s", request.id.decode())
            answer = unexpected()
        request.respond(answer)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
