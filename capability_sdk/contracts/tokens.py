"""Access tokens (RFC 9068) and the audiences, scopes and lifetimes that the platform agrees on."""

from datetime import timedelta
from hashlib import sha256
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from capability_sdk.contracts.model import CapabilityName, Identifier, ProvinceName, Wire

TOKEN_TYPE: Final = "at+jwt"  # noqa: S105 - a media type, not a secret
ALGORITHM: Final = "ES256"
MAX_LIFETIME: Final = timedelta(minutes=15)
MAX_TOKEN_BYTES: Final = 8192
MAX_TRIAL_CALLS: Final = 50
"""Calls that the claim ``calls`` of one trial token may allow."""
CENTER_ISSUER: Final = "urn:jiuzhou:center"

InferScope = Annotated[str, StringConstraints(pattern=r"^(infer|trial):[a-z][a-z0-9-]{1,62}$")]


def audience(province: ProvinceName) -> str:
    """Name one province's gateway as the audience of its tokens."""
    return f"urn:jiuzhou:gateway:{province}"


def delegated_issuer(province: ProvinceName) -> str:
    """Name the issuer that a province has for the time in which the center is away."""
    return f"urn:jiuzhou:issuer:{province}"


def infer_scope(capability: CapabilityName) -> str:
    """Name the right to call one capability."""
    return f"infer:{capability}"


def trial_scope(capability: CapabilityName) -> str:
    """Name the right to try one capability a few times; a token has this scope alone."""
    return f"trial:{capability}"


def credential_mark(secret_digest: str) -> str:
    """Name the client secret that a token was asked with, in the token's claim ``credential``.

    Args:
        secret_digest: What is kept of the secret, as in `ApplicationState.secret_hashes`.

    Returns:
        An identifier that desired state lists among revoked tokens once the secret is removed.
    """
    return f"c-{sha256(secret_digest.encode()).hexdigest()[:40]}"


class Claims(Wire):
    """Verified content of an access token; times are seconds since 1970."""

    iss: str
    aud: str
    sub: Identifier
    client_id: Identifier
    scope: str
    jti: Identifier
    iat: int
    exp: int

    @property
    def scopes(self) -> frozenset[str]:
        """The single scopes of the space-separated claim."""
        return frozenset(self.scope.split(" "))


class TokenAnswer(Wire):
    """Answer of a token endpoint (RFC 6749, section 5.1)."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - a scheme, not a secret
    expires_in: Annotated[int, Field(gt=0)]
    scope: str


class TokenRelay(Wire):
    """What an agent asks of the center for a caller (``POST /api/v1/edges/{edge}/tokens``)."""

    client_id: Annotated[str, Field(max_length=100)]
    client_secret: Annotated[str, Field(max_length=200, repr=False)]
    scope: Annotated[str, Field(max_length=2000)] = ""
    """Space-separated; empty asks for everything that the application is granted."""
