"""People, provinces, edges and applications, as values; and the secrets that they hold."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from capability_sdk.contracts.enrolment import ProvinceKind
from capability_sdk.contracts.errors import InvalidInput
from center.identity.errors import ProvingProvince
from center.permissions import Actor, ActorKind, Permission, Role

API_TOKEN_PREFIX = "jzt_"  # noqa: S105 - marks a token, is none
PEOPLE_ROLES = (Role.ENGINEER, Role.OPERATOR, Role.ADMIN)


class UserState(StrEnum):
    """Whether somebody can sign in, and if not, why."""

    INVITED = "invited"
    ACTIVE = "active"
    DISABLED = "disabled"


class OrganisationKind(StrEnum):
    """What an organisation is to the operator."""

    HEADQUARTERS = "headquarters"
    PROVINCE = "province"
    VENDOR = "vendor"


@dataclass(frozen=True, slots=True)
class Organisation:
    """Whom people and applications belong to, and who pays.

    Attributes:
        cost_centre: What its usage is booked on; None until somebody says.
        revision: Counts its changes.
    """

    name: str
    kind: OrganisationKind
    title_zh: str
    title_en: str
    created_at: datetime
    cost_centre: str | None = None
    revision: int = 1


@dataclass(frozen=True, slots=True)
class Grant:
    """A role in an organisation, for all provinces that it reaches or for some of them.

    Attributes:
        provinces: Those that it is for; None where it names none.
    """

    role: Role
    organisation: str
    provinces: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class User:
    """A person.

    Attributes:
        provinces: Those that the role is for; None where it names none.
        is_external: Whether they sign in through the provider, which decides on their role.
    """

    name: str
    role: Role
    organisation: str
    state: UserState
    created_at: datetime
    provinces: frozenset[str] | None = None
    is_external: bool = False

    @property
    def grant(self) -> Grant:
        """What they are, where, and for which provinces."""
        return Grant(self.role, self.organisation, self.provinces)

    def as_actor(self, kind: ActorKind) -> Actor:
        """Return who asks when this person does."""
        return Actor(kind, self.name, self.role, self.organisation, self.provinces)

    @property
    def is_active_admin(self) -> bool:
        """Whether this person can administer the whole platform now."""
        whole = self.role is Role.ADMIN and self.provinces is None
        return whole and self.state is UserState.ACTIVE


@dataclass(frozen=True, slots=True)
class ApiToken:
    """An API token without its secret.

    Attributes:
        expires_at: From when on it is worth nothing; None for one of before tokens expired.
        scopes: Rights that it was made for; None for all of its owner's.
        provinces: Those that it was made for; None for all that its owner sees.
        last_used_at: To some minutes; None where it was never used.
    """

    id: str
    user: str
    label: str
    created_at: datetime
    expires_at: datetime | None
    scopes: frozenset[Permission] | None = None
    provinces: frozenset[str] | None = None
    last_used_at: datetime | None = None

    def actor_of(self, owner: User) -> Actor:
        """Return who asks with this token: its owner, who may no more than the token says."""
        actor = owner.as_actor(ActorKind.API_TOKEN)
        if self.provinces is None:
            return replace(actor, scopes=self.scopes)
        reach = actor.provinces
        granted = self.provinces if reach is None else self.provinces & reach
        return replace(actor, granted=granted, scopes=self.scopes, is_narrowed=True)


@dataclass(frozen=True, slots=True)
class Province:
    """A tenant: the owner of one edge cluster.

    Attributes:
        simulated: Nothing of it is real: pages say so, and it can be removed with all its figures.
    """

    name: str
    title_zh: str
    title_en: str
    zone: str
    created_at: datetime
    kind: ProvinceKind = ProvinceKind.SERVING
    simulated: bool = False

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


def require_sense(grant: Grant, kind: OrganisationKind) -> None:
    """Refuse a role in an organisation where it means nothing.

    Raises:
        InvalidInput: An admin outside of headquarters, an operator there or at a vendor who acts for
            no province, or a province's operator who would act for others.
    """
    if grant.role is Role.ADMIN and kind is not OrganisationKind.HEADQUARTERS:
        raise InvalidInput("An admin belongs to headquarters, such as `center`.")
    if grant.provinces is not None and not grant.provinces:
        raise InvalidInput("Name at least one province, or leave `provinces` out.")
    if grant.role is not Role.OPERATOR:
        return
    is_province = kind is OrganisationKind.PROVINCE
    if is_province and grant.provinces not in (None, {grant.organisation}):
        raise InvalidInput("An operator of a province acts for that province alone.")
    if not is_province and grant.provinces is None:
        raise InvalidInput(
            "An operator belongs to a province, or acts for provinces that you name."
        )


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
