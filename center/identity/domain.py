"""People, provinces, edges and applications, as values; and the secrets that they hold."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from capability_sdk.contracts.enrolment import ProvinceKind
from capability_sdk.contracts.errors import InvalidInput
from center.identity.errors import ProvingProvince
from center.permissions import CENTER, Role

API_TOKEN_PREFIX = "jzt_"  # noqa: S105 - marks a token, is none
PEOPLE_ROLES = (Role.ENGINEER, Role.OPERATOR, Role.ADMIN)


class UserState(StrEnum):
    """Whether somebody can sign in, and if not, why."""

    INVITED = "invited"
    ACTIVE = "active"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class User:
    """A person."""

    name: str
    role: Role
    organisation: str
    state: UserState
    created_at: datetime

    @property
    def is_active_admin(self) -> bool:
        """Whether this person can administer the platform now."""
        return self.role is Role.ADMIN and self.state is UserState.ACTIVE


@dataclass(frozen=True, slots=True)
class Province:
    """A tenant: the owner of one edge cluster."""

    name: str
    title_zh: str
    title_en: str
    zone: str
    created_at: datetime
    kind: ProvinceKind = ProvinceKind.SERVING

    def require_serving(self) -> None:
        """Refuse what people do in provinces that serve callers.

        Raises:
            ProvingProvince: This one only proves drafts.
        """
        if self.kind is ProvinceKind.PROVING:
            raise ProvingProvince(f"{self.name} proves drafts for the center, and serves nobody.")


@dataclass(frozen=True, slots=True)
class Edge:
    """A province's edge cluster, as it enrolled last.

    Attributes:
        revoked_at: Since when its key is worth nothing but to learn that; enrolling again ends it.
    """

    id: str
    province: str
    epoch: int
    public_key: dict[str, Any]
    gateway_url: str
    enrolled_at: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Secret:
    """One valid secret of an application; the secret itself is not kept."""

    id: str
    digest: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Application:
    """A calling system of a province.

    Attributes:
        is_active: Whether its calls are served now.
        is_revoked: Whether it has ended for good.
        secrets: Those that hold.
    """

    client_id: str
    name: str
    province: str
    organisation: str
    is_active: bool
    created_at: datetime
    secrets: tuple[Secret, ...] = ()
    is_revoked: bool = False


@dataclass(frozen=True, slots=True)
class AuthorKey:
    """A public key that an author signs packages with.

    Attributes:
        withdrawn_at: Since when nothing that it signed is taken any more.
    """

    id: str
    owner: str
    public_key_pem: str
    created_at: datetime
    withdrawn_at: datetime | None = None


def require_place(role: Role, organisation: str) -> None:
    """Refuse a role in an organisation where it means nothing.

    Raises:
        InvalidInput: An admin outside the center, or an operator in it.
    """
    if role is Role.ADMIN and organisation != CENTER:
        raise InvalidInput("An admin belongs to the center.")
    if role is Role.OPERATOR and organisation == CENTER:
        raise InvalidInput("An operator belongs to a province.")


def new_secret() -> str:
    """Return 256 random bits, in letters that survive a URL and a header."""
    return secrets.token_urlsafe(32)


def new_id(kind: str) -> str:
    """Return an identifier nobody can guess, such as ``app-1f0c…``."""
    return f"{kind}-{secrets.token_hex(10)}"


def digest(secret: str) -> str:
    """Return what is kept of a secret of 256 random bits: its SHA-256, in hex."""
    return hashlib.sha256(secret.encode()).hexdigest()


def same(left: str, right: str) -> bool:
    """Compare in a time that tells nothing."""
    return hmac.compare_digest(left.encode(), right.encode())


def csrf_token(session_token: str) -> str:
    """Return the CSRF token of a session: whoever cannot read the cookie cannot make it."""
    return hmac.new(session_token.encode(), b"csrf", hashlib.sha256).hexdigest()
