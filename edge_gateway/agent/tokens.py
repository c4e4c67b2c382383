"""``POST /oauth2/token``: a caller's credentials are read strictly and relayed to the center."""

import asyncio
import re
from typing import Any
from urllib.parse import parse_qsl

from pydantic import ValidationError

from capability_sdk.contracts.problem import to_problem
from capability_sdk.contracts.tokens import TokenAnswer, TokenRelay
from edge_gateway.agent.center import Center
from edge_gateway.agent.errors import (
    CHALLENGE,
    CenterAway,
    CenterRefused,
    InvalidClient,
    InvalidScope,
    ScopeNotGranted,
    TokenError,
    TokensUnavailable,
    UnsupportedGrantType,
)
from edge_gateway.agent.issuer import DelegatedIssuer
from edge_gateway.agent.reach import CenterReach

MAX_FORM_BYTES = 8192
_CENTER_SECONDS = 2.0
"""What the first caller waits for a center that hangs; the next ones are answered at once."""
_KNOWN = frozenset({"grant_type", "scope", "client_id", "client_secret"})
_SCOPE = re.compile(r"((infer|trial):[a-z][a-z0-9-]{1,62})( (infer|trial):[a-z][a-z0-9-]{1,62})*")


def read_request(form: bytes) -> TokenRelay:
    """Understand a token request (RFC 6749, section 4.4).

    Args:
        form: Body, ``application/x-www-form-urlencoded``; the gateway has already moved the
            credentials of HTTP Basic into it.

    Raises:
        TokenError: It is not exactly one request with a credential.
    """
    fields = _fields(form)
    grant = fields.get("grant_type")
    if grant is None:
        raise TokenError("grant_type is missing; it must be client_credentials.")
    if grant != "client_credentials":
        raise UnsupportedGrantType("grant_type must be client_credentials.")
    scope = fields.get("scope", "")
    if scope and not _SCOPE.fullmatch(scope):
        raise InvalidScope("scope is a list of infer:CAPABILITY, separated by single spaces.")
    if not fields.get("client_id") or not fields.get("client_secret"):
        raise InvalidClient("Client credentials are missing.", headers=CHALLENGE)
    try:
        return TokenRelay(
            client_id=fields["client_id"], client_secret=fields["client_secret"], scope=scope
        )
    except ValidationError:
        # The text of the validation error would repeat the secret.
        raise InvalidClient("The client credentials are not valid.", headers=CHALLENGE) from None


class TokenRelayer:
    """Asks the center for callers' tokens; while it is away, the province's own issuer.

    A center that answers has the last word: what it refuses is never issued in its place.
    """

    def __init__(self, center: Center, reach: CenterReach, delegate: DelegatedIssuer) -> None:
        self._center = center
        self._reach = reach
        self._delegate = delegate

    async def issue(self, request: TokenRelay) -> TokenAnswer:
        """Return a token for a caller.

        Raises:
            TokenError: The caller is unknown, holds no grant, or no token can be issued now.
        """
        if not self._reach.is_away:
            try:
                async with asyncio.timeout(_CENTER_SECONDS):
                    return await self._relay(request)
            except (CenterAway, TimeoutError):
                self._reach.lost()
        return await asyncio.to_thread(self._delegate.issue, request)

    async def _relay(self, request: TokenRelay) -> TokenAnswer:
        path = f"/api/v1/edges/{self._center.edge}/tokens"
        try:
            response = await self._center.send("POST", path, json=request.model_dump())
            return TokenAnswer.model_validate_json(response.content)
        except ValidationError:
            raise TokensUnavailable(
                "The center's answer is not understood.", headers={"Retry-After": "30"}
            ) from None
        except CenterRefused as error:
            raise _refusal(error) from error


def token_problem(error: TokenError) -> dict[str, Any]:
    """Describe a failed token request for problem-aware and for OAuth clients alike."""
    return {
        **to_problem(error),
        "error": error.oauth_error,
        "error_description": str(error),
    }


def _refusal(error: CenterRefused) -> TokenError:
    match error.center_code:
        case "invalid-client":
            return InvalidClient("The client credentials are not valid.", headers=CHALLENGE)
        case "capability-not-granted":
            return ScopeNotGranted(str(error), **_why(error))
        case "invalid-scope":
            return InvalidScope(str(error))
    return TokensUnavailable(
        f"The center does not issue tokens to this province now ({error.center_status}"
        f" {error.center_code or 'refused'}).",
        headers={"Retry-After": "30"},
    )


def _why(error: CenterRefused) -> dict[str, Any]:
    """Keep what the center says of a denial: its own reason is closer than the province's."""
    told = {name: error.problem.get(name) for name in ("reason", "cure")}
    return {name: text for name, text in told.items() if isinstance(text, str)}


def _fields(form: bytes) -> dict[str, str]:
    if len(form) > MAX_FORM_BYTES:
        raise TokenError(f"A token request has at most {MAX_FORM_BYTES} bytes.")
    try:
        pairs = parse_qsl(
            form.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=bool(form),
            encoding="utf-8",
            errors="strict",
            max_num_fields=10,
        )
    except ValueError:
        raise TokenError("The body is no application/x-www-form-urlencoded form.") from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise TokenError("A parameter is given twice.")
    if set(fields) - _KNOWN:
        raise TokenError(f"Only these parameters are known: {', '.join(sorted(_KNOWN))}.")
    return fields
