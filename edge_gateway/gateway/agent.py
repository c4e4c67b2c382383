"""The gateway's way to the province's agent: quota leases and token requests."""

import base64
import binascii
import logging
from urllib.parse import parse_qs, quote, urlencode

from pydantic import ValidationError

from capability_sdk.contracts.autonomy import AutonomyReport
from edge_gateway.errors import AgentAway, MalformedRequest
from edge_gateway.gateway.fetching import fetch
from edge_gateway.gateway.messages import Answer, Request, json_answer, problem_answer
from edge_gateway.gateway.upstream import Upstream, UpstreamAnswer, UpstreamFailed

MAX_TOKEN_REQUESTS = 64
_FORM = b"application/x-www-form-urlencoded"
_KEPT_HEADERS = frozenset((b"content-type", b"www-authenticate", b"retry-after"))

_log = logging.getLogger(__name__)


class Agent:
    """Calls the agent with the credential of the province's own processes."""

    def __init__(self, upstream: Upstream, credential: bytes) -> None:
        """Prepare.

        Args:
            upstream: The agent's Unix socket.
            credential: Authorization header line of the province's own processes.
        """
        self.upstream = upstream
        self._credential = credential

    async def post(self, path: str, body: bytes, content_type: str) -> UpstreamAnswer:
        """Send a request.

        Raises:
            UpstreamFailed: There is no answer.
        """
        headers = self._credential + f"content-type: {content_type}\r\n".encode()
        return await fetch(self.upstream, "POST", path, headers=headers, body=body)

    async def get(self, path: str) -> UpstreamAnswer:
        """Ask for something.

        Raises:
            UpstreamFailed: There is no answer.
        """
        return await fetch(self.upstream, "GET", path, headers=self._credential)


class AutonomyPage:
    """What would happen if the center went now: whole for the province's own, short for others."""

    def __init__(self, agent: Agent) -> None:
        self._agent = agent

    async def answer(self, *, is_own: bool) -> Answer:
        """Ask the agent, which sees the disk.

        Raises:
            AgentAway: It does not answer, or has no answer.
        """
        try:
            found = await self._agent.get("/health/autonomy")
            report = AutonomyReport.model_validate_json(found.body)
        except (UpstreamFailed, ValidationError) as error:
            raise AgentAway(
                "The province's agent does not answer: without it no token could be had.",
                headers={"Retry-After": "2"},
            ) from error
        if is_own:
            return json_answer(report.model_dump(mode="json", by_alias=True))
        # Strangers learn whether, not what: names of capabilities are the province's own.
        codes = sorted({reason.code for reason in report.reasons})
        short = report.model_dump(mode="json", include={"at", "autonomous", "until"})
        return json_answer({**short, "reasons": codes})


class TokenRelay:
    """Hands callers' token requests to the agent; the gateway itself keeps no secret."""

    def __init__(self, agent: Agent) -> None:
        self._agent = agent

    async def answer(self, request: Request) -> Answer:
        """Relay a token request.

        Raises:
            ServiceError: It is no token request, or the agent is not there.
        """
        form = _form_of(request)
        if self._agent.upstream.in_flight >= MAX_TOKEN_REQUESTS:
            raise AgentAway("Too many token requests are waiting.", headers={"Retry-After": "1"})
        try:
            found = await self._agent.post("/oauth2/token", form, _FORM.decode())
        except UpstreamFailed as error:
            _log.warning("the agent %s", error)
            return problem_answer(
                AgentAway(
                    "The province's agent does not answer. Tokens that were issued before stay"
                    " valid until they expire.",
                    headers={"Retry-After": "2"},
                )
            )
        lines = [
            b"%b: %b\r\n" % pair for pair in found.head.headers.items() if pair[0] in _KEPT_HEADERS
        ]
        lines.append(b"cache-control: no-store\r\n")
        return Answer(found.head.status, b"".join(lines), found.body)


def _form_of(request: Request) -> bytes:
    """Return the form, with the client's credentials in it wherever the caller put them."""
    media_type = request.head.headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if media_type != _FORM:
        raise MalformedRequest(f"Send the token request as {_FORM.decode()}.")
    authorization = request.head.headers.get(b"authorization")
    if authorization is None:
        return request.body
    if authorization[:6].lower() != b"basic ":
        raise MalformedRequest("Name the client in the form, or by HTTP Basic.")
    try:
        pair = base64.b64decode(authorization[6:], validate=True).decode()
        form = parse_qs(request.body.decode(), strict_parsing=bool(request.body), max_num_fields=16)
    except (binascii.Error, ValueError) as error:
        raise MalformedRequest("The credentials or the form cannot be read.") from error
    if "client_secret" in form:
        raise MalformedRequest("Name the client once: in the form, or by HTTP Basic.")
    client, _, secret = pair.partition(":")
    form["client_id"], form["client_secret"] = [client], [secret]
    return urlencode(form, doseq=True, quote_via=quote).encode()
