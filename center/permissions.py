"""Who may do what: one table. A route without a declared permission stops the start."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from fastapi import Depends, FastAPI, Request, params
from fastapi.routing import APIRoute, iter_route_contexts

from capability_sdk.contracts.errors import NotAuthenticated, NotFound, NotPermitted
from capability_sdk.contracts.model import ProvinceName

CENTER = "center"
"""Name of the organisation that the center itself is; the others are provinces and vendors."""


class Role(StrEnum):
    """What somebody is to the platform."""

    ENGINEER = "engineer"
    OPERATOR = "operator"
    ADMIN = "admin"
    EDGE = "edge"
    REVOKED_EDGE = "revoked-edge"
    ANONYMOUS = "anonymous"


class ActorKind(StrEnum):
    """By what somebody is known."""

    PERSON = "person"
    API_TOKEN = "api_token"  # noqa: S105 - a kind, not a token
    EDGE = "edge"
    ANONYMOUS = "anonymous"
    SYSTEM = "system"


class Permission(StrEnum):
    """A right that a route asks for."""

    ANYONE = "anyone"
    USE_OWN_ACCOUNT = "use:own-account"
    READ_METRICS = "read:metrics"
    READ_PROVINCES = "read:provinces"
    FOUND_PROVINCES = "found:provinces"
    MANAGE_PROVINCES = "manage:provinces"
    READ_ORGANISATIONS = "read:organisations"
    MANAGE_ORGANISATIONS = "manage:organisations"
    READ_EDGES = "read:edges"
    MANAGE_USERS = "manage:users"
    READ_APPLICATIONS = "read:applications"
    MANAGE_APPLICATIONS = "manage:applications"
    READ_AUDIT = "read:audit"
    PROVE_AUDIT = "prove:audit"
    USE_WORK_ORDERS = "use:work-orders"
    MANAGE_WORK_ORDERS = "manage:work-orders"
    READ_STORE = "read:store"
    READ_PACKAGES = "read:packages"
    TRY_CAPABILITIES = "try:capabilities"
    PUBLISH_CAPABILITIES = "publish:capabilities"
    REVIEW_CAPABILITIES = "review:capabilities"
    READ_SUBSCRIPTIONS = "read:subscriptions"
    REQUEST_SUBSCRIPTIONS = "request:subscriptions"
    APPROVE_SUBSCRIPTIONS = "approve:subscriptions"
    MANAGE_PLANS = "manage:plans"
    MANAGE_TOKEN_KEYS = "manage:token-keys"  # noqa: S105 - a right, not a token
    REVOKE_TOKENS = "revoke:tokens"
    RELAY_TOKENS = "relay:tokens"
    REGISTER_ISSUER = "register:issuer"
    READ_DEPLOYMENTS = "read:deployments"
    MANAGE_DEPLOYMENTS = "manage:deployments"
    READ_DESIRED_STATE = "read:desired-state"
    SEND_TELEMETRY = "send:telemetry"
    READ_MONITORING = "read:monitoring"
    READ_USAGE = "read:usage"
    READ_CALLS = "read:calls"
    READ_HEALTH = "read:health"
    DISCUSS_CAPABILITIES = "discuss:capabilities"
    MODERATE_DISCUSSION = "moderate:discussion"
    READ_ALARMS = "read:alarms"
    HANDLE_ALARMS = "handle:alarms"
    READ_OBJECTIVES = "read:objectives"
    SET_OBJECTIVES = "set:objectives"
    READ_INCIDENTS = "read:incidents"
    HANDLE_INCIDENTS = "handle:incidents"


_P = Permission
_PEOPLE = frozenset(
    {
        _P.USE_OWN_ACCOUNT,
        _P.READ_PROVINCES,
        _P.READ_ORGANISATIONS,
        _P.USE_WORK_ORDERS,
        _P.READ_STORE,
        _P.READ_PACKAGES,
        _P.TRY_CAPABILITIES,
        _P.READ_DEPLOYMENTS,
        _P.READ_SUBSCRIPTIONS,
        _P.READ_MONITORING,
        _P.READ_USAGE,
        _P.DISCUSS_CAPABILITIES,
        _P.READ_ALARMS,
        _P.HANDLE_ALARMS,
        _P.READ_OBJECTIVES,
        _P.READ_INCIDENTS,
        _P.HANDLE_INCIDENTS,
    }
)
_EDGE = frozenset(
    {
        _P.READ_PACKAGES,
        _P.RELAY_TOKENS,
        _P.REGISTER_ISSUER,
        _P.READ_DESIRED_STATE,
        _P.SEND_TELEMETRY,
    }
)
_EDGE_ONLY = _EDGE - {_P.READ_PACKAGES}

PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.ANONYMOUS: frozenset(),
    Role.ENGINEER: _PEOPLE | {_P.PUBLISH_CAPABILITIES, _P.SET_OBJECTIVES},
    Role.OPERATOR: _PEOPLE
    | {
        _P.READ_EDGES,
        _P.READ_APPLICATIONS,
        _P.MANAGE_APPLICATIONS,
        _P.REQUEST_SUBSCRIPTIONS,
        _P.MANAGE_DEPLOYMENTS,
        _P.READ_CALLS,
        _P.READ_HEALTH,
    },
    # An admin may do everything that people do; what only an edge may do is an edge's.
    Role.ADMIN: frozenset(_P) - _EDGE_ONLY - {_P.ANYONE},
    Role.EDGE: _EDGE,
    # It may still learn that it has no rights any more, so that its gateways stop.
    Role.REVOKED_EDGE: frozenset({_P.READ_DESIRED_STATE}),
}
"""The whole table; which *objects* a right reaches is `Actor.require_province` and the stores'."""

REGIONAL = PERMISSIONS[Role.OPERATOR] | {
    _P.MANAGE_PROVINCES,
    _P.APPROVE_SUBSCRIPTIONS,
    _P.READ_AUDIT,
    _P.MANAGE_WORK_ORDERS,
}
"""What an admin of some provinces may do there; everything else concerns the whole country.

Operators are confined to provinces, so each right of theirs heeds them. Any other right stands here
only where its routes ask `Actor` for the province; a new one is not an admin's of a region until then.
"""

_OF_ONE_PROVINCE = frozenset({Role.EDGE, Role.REVOKED_EDGE})


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks.

    Attributes:
        kind: By what they are known.
        name: User name, edge id, or ``anonymous``.
        role: What they are to the platform.
        organisation: ``center``, a province or a vendor.
        granted: Provinces that the role is granted for; None where the grant names none.
        scopes: Rights that an API token was made for; None where it has all of its owner's.
        is_narrowed: Whether an API token was made for some provinces alone: what is its owner's own,
            wherever that is, is out of its reach.
    """

    kind: ActorKind
    name: str
    role: Role
    organisation: str
    granted: frozenset[ProvinceName] | None = None
    scopes: frozenset[Permission] | None = None
    is_narrowed: bool = False

    @property
    def provinces(self) -> frozenset[ProvinceName] | None:
        """The provinces that they are confined to; None where they see all.

        Operators and edges are always confined: to the provinces of the grant, or to their own
        organisation, which is no province where it is a vendor, and then they see none. Engineers
        see every province's monitoring of what they publish; that is the stores' part.
        """
        if self.role in _OF_ONE_PROVINCE:
            return frozenset({self.organisation})
        if self.role is Role.OPERATOR and self.granted is None:
            return frozenset({self.organisation})
        return self.granted

    @property
    def is_admin(self) -> bool:
        """Whether they administer the whole platform, not provinces of it."""
        return self.role is Role.ADMIN and self.provinces is None

    @property
    def owner(self) -> str | None:
        """The one organisation whose capabilities they are confined to; None where they are not."""
        return self.organisation if self.role is Role.ENGINEER else None

    def reads_books_of(self, organisation: str) -> bool:
        """Tell whether an organisation's cost centre is within reach: one's own, or of one's region."""
        regional = self.role is Role.ADMIN and organisation in (self.provinces or ())
        return self.is_admin or regional or organisation == self.organisation

    @property
    def permissions(self) -> frozenset[Permission]:
        """Everything that they may do: of the role, of the region, and of the token."""
        rights = PERMISSIONS[self.role]
        if self.role is Role.ADMIN and not self.is_admin:
            rights &= REGIONAL
        return rights if self.scopes is None else rights & self.scopes

    def may(self, permission: Permission) -> bool:
        """Tell whether somebody has a right."""
        return permission in self.permissions

    def sees(self, province: ProvinceName) -> bool:
        """Tell whether objects of a province are within reach."""
        return self.provinces is None or province in self.provinces

    def within(self, province: ProvinceName | None) -> frozenset[ProvinceName] | None:
        """Return the provinces that a list shows: the one asked for, or all within reach.

        Raises:
            NotPermitted: The one asked for is out of reach.
        """
        if province is None:
            return self.provinces
        self.require_province(province)
        return frozenset({province})

    def require_province(self, province: ProvinceName) -> None:
        """Refuse a change in a province that is not theirs.

        Raises:
            NotPermitted: The actor is confined to others.
        """
        if not self.sees(province):
            reach = ", ".join(sorted(self.provinces or ())) or "no province"
            raise NotPermitted(f"You act for {reach} only.")

    def hide_unless_seen(self, province: ProvinceName, what: str) -> None:
        """Behave as if an object did not exist where its province is out of reach.

        Raises:
            NotFound: The actor is confined to others.
        """
        if not self.sees(province):
            raise NotFound(f"There is no {what}.")


ANONYMOUS = Actor(ActorKind.ANONYMOUS, "anonymous", Role.ANONYMOUS, "")
WORKER = Actor(ActorKind.SYSTEM, "center-worker", Role.ADMIN, CENTER)
"""Who acts where the worker does what nobody asked for, such as replacing an old key."""

Authenticate = Callable[[Request], Actor | None]
"""Finds out who asks, in a transaction of its own; None where no credential is valid."""


@dataclass(frozen=True, slots=True)
class Permit:
    """The dependency behind `permit`; a class, so that the check of all routes can find it."""

    permission: Permission

    def __call__(self, request: Request) -> None:
        """Let a request through, or raise."""
        request.state.actor = ANONYMOUS
        if self.permission is Permission.ANYONE:
            return
        authenticate: Authenticate = request.app.state.authenticate
        actor = authenticate(request)
        if actor is None:
            raise NotAuthenticated(
                "Sign in, or send a valid bearer token.", headers={"WWW-Authenticate": "Bearer"}
            )
        if not actor.may(self.permission):
            raise NotPermitted(_refusal(actor, self.permission))
        request.state.actor = actor


def _refusal(actor: Actor, permission: Permission) -> str:
    if permission not in PERMISSIONS[actor.role]:
        return f"This needs the right {permission}; you are {actor.role}."
    if actor.scopes is not None and permission not in actor.scopes:
        return f"This needs the right {permission}; the API token was made without it."
    return f"This needs the right {permission} for the whole country; you have it for provinces."


def permit(permission: Permission) -> params.Depends:
    """Declare what a route asks for: ``dependencies=[permit(Permission.READ_STORE)]``."""
    dependency: params.Depends = Depends(Permit(permission))
    return dependency


def _actor(request: Request) -> Actor:
    actor: Actor = request.state.actor  # an undeclared route has none, and fails
    return actor


ActorDep = Annotated[Actor, Depends(_actor)]
"""Who asks, as the route's declared permission found out."""

_OPEN_PATHS = frozenset({"/health/live", "/health/ready", "/openapi.json"})


class UndeclaredRoute(RuntimeError):
    """A route says nothing about who may use it."""


def declared_permissions(app: FastAPI) -> dict[tuple[str, str], Permission]:
    """Return each route's permission by method and path.

    Raises:
        UndeclaredRoute: A route declares none, or several.
    """
    declared: dict[tuple[str, str], Permission] = {}
    for context in iter_route_contexts(app.routes):
        if context.path in _OPEN_PATHS:
            continue
        is_api = isinstance(context.original_route, APIRoute)
        given = [d.dependency for d in context.dependencies] if is_api else []
        permits = [dependency for dependency in given if isinstance(dependency, Permit)]
        if len(permits) != 1 or context.path is None:
            raise UndeclaredRoute(f"{context.path} declares {len(permits)} permissions, not one.")
        for method in context.methods or ():
            declared[method, context.path] = permits[0].permission
    return declared
