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
"""Name of the organisation that the center itself is; every other one is a province."""


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
    MANAGE_PROVINCES = "manage:provinces"
    READ_EDGES = "read:edges"
    MANAGE_USERS = "manage:users"
    READ_APPLICATIONS = "read:applications"
    MANAGE_APPLICATIONS = "manage:applications"
    READ_AUDIT = "read:audit"
    READ_STORE = "read:store"
    READ_PACKAGES = "read:packages"
    PUBLISH_CAPABILITIES = "publish:capabilities"
    REVIEW_CAPABILITIES = "review:capabilities"
    READ_SUBSCRIPTIONS = "read:subscriptions"
    REQUEST_SUBSCRIPTIONS = "request:subscriptions"
    APPROVE_SUBSCRIPTIONS = "approve:subscriptions"
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


_P = Permission
_PEOPLE = frozenset(
    {
        _P.USE_OWN_ACCOUNT,
        _P.READ_PROVINCES,
        _P.READ_STORE,
        _P.READ_PACKAGES,
        _P.READ_DEPLOYMENTS,
        _P.READ_SUBSCRIPTIONS,
        _P.READ_MONITORING,
        _P.READ_USAGE,
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
    Role.ENGINEER: _PEOPLE | {_P.PUBLISH_CAPABILITIES},
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


_CONFINED = frozenset({Role.OPERATOR, Role.EDGE, Role.REVOKED_EDGE})


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks.

    Attributes:
        kind: By what they are known.
        name: User name, edge id, or ``anonymous``.
        role: What they are to the platform.
        organisation: ``center`` or a province.
    """

    kind: ActorKind
    name: str
    role: Role
    organisation: str

    @property
    def province(self) -> ProvinceName | None:
        """The one province that they are confined to; None where they see all.

        Engineers see every province's monitoring of what they publish; that is the stores' part.
        """
        return self.organisation if self.role in _CONFINED else None

    @property
    def owner(self) -> str | None:
        """The one organisation whose capabilities they are confined to; None where they are not."""
        return self.organisation if self.role is Role.ENGINEER else None

    def may(self, permission: Permission) -> bool:
        """Tell whether the role has a right."""
        return permission in PERMISSIONS[self.role]

    def sees(self, province: ProvinceName) -> bool:
        """Tell whether objects of a province are within reach."""
        return self.province is None or self.province == province

    def require_province(self, province: ProvinceName) -> None:
        """Refuse a change in a province that is not theirs.

        Raises:
            NotPermitted: The actor is confined to another province.
        """
        if not self.sees(province):
            raise NotPermitted(f"You act for {self.province} only.")

    def hide_unless_seen(self, province: ProvinceName, what: str) -> None:
        """Behave as if an object did not exist where its province is out of reach.

        Raises:
            NotFound: The actor is confined to another province.
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
            raise NotPermitted(f"This needs the right {self.permission}; you are {actor.role}.")
        request.state.actor = actor


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
