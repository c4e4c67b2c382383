"""HTTP of the access domain: keys, tokens, revocation."""

from datetime import datetime
from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from capability_sdk.contracts.enrolment import IssuerKeyRequest
from capability_sdk.contracts.errors import InvalidRequest
from capability_sdk.contracts.model import (
    CapabilityName,
    Identifier,
    ProvinceName,
    Strict,
    UtcTime,
)
from capability_sdk.contracts.tokens import TokenAnswer, TokenRelay
from capability_sdk.kit.problems import problem_responses
from center.access import delegation, service
from center.access.domain import Delegation
from center.access.keys import KeyRing
from center.access.store import DelegationStore
from center.clock import ClockDep
from center.database import DatabaseDep, SessionDep
from center.identity.store import PlaceStore
from center.permissions import ActorDep, Permission, permit
from center.settings import SettingsDep

router = APIRouter(tags=["access"])
root_router = APIRouter(tags=["access"])
"""Addresses that standards fix; they stand outside the prefix."""

_FORM_BYTES = 16_384
_FORM = {
    "type": "object",
    "required": ["grant_type", "client_assertion_type", "client_assertion"],
    "properties": {
        "grant_type": {"type": "string", "const": "client_credentials"},
        "client_assertion_type": {"type": "string", "const": service.ASSERTION_TYPE},
        "client_assertion": {"type": "string", "description": "RFC 7523 assertion, ES256."},
    },
}


def _keys(request: Request) -> KeyRing:
    keys: KeyRing = request.app.state.signer
    return keys


def _rights(request: Request) -> service.Rights:
    return service.Rights(request.app.state.grants, request.app.state.refusal)


async def _form(request: Request) -> dict[str, str]:
    body = await request.body()
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, strict_parsing=True, max_num_fields=10
        )
    except ValueError as error:
        raise InvalidRequest("The body is not application/x-www-form-urlencoded.") from error
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise InvalidRequest("A parameter is there twice.")
    return fields


KeysDep = Annotated[KeyRing, Depends(_keys)]


def _minting(keys: KeysDep, settings: SettingsDep, clock: ClockDep) -> service.Minting:
    return service.Minting(keys, clock(), settings.token_lifetime)


def _edge_minting(keys: KeysDep, settings: SettingsDep, clock: ClockDep) -> service.Minting:
    return service.Minting(keys, clock(), settings.edge_token_lifetime)


class JwkSet(BaseModel):
    """RFC 7517 key set."""

    keys: list[dict[str, Any]]


class Rotation(Strict):
    """How to rotate the token keys."""

    leaked: bool = Field(
        default=False,
        description="The old keys leaked: refuse every token that they signed, at once.",
    )


class TokenKeyView(BaseModel):
    """A token key."""

    kid: str
    active_from: datetime
    """It signs from then on; before, it is only published."""


class DelegationBody(Strict):
    """What a province's delegated issuer may do while the center is away."""

    enabled: bool = Field(description="Whether it may sign at all.")
    capabilities: Annotated[list[CapabilityName], Field(max_length=300)] | None = Field(
        default=None,
        description="Capabilities that it may name; all that the province subscribes to if null.",
    )


class DelegationView(BaseModel):
    """What a province's delegated issuer may do, and with which key."""

    enabled: bool
    capabilities: list[str] | None
    kid: str | None = Field(description="Id of the key that its edge registered, if it has.")


class Revocation(Strict):
    """A token to refuse."""

    jti: Identifier
    expires_at: UtcTime
    """The token's own expiry, at most 24 hours ahead."""


@root_router.get(
    "/.well-known/jwks.json",
    dependencies=[permit(Permission.ANYONE)],
    responses=problem_responses(503),
)
def jwks(response: Response, session: SessionDep, clock: ClockDep) -> JwkSet:
    """Publish the keys that verify access tokens."""
    response.headers["Cache-Control"] = "public, max-age=30"
    return JwkSet(keys=service.current_key_set(session, clock()).keys)


@root_router.post(
    "/oauth2/token",
    dependencies=[permit(Permission.ANYONE)],
    max_body_size=_FORM_BYTES,
    responses=problem_responses(400, 401, 413, 503),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/x-www-form-urlencoded": {"schema": _FORM}},
        }
    },
)
def edge_token(
    form: Annotated[dict[str, str], Depends(_form)],
    response: Response,
    session: SessionDep,
    minting: Annotated[service.Minting, Depends(_edge_minting)],
) -> TokenAnswer:
    """Give an edge its token for the center: client credentials with ``private_key_jwt``."""
    response.headers["Cache-Control"] = "no-store"
    return service.edge_token(session, form, minting)


@router.post(
    "/edges/{edge}/tokens",
    dependencies=[permit(Permission.RELAY_TOKENS)],
    responses=problem_responses(400, 401, 403, 404, 422, 503),
)
def relay_token(
    edge: Annotated[Identifier, Path()],
    body: TokenRelay,
    response: Response,
    database: DatabaseDep,
    actor: ActorDep,
    rights: Annotated[service.Rights, Depends(_rights)],
    minting: Annotated[service.Minting, Depends(_minting)],
) -> TokenAnswer:
    """Mint an access token for a caller that asked the edge's gateway."""
    response.headers["Cache-Control"] = "no-store"
    with database.session(write=False) as session:
        return service.relay(session, actor, edge, body, rights, minting)


@router.put(
    "/edges/{edge}/issuer-key",
    status_code=204,
    dependencies=[permit(Permission.REGISTER_ISSUER)],
    responses=problem_responses(401, 403, 404, 422, 503),
)
def register_issuer_key(
    edge: Annotated[Identifier, Path()],
    body: IssuerKeyRequest,
    session: SessionDep,
    actor: ActorDep,
    clock: ClockDep,
) -> None:
    """Register the key of the edge's delegated issuer; desired state then certifies it."""
    delegation.register_key(session, actor, edge, body.public_key, clock())


@router.get(
    "/provinces/{province}/delegated-issuer",
    dependencies=[permit(Permission.MANAGE_PROVINCES)],
    responses=problem_responses(401, 403, 404, 422, 503),
)
def get_delegated_issuer(
    province: ProvinceName, session: SessionDep, actor: ActorDep
) -> DelegationView:
    """Show what the province's delegated issuer may sign while the center is away."""
    actor.hide_unless_seen(province, f"province {province}")
    return _delegation_view(session, province)


@router.put(
    "/provinces/{province}/delegated-issuer",
    dependencies=[permit(Permission.MANAGE_PROVINCES)],
    responses=problem_responses(401, 403, 404, 422, 503),
)
def put_delegated_issuer(
    province: ProvinceName,
    body: DelegationBody,
    session: SessionDep,
    actor: ActorDep,
    clock: ClockDep,
) -> DelegationView:
    """Decide what the province's delegated issuer may sign; the next desired state says so."""
    actor.require_province(province)
    limit = None if body.capabilities is None else tuple(sorted(set(body.capabilities)))
    delegation.decide(session, actor, province, Delegation(body.enabled, limit), clock())
    return _delegation_view(session, province)


@router.post(
    "/token-keys:rotate",
    status_code=201,
    dependencies=[permit(Permission.MANAGE_TOKEN_KEYS)],
    responses=problem_responses(401, 403, 409, 422, 503),
)
def rotate_token_keys(
    session: SessionDep,
    actor: ActorDep,
    keys: KeysDep,
    settings: SettingsDep,
    clock: ClockDep,
    body: Rotation | None = None,
) -> TokenKeyView:
    """Publish a new token key, which signs a little later; the old one verifies on meanwhile."""
    leaked = body is not None and body.leaked
    lead = settings.key_publish_lead
    new = service.rotate(session, actor, keys, clock(), lead, leaked=leaked)
    return TokenKeyView(kid=new.kid, active_from=new.active_from)


@router.post(
    "/token-revocations",
    status_code=204,
    dependencies=[permit(Permission.REVOKE_TOKENS)],
    responses=problem_responses(401, 403, 422, 503),
)
def revoke_token(body: Revocation, session: SessionDep, actor: ActorDep, clock: ClockDep) -> None:
    """Have every gateway refuse a token until it expires."""
    service.revoke(session, actor, body.jti, body.expires_at, clock())


def _delegation_view(session: Session, province: str) -> DelegationView:
    PlaceStore(session).get(province)
    store = DelegationStore(session)
    decided, edge = store.get(province), PlaceStore(session).find_edge_of(province)
    key = None if edge is None else store.find_key(edge.id, edge.epoch)
    return DelegationView(
        enabled=decided.enabled,
        capabilities=None if decided.capabilities is None else list(decided.capabilities),
        kid=None if key is None else key.public_jwk["kid"],
    )
