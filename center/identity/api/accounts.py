"""Sign-in, one's own account, API tokens and signing keys."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from capability_sdk.contracts.errors import NotFound, NotPermitted
from capability_sdk.contracts.model import Strict
from capability_sdk.kit.problems import problem_responses
from center.clock import ClockDep
from center.database import DatabaseDep, SessionDep
from center.idempotency import OnceDep
from center.identity.api.fields import IdPath, Label, Password, UserName, sorted_names
from center.identity.domain import csrf_token
from center.identity.service import keys, sign_ins, users
from center.identity.store import AuthorKeyStore, SignInStore
from center.paging import Page, PagingDep, map_page
from center.permissions import Actor, ActorDep, ActorKind, Permission, Role, permit
from center.settings import CenterSettings, SettingsDep

SESSION_COOKIE = "jiuzhou_session"

router = APIRouter(tags=["accounts"])
_OWN = [permit(Permission.USE_OWN_ACCOUNT)]
_ANYONE = [permit(Permission.ANYONE)]


class SignIn(Strict):
    """Who signs in."""

    name: UserName
    password: Annotated[str, Field(min_length=1, max_length=200, repr=False)]


class Me(BaseModel):
    """Who somebody is."""

    model_config = ConfigDict(from_attributes=True)

    name: str = Field(examples=["li-na"])
    role: Role = Field(examples=[Role.OPERATOR])
    organisation: str = Field(examples=["zhejiang"])
    provinces: Annotated[list[str] | None, BeforeValidator(sorted_names)] = None
    """Those that they are confined to; null where they see all."""


class SignedIn(BaseModel):
    """A new session; its token is in the cookie alone."""

    user: Me
    csrf_token: str
    """Goes into the header ``X-CSRF-Token`` of every change."""


class MeNow(BaseModel):
    """Who asks, and what a console needs to go on after a reload."""

    user: Me
    csrf_token: str | None = None
    """Of the cookie's session; null for an API token, which needs none."""
    permissions: list[Permission]
    """What the role gives, so that a console shows nobody what would be refused."""


class Acceptance(Strict):
    """An invitation's code and the password that it sets."""

    code: Annotated[str, Field(min_length=16, max_length=100, repr=False)]
    password: Password


class NewApiToken(Strict):
    """What a new API token is for."""

    label: Label


class ApiTokenMade(BaseModel):
    """A new API token; its secret is shown here and never again."""

    id: str
    token: str = Field(repr=False)


class ApiTokenView(BaseModel):
    """An API token without its secret."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    label: str
    created_at: datetime


class NewSigningKey(Strict):
    """A public key that the asker signs packages with."""

    public_key_pem: Annotated[str, Field(min_length=1, max_length=4000)]


class SigningKeyView(BaseModel):
    """A registered public key."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    """SHA-256 of the key's DER form, in hex."""
    owner: str
    public_key_pem: str
    created_at: datetime
    withdrawn_at: datetime | None


def limits(settings: CenterSettings) -> sign_ins.Limits:
    """Read the limits of signing in from the settings."""
    return sign_ins.Limits(
        per_account=settings.sign_in_attempts,
        per_address=settings.sign_in_attempts_per_address,
        window=settings.sign_in_window,
        session_lifetime=settings.session_lifetime,
    )


@router.post(
    "/sessions",
    status_code=201,
    dependencies=_ANYONE,
    responses=problem_responses(401, 422, 429, 503),
)
def sign_in(
    body: SignIn,
    request: Request,
    response: Response,
    database: DatabaseDep,
    settings: SettingsDep,
    clock: ClockDep,
) -> SignedIn:
    """Sign in: the session's token is set as a cookie, its CSRF token is in the answer."""
    address = request.client.host if request.client is not None else "unknown"
    attempt = sign_ins.Attempt(body.name, body.password, address)
    user, token = sign_ins.sign_in(database, attempt, limits(settings), clock())
    response.set_cookie(
        SESSION_COOKIE,
        token,
        max_age=int(settings.session_lifetime.total_seconds()),
        httponly=True,
        samesite="strict",
        secure=settings.public_url.startswith("https://"),
    )
    who = Me.model_validate(user.as_actor(ActorKind.PERSON))
    return SignedIn(user=who, csrf_token=csrf_token(token))


@router.delete(
    "/sessions/current",
    status_code=204,
    dependencies=_OWN,
    responses=problem_responses(401, 403, 503),
)
def sign_out(request: Request, response: Response, session: SessionDep) -> None:
    """End the cookie's session."""
    token = request.cookies.get(SESSION_COOKIE)
    if token is not None:
        sign_ins.sign_out(session, token)
    response.delete_cookie(SESSION_COOKIE, httponly=True, samesite="strict")


@router.get("/me", dependencies=_OWN, responses=problem_responses(401, 403, 503))
def me(request: Request, actor: ActorDep) -> MeNow:
    """Show who asks."""
    cookie = request.cookies.get(SESSION_COOKIE)
    by_cookie = actor.kind is ActorKind.PERSON and cookie is not None
    token = csrf_token(cookie) if by_cookie and cookie is not None else None
    return MeNow(
        user=Me.model_validate(actor),
        csrf_token=token,
        permissions=sorted(right for right in Permission if actor.may(right)),
    )


@router.post(
    "/invitations:accept", dependencies=_ANYONE, responses=problem_responses(403, 422, 503)
)
def accept_invitation(body: Acceptance, database: DatabaseDep, clock: ClockDep) -> Me:
    """Set the password that an invitation is for; its code is the credential."""
    user = users.accept(database, body.code, body.password, clock())
    return Me.model_validate(user.as_actor(ActorKind.PERSON))


@router.post(
    "/api-tokens",
    status_code=201,
    dependencies=_OWN,
    responses=problem_responses(401, 403, 409, 422, 503),
)
def make_api_token(
    body: NewApiToken, session: SessionDep, actor: ActorDep, clock: ClockDep, once: OnceDep
) -> ApiTokenMade:
    """Make an API token that acts for the asker; only a person can, no token makes another."""
    _require_person(actor)

    def make() -> ApiTokenMade:
        token_id, token = sign_ins.make_api_token(session, actor, body.label, clock())
        return ApiTokenMade(id=token_id, token=token)

    return once(make, ApiTokenMade)


@router.get("/api-tokens", dependencies=_OWN, responses=problem_responses(400, 401, 403, 422, 503))
def list_api_tokens(session: SessionDep, actor: ActorDep, paging: PagingDep) -> Page[ApiTokenView]:
    """List the asker's own API tokens."""
    page = SignInStore(session).page_api_tokens(actor.name, paging)
    return map_page(page, ApiTokenView.model_validate)


@router.delete(
    "/api-tokens/current",
    status_code=204,
    dependencies=_OWN,
    responses=problem_responses(401, 403, 404, 503),
)
def drop_current_api_token(request: Request, session: SessionDep, actor: ActorDep) -> None:
    """End the API token that this request came with."""
    if actor.kind is not ActorKind.API_TOKEN:
        raise NotFound("This request came with a session, not with an API token.")
    token = request.headers["authorization"].partition(" ")[2]
    SignInStore(session).drop_presented_token(token)


@router.delete(
    "/api-tokens/{token_id}",
    status_code=204,
    dependencies=_OWN,
    responses=problem_responses(401, 403, 404, 422, 503),
)
def drop_api_token(token_id: IdPath, session: SessionDep, actor: ActorDep) -> None:
    """End one of the asker's API tokens."""
    SignInStore(session).drop_api_token(token_id, actor.name)


@router.post(
    "/signing-keys",
    status_code=201,
    dependencies=_OWN,
    responses=problem_responses(401, 403, 409, 422, 503),
)
def register_signing_key(
    body: NewSigningKey, session: SessionDep, actor: ActorDep, clock: ClockDep, once: OnceDep
) -> SigningKeyView:
    """Register a public key that the asker signs packages with."""

    def make() -> SigningKeyView:
        item = keys.register(session, actor, body.public_key_pem, clock())
        return SigningKeyView.model_validate(item)

    return once(make, SigningKeyView)


@router.post(
    "/signing-keys/{key_id}:withdraw",
    dependencies=_OWN,
    responses=problem_responses(401, 403, 404, 409, 422, 503),
)
def withdraw_signing_key(
    key_id: IdPath, session: SessionDep, actor: ActorDep, clock: ClockDep
) -> SigningKeyView:
    """Take nothing more that a key signed: your own, or as an admin anybody's.

    Uploads that it signed are refused, and so are approvals of versions that it signed. What was
    published before stays, because the center countersigned its content.
    """
    return SigningKeyView.model_validate(keys.withdraw(session, actor, key_id, clock()))


@router.get(
    "/signing-keys", dependencies=_OWN, responses=problem_responses(400, 401, 403, 422, 503)
)
def list_signing_keys(
    session: SessionDep, actor: ActorDep, paging: PagingDep
) -> Page[SigningKeyView]:
    """List the asker's own public keys."""
    page = AuthorKeyStore(session).page(actor.name, paging)
    return map_page(page, SigningKeyView.model_validate)


def _require_person(actor: Actor) -> None:
    if actor.kind is not ActorKind.PERSON:
        raise NotPermitted("Sign in to do this; an API token cannot.")
