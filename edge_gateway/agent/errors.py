"""What can go wrong between a province's agent, its center and its callers."""

from typing import Any, ClassVar, Final

from capability_sdk.contracts.errors import ServiceError, Unavailable


class CenterAway(Unavailable):
    """The center did not answer; what the province has on its own disk goes on working."""

    code = "center-away"
    title = "The center cannot be reached now"


class CenterRefused(ServiceError):
    """The center answered, and the answer was no.

    Attributes:
        center_status: HTTP status of the center's answer.
        center_code: Last part of the problem's ``type``, or an empty text.
        problem: The whole problem document.
    """

    code = "center-refused"
    title = "The center refused"
    status = 502

    def __init__(
        self,
        detail: str,
        *,
        center_status: int,
        center_code: str = "",
        problem: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.problem = problem or {}
        self.center_status = center_status
        self.center_code = center_code


class EgressRefused(ServiceError):
    """A record holds something that may not leave the province."""

    code = "egress-refused"
    title = "The record may not leave the province"
    status = 422


class EnrolmentFailed(ServiceError):
    """The province could not be enrolled; the detail says what to do."""

    code = "enrolment-failed"
    title = "The province could not be enrolled"
    status = 409


class DatabaseUnwritable(Unavailable):
    """``agent.db`` takes nothing: the disk is full, read-only or damaged."""

    code = "agent-database-unwritable"
    title = "The agent's database cannot be written"


class StateUnwritable(Unavailable):
    """A newer desired state cannot be stored; the one in force stays."""

    code = "state-unwritable"
    title = "The desired state cannot be stored"


class NotEnrolled(ServiceError):
    """The folder is not that of an enrolled province."""

    code = "not-enrolled"
    title = "The folder holds no enrolled province"
    status = 409


class PackageRefused(ServiceError):
    """A package is not what its release says; it is never run."""

    code = "package-refused"
    title = "The package does not match its release"
    status = 422


class DraftExpired(PackageRefused):
    """A draft's time is over; its edge stops it by itself."""

    code = "draft-expired"
    title = "The draft's time is over"


class TokenError(ServiceError):
    """A token request failed; ``oauth_error`` is its RFC 6749 (section 5.2) name."""

    code = "invalid-request"
    title = "The token request is not valid"
    status = 400
    oauth_error: ClassVar[str] = "invalid_request"
    cure = "Send one form with grant_type=client_credentials, client_id and client_secret."


class InvalidClient(TokenError):
    """The client credentials are missing or wrong."""

    code = "invalid-client"
    title = "The client credentials are not valid"
    status = 401
    oauth_error = "invalid_client"
    cure = "Check client id and secret, or have a new secret made for an active application."


class UnsupportedGrantType(TokenError):
    """Only client credentials are exchanged for tokens."""

    code = "unsupported-grant-type"
    title = "This grant type is not supported"
    oauth_error = "unsupported_grant_type"
    cure = "Send grant_type=client_credentials."


class InvalidScope(TokenError):
    """The scope is malformed, or not granted to the application."""

    code = "invalid-scope"
    title = "The scope is not valid"
    oauth_error = "invalid_scope"
    cure = "Name capabilities as infer:NAME, separated by single spaces, or leave scope out."


class ScopeNotGranted(TokenError):
    """The application holds no approved subscription for what it asks."""

    code = "capability-not-granted"
    title = "The capability is not granted to the application"
    status = 403
    oauth_error = "invalid_scope"
    cure = (
        "Subscribe to the capability at the center; the subscription's page says why one is "
        "not in force."
    )


class TokensUnavailable(TokenError):
    """No token can be issued now."""

    code = "center-away"
    title = "The center cannot be reached now"
    status = 503
    oauth_error = "temporarily_unavailable"
    cure = "Use the token you have until it expires, and try again as Retry-After says."


class TooManyRequests(TokenError):
    """A client asks for tokens more often than anybody needs them."""

    code = "too-many-token-requests"
    title = "Too many token requests"
    status = 429
    oauth_error = "temporarily_unavailable"
    cure = "Keep a token until shortly before it expires, and wait as Retry-After says."


CHALLENGE: Final = {"WWW-Authenticate": 'Basic realm="jiuzhou", charset="UTF-8"'}
"""What a client hears whose credentials are not valid."""
