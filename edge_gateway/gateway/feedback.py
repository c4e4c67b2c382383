"""True values that callers send: spooled for the agent, which joins them in the province."""

import logging
from datetime import UTC, datetime

from pydantic import ValidationError

from capability_sdk.contracts.errors import InvalidInput, InvalidRequest
from capability_sdk.contracts.feedback import FeedbackRecord, FeedbackRequest
from edge_gateway.errors import CapabilityNotGranted, NoState, NotMetered
from edge_gateway.gateway.messages import Request, json_answer, problem_answer
from edge_gateway.gateway.metering import Meter
from edge_gateway.state import StateView

_ACCEPTED = 202

_log = logging.getLogger(__name__)


class Feedback:
    """Takes feedback of known applications."""

    def __init__(self, meter: Meter) -> None:
        self.meter = meter
        self.view: StateView | None = None

    def begin(self, request: Request) -> None:
        """Take a feedback request; it is answered when the spool has it.

        Raises:
            ServiceError: It is refused, and nothing was spooled.
        """
        application = self._authorise(request)
        found = _parse(request.body)
        if self.meter.is_blocked:
            raise NotMetered(
                f"Feedback cannot be kept now: {self.meter.blocked_by}",
                headers={"Retry-After": "1"},
            )
        now = datetime.now(UTC)
        accepted = json_answer({"accepted": len(found.items)}, _ACCEPTED)
        lost = problem_answer(NotMetered("The feedback could not be kept."))
        waiting = len(found.items)
        is_kept = True

        def released(is_recorded: bool) -> None:
            nonlocal waiting, is_kept
            waiting -= 1
            is_kept = is_kept and is_recorded
            if waiting == 0:
                request.respond(accepted if is_kept else lost)

        for item in found.items:
            record = FeedbackRecord(
                at=now,
                application=application,
                request_id=item.request_id,
                row=item.row,
                truth=item.truth,
            )
            self.meter.record(record.model_dump_json().encode(), released)

    def _authorise(self, request: Request) -> str:
        if self.view is None or request.caller is None:
            raise NoState("This gateway has no desired state in force.")
        application = self.view.applications.get(request.caller.application)
        if application is None or not application.active:
            raise CapabilityNotGranted("This application is not active in this province.")
        return application.client_id


def _parse(body: bytes) -> FeedbackRequest:
    try:
        return FeedbackRequest.model_validate_json(body)
    except ValidationError as error:
        # The input itself is not repeated: true values stay out of logs and answers.
        first = error.errors(include_input=False, include_url=False)[0]
        if first["type"] == "json_invalid":
            raise InvalidRequest("The body is not JSON.") from None
        place = ".".join(str(part) for part in first["loc"])
        raise InvalidInput(f"{place}: {first['msg']}") from None
