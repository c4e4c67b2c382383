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
    CenterAway,
    CenterRefused,
    InvalidClient,
    InvalidScope,
    ScopeNotGranted,
    TokenError,
    TokensUnavailable,
    UnsupportedGrantType,
)

MAX_FORM_BYTES = 8192
_CENTER_SECONDS = 4.0
"""A caller hears of a center that hangs before the gateway gives the agent up."""
_KNOWN = frozenset({"grant_type", "scope", "client_id", "client_secret"})
_SCOPE = re.compile(r"((infer|trial):[a-z][a-z0-9-]{1,62})( (infer|trial):[a-z][a-z0-9-]{1,62})*")
_CHALLENGE = {"WWW-Authenticate": 'Basic realm="jiuzhou", charset="UTF-8"'}


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
        raise InvalidClient("Client credentials are missing.", headers=_CHALLENGE)
    try:
        return TokenRelay(
            client_id=fields["client_id"], client_secret=fields["client_secret"], scope=scope
        )
    except ValidationError:
        # The text of the validation error would repeat the secret.
        raise InvalidClient("The client credentials are not valid.", headers=_CHALLENGE) from None


class TokenRelayer:
    """Asks the center for callers' tokens.

    The delegated issuer, which answers in the center's place in an outage, joins here: `issue` is
    the one place that decides who signs.
    """

    def __init__(self, center: Center) -> None:
        self._center = center

    async def issue(self, request: TokenRelay) -> TokenAnswer:
        """Return a token for a caller.

        Raises:
            TokenError: The caller is unknown, holds no grant, or no token can be issued now.
        """
        path = f"/api/v1/edges/{self._center.edge}/tokens"
        try:
            async with asyncio.timeout(_CENTER_SECONDS):
                response = await self._center.send("POST", path, json=request.model_dump())
            return TokenAnswer.model_validate_json(response.content)
        except (CenterAway, TimeoutError) as error:
            raise TokensUnavailable(
                "New access tokens come from the center, which cannot be reached now. Tokens that"
                " were issued before stay valid until they expire.",
                headers={"Retry-After": "5"},
            ) from error
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
            return InvalidClient("The client credentials are not valid.", headers=_CHALLENGE)
        case "capability-not-granted":
            return ScopeNotGranted(str(error))
        case "invalid-scope":
            return InvalidScope(str(error))
    return TokensUnavailable(
        f"The center does not issue tokens to this province now ({error.center_status}"
        f" {error.center_code or 'refused'}).",
        headers={"Retry-After": "30"},
    )


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
