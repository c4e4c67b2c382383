"""What can fail, expectedly, when people and places are looked after."""

from capability_sdk.contracts.errors import (
    Conflict,
    InvalidInput,
    NotAuthenticated,
    NotPermitted,
    ServiceError,
)


class SignInRefused(NotAuthenticated):
    """Name and password do not belong together, or the account may not sign in."""

    code = "sign-in-refused"
    title = "Name or password is wrong"


class TooManyAttempts(ServiceError):
    """Too many failed sign-ins of this account, or from this address."""

    code = "too-many-attempts"
    title = "Too many failed sign-ins"
    status = 429


class CsrfTokenMissing(NotPermitted):
    """A change came with the cookie alone, as another site could send it."""

    code = "csrf-token-missing"
    title = "The request lacks the session's CSRF token"


class AlreadyRevoked(Conflict):
    """It has ended for good; nothing brings it back."""

    code = "already-revoked"
    title = "This was revoked"


class CodeRefused(NotPermitted):
    """An invitation or enrolment code is unknown, used or expired; which, is not told."""

    code = "code-refused"
    title = "This code is not valid, or no longer"


class NameTaken(Conflict):
    """Something of this name exists."""

    code = "name-taken"
    title = "This name is taken"


class LastAdmin(Conflict):
    """The platform would be left without anybody who can administer it."""

    code = "last-admin"
    title = "The last active admin cannot vanish"


class ProvingProvince(Conflict):
    """A proving province runs what the center sends it to prove, and nothing else."""

    code = "proving-province"
    title = "A proving province serves nobody"


class TooManySecrets(Conflict):
    """An application has two valid secrets already."""

    code = "too-many-secrets"
    title = "An application has two secrets at most"


class TrailBroken(Conflict):
    """The audit trail is not as it was written."""

    code = "trail-broken"
    title = "The audit trail was tampered with"


class KeyRefused(InvalidInput):
    """A public key is not one that the platform uses."""

    code = "key-refused"
    title = "This is not an EC P-256 public key"
