"""Why a request may be refused, by what it asks for: the causes that a caller has to know.

The OpenAPI document and `docs/refusals.md` are made from this; a campaign holds it against what is
answered.
"""

from collections.abc import Iterator
from typing import Final

from capability_sdk.contracts.errors import (
    BodyTooLarge,
    InvalidInput,
    InvalidRequest,
    NotAuthenticated,
    ServiceError,
)
from capability_sdk.serving import errors as instance
from edge_gateway import errors as gateway
from edge_gateway.agent import errors as agent
from edge_gateway.gateway.paths import Kind, Route

Cause = type[ServiceError]

EVERYWHERE: Final[tuple[Cause, ...]] = (
    gateway.MalformedRequest,
    BodyTooLarge,
    gateway.TargetTooLong,
    gateway.HeadTooLarge,
    ServiceError,
)
"""Refusals of the connection itself, and a failure of the gateway's own."""

BESIDE: Final[tuple[Cause, ...]] = (gateway.NoSuchPath, gateway.MethodNotAllowed)
"""What hears who asks for nothing that is served."""

WITH_TOKEN: Final[tuple[Cause, ...]] = (
    gateway.TokenRefused,
    gateway.TokenExpired,
    gateway.WrongProvince,
    gateway.NoState,
)
ON_THE_WAY: Final[tuple[Cause, ...]] = (
    gateway.CapabilityNotGranted,
    gateway.TrialsOff,
    gateway.TrialsBusy,
    gateway.NotDeployed,
    gateway.RateLimited,
    gateway.ConcurrencyLimited,
    gateway.Waking,
    gateway.NoInstance,
    gateway.UpstreamBroken,
    gateway.UpstreamTimeout,
)
IN_THE_BOOKS: Final[tuple[Cause, ...]] = (
    gateway.QuotaExceeded,
    gateway.LedgerUnavailable,
    gateway.NotMetered,
)
OF_AN_INSTANCE: Final[tuple[Cause, ...]] = (
    instance.ModelNotServed,
    instance.EncodingNotSupported,
    instance.InstanceBusy,
    instance.InstanceNotReady,
)
OF_A_MODEL: Final[tuple[Cause, ...]] = (
    instance.MalformedRequest,
    instance.TensorMismatch,
    instance.InputRefusedByModel,
    instance.InputQuarantined,
    instance.ModelFailed,
    instance.ModelCrashed,
    instance.ModelHung,
    instance.ModelRestarting,
)
FOR_TOKENS: Final[tuple[Cause, ...]] = (
    agent.TokenError,
    agent.UnsupportedGrantType,
    agent.InvalidScope,
    agent.InvalidClient,
    agent.ScopeNotGranted,
    agent.TooManyRequests,
    agent.TokensUnavailable,
    gateway.AgentAway,
)
_FURTHER: Final[dict[Kind, tuple[Cause, ...]]] = {
    Kind.INFER: (*ON_THE_WAY, *IN_THE_BOOKS, *OF_AN_INSTANCE, *OF_A_MODEL),
    Kind.MODEL: (*ON_THE_WAY, *OF_AN_INSTANCE),
    Kind.READY: (gateway.NoState, gateway.NotMetered),
    Kind.TOKEN: FOR_TOKENS,
    Kind.AUTONOMY: (gateway.AgentAway,),
    Kind.FEEDBACK: (
        gateway.CapabilityNotGranted,
        InvalidRequest,
        InvalidInput,
        gateway.NotMetered,
    ),
    Kind.METRICS: (NotAuthenticated,),
    Kind.DISPATCH: (NotAuthenticated,),
}


def causes_of(route: Route) -> Iterator[Cause]:
    """Name why a request for a route may be refused."""
    yield from EVERYWHERE
    if route.needs_token:
        yield from WITH_TOKEN
    yield from _FURTHER.get(route.kind, ())
