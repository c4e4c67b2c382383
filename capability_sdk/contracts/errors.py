"""Expected failures of every service; `capability_sdk.kit.problems` alone turns them into HTTP."""

from typing import ClassVar


class ServiceError(Exception):
    """An expected failure with a stable cause.

    Attributes:
        code: Stable name of the cause; ``/problems/<code>`` is the RFC 9457 type.
        title: One sentence that is the same for every occurrence.
        status: HTTP status.
        cure: What the asker can do about it; one text for every occurrence, unless an error says more.
        members: Further members of the problem document, such as a limit.
        headers: HTTP headers that belong to the answer, such as ``Retry-After``.
    """

    code: ClassVar[str] = "internal"
    title: ClassVar[str] = "The request could not be served"
    status: ClassVar[int] = 500
    cure: str = ""

    def __init__(
        self, detail: str, *, headers: dict[str, str] | None = None, **members: object
    ) -> None:
        super().__init__(detail)
        self.headers = headers or {}
        self.members = members


class InvalidRequest(ServiceError):
    """The request cannot be understood or breaks a rule of its contract."""

    code = "invalid-request"
    title = "The request is not valid"
    status = 400
    cure = "Send the request as the service's OpenAPI document describes it."


class InvalidInput(ServiceError):
    """The body is well-formed, but a field of it is not acceptable."""

    code = "invalid-input"
    title = "A field of the request is not valid"
    status = 422
    cure = "Correct the field that the detail names, then send it again."


class NotAuthenticated(ServiceError):
    """Nobody verifiable is asking."""

    code = "not-authenticated"
    title = "Sign in or present a valid credential"
    status = 401
    cure = "Sign in, or present a credential that is valid."


class NotPermitted(ServiceError):
    """Somebody known asks for something that is not theirs."""

    code = "not-permitted"
    title = "You may not do this"
    status = 403
    cure = "Ask an admin of the center for the right to do this."


class NotFound(ServiceError):
    """The thing does not exist, or the asker may not know that it does."""

    code = "not-found"
    title = "There is no such thing"
    status = 404


class Conflict(ServiceError):
    """The current state does not allow the change."""

    code = "conflict"
    title = "The current state does not allow this"
    status = 409


class BodyTooLarge(ServiceError):
    """The body is over the declared limit."""

    code = "body-too-large"
    title = "The request body is too large"
    status = 413
    cure = "Send less at once, in several requests."


class Unavailable(ServiceError):
    """A part that is needed does not answer now; the same request may succeed later."""

    code = "unavailable"
    title = "A needed part is not available now"
    status = 503
    cure = "Send the request again shortly; if that lasts, tell whoever runs the service."
