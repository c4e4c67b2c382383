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
    cure = "Check name and password, or ask an admin for a new invitation."


class TooManyAttempts(ServiceError):
    """Too many failed sign-ins of this account, or from this address."""

    code = "too-many-attempts"
    title = "Too many failed sign-ins"
    status = 429
    cure = "Wait as long as Retry-After says, then try again."


class CsrfTokenMissing(NotPermitted):
    """A change came with the cookie alone, as another site could send it."""

    code = "csrf-token-missing"
    title = "The request lacks the session's CSRF token"
    cure = "Send the session's CSRF token in X-CSRF-Token; GET /api/v1/me tells it."


class AlreadyRevoked(Conflict):
    """It has ended for good; nothing brings it back."""

    code = "already-revoked"
    title = "This was revoked"


class CodeRefused(NotPermitted):
    """An invitation or enrolment code is unknown, used or expired; which, is not told."""

    code = "code-refused"
    title = "This code is not valid, or no longer"
    cure = "Ask whoever gave you the code for a new one."


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


class OidcRefused(NotAuthenticated):
    """The provider did not vouch for anybody, or not to this browser."""

    code = "oidc-refused"
    title = "The sign-in through the provider did not succeed"
    cure = "Start the sign-in again from the sign-in page."


class NoRole(NotPermitted):
    """The provider knows the person, and gives them nothing that is a role here."""

    code = "oidc-no-role"
    title = "You have no role here yet"
    cure = "Ask whoever runs the sign-in provider for a role."


class AccountDisabled(NotPermitted):
    """The provider knows the person; here an admin keeps them out."""

    code = "account-disabled"
    title = "Your account is disabled"
    cure = "Ask an admin of the center to enable the account."


class ProviderAway(ServiceError):
    """The sign-in provider cannot be asked."""

    code = "oidc-provider-away"
    title = "The sign-in provider does not answer"
    status = 503
    cure = "Try again shortly; if that lasts, tell whoever runs the sign-in provider."


class LocalAccountsOff(NotPermitted):
    """Passwords are not taken: the provider lets people in."""

    code = "local-accounts-off"
    title = "Sign in through the provider"
    cure = "Sign in through the provider."


class ProvidersAccount(Conflict):
    """The account comes from the provider, which decides on its role and password."""

    code = "providers-account"
    title = "The provider decides on this account"


class TrailBroken(Conflict):
    """The audit trail is not as it was written."""

    code = "trail-broken"
    title = "The audit trail was tampered with"


class KeyRefused(InvalidInput):
    """A public key is not one that the platform uses."""

    code = "key-refused"
    title = "This is not an EC P-256 public key"
