"""Expected failures of the store's static side."""

from capability_sdk.contracts.errors import (
    BodyTooLarge,
    Conflict,
    InvalidInput,
    NotFound,
    NotPermitted,
    ServiceError,
    Unavailable,
)


class CapabilityNotFound(NotFound):
    """No such capability or version, or the asker may not see it."""

    code = "capability-not-found"
    title = "The store has no such capability version"


class VersionExists(Conflict):
    """A version is immutable: its number is used once."""

    code = "version-exists"
    title = "This version exists already"


class NameOwned(NotPermitted):
    """The name belongs to the organisation that used it first."""

    code = "name-owned"
    title = "Another organisation owns this name"
    cure = "Choose another name, or ask the organisation that owns this one."


class LookAlikeName(Conflict):
    """The name could be mistaken for one that exists."""

    code = "look-alike-name"
    title = "The name looks like one that exists"


class SignatureRefused(InvalidInput):
    """The package is not signed by a key that its uploader registered."""

    code = "signature-refused"
    title = "The package's signature is not acceptable"


class InspectionFailed(Unavailable):
    """The package could not be judged; that says nothing about the package."""

    code = "inspection-failed"
    title = "The package could not be judged now"


class PackageTooLarge(BodyTooLarge):
    """The upload is over the limit."""

    code = "package-too-large"
    title = "The package is too large"


class NotAPackage(ServiceError):
    """The upload's media type is not that of a package."""

    code = "not-a-package"
    title = "This media type is not understood"
    status = 415


class StorageFull(ServiceError):
    """The disk below the package store has no room."""

    code = "storage-full"
    title = "The package store has no room"
    status = 507


class PackageDamaged(Unavailable):
    """The stored archive is missing or no longer has its digest."""

    code = "package-damaged"
    title = "The stored package cannot be delivered"


class IllegalStage(Conflict):
    """The version's stage does not allow the act."""

    code = "illegal-stage"
    title = "The version's stage does not allow this"


class OwnVersion(NotPermitted):
    """An author never decides on their own version."""

    code = "own-version"
    title = "Somebody else than the author must decide"
    cure = "Ask somebody else than the author to decide."


class DigestDiffers(Conflict):
    """The reviewer looked at another content than what is stored."""

    code = "digest-differs"
    title = "The approved digest is not the stored one"
