"""What can go wrong between a package's author and the node that runs it."""

from collections.abc import Sequence

from capability_sdk.contracts.errors import ServiceError, Unavailable
from capability_sdk.contracts.packages import Check


class PackageRefused(ServiceError):
    """The package breaks rules; ``breaks`` names each with its cure."""

    code = "package-refused"
    title = "The package is not acceptable"
    status = 422

    def __init__(self, breaks: Sequence[Check]) -> None:
        first = breaks[0].detail
        more = f" (and {len(breaks) - 1} more)" if len(breaks) > 1 else ""
        named = [item.model_dump(include={"name", "detail", "cure"}) for item in breaks]
        super().__init__(f"The package was refused: {first}{more}", breaks=named)
        self.breaks = tuple(breaks)


class SignatureInvalid(ServiceError):
    """The package is not what its author signed."""

    code = "signature-invalid"
    title = "The package's signature does not hold"
    status = 422


class PackageNotVerified(ServiceError):
    """A package that was fetched is not what its author signed and its release names."""

    code = "package-not-verified"
    title = "The package is not what was released"
    status = 422


class SigningUnavailable(Unavailable):
    """The signing extra is not installed here."""

    code = "signing-unavailable"
    title = "Signing is not installed"


class ServingUnavailable(Unavailable):
    """The serving extra is not installed here."""

    code = "serving-unavailable"
    title = "The inference engine is not installed"


def broken(name: str, detail: str, cure: str) -> Check:
    """Name one break of a rule and what cures it."""
    return Check(name=name, passed=False, detail=detail, cure=cure)
