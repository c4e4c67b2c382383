"""Why a token is refused."""

from capability_sdk.contracts.errors import (
    Conflict,
    InvalidRequest,
    NotAuthenticated,
    NotPermitted,
)


class InvalidClient(NotAuthenticated):
    """The client is not who it says; why, is not told."""

    code = "invalid-client"
    title = "The client could not be authenticated"
    cure = "Check client id and secret, or have a new secret made for an active application."


class UnsupportedGrant(InvalidRequest):
    """The token request is of a kind that this endpoint does not serve."""

    code = "unsupported-grant-type"
    title = "Only client_credentials with private_key_jwt is served here"


class InvalidScope(InvalidRequest):
    """A scope is not one that can be asked for."""

    code = "invalid-scope"
    title = "The scope is not valid"


class CapabilityNotGranted(NotPermitted):
    """The application has no active subscription to the capability."""

    code = "capability-not-granted"
    title = "The application is not granted this capability"
    cure = "Subscribe to the capability."


class RotationUnderWay(Conflict):
    """A new key is published already and does not sign yet."""

    code = "rotation-under-way"
    title = "A rotation is under way"


class MasterKeyMismatch(RuntimeError):
    """The keys in the database were sealed with another master key."""
