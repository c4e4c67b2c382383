"""Sign-in, and one's own account."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from capability_sdk.contracts.errors import NotPermitted
from capability_sdk.contracts.model import Strict
from capability_sdk.kit.problems import problem_responses
from center.clock import ClockDep
from center.database import DatabaseDep, SessionDep
from center.identity.api.fields import IdPath, Password, UserName, sorted_names
from center.identity.domain import csrf_token
from center.identity.errors import LocalAccountsOff
from center.identity.service import sign_ins, users
from center.identity.store import SignInStore
from center.paging import Page
from center.permissions import ActorDep, ActorKind, Permission, Role, permit
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
    permissions: list[Permission]
    """Everything that the asker may do; the console shows what one may use."""
    csrf_token: str | None = None
    """Of the cookie's session; null for an API token, which needs none."""


class SessionView(BaseModel):
    """One of the asker's sessions."""

    id: str
    created_at: datetime
    expires_at: datetime
    address: str
    """Network address that it was opened from."""
    agent: str
    """What the browser said of itself."""
    is_current: bool


class PasswordChange(Strict):
    """The present password, and the one that takes its place."""

    present: Annotated[str, Field(min_length=1, max_length=200, repr=False)]
    new: Password


class Acceptance(Strict):
    """An invitation's code and the password that it sets."""

    code: Annotated[str, Field(min_length=16, max_length=100, repr=False)]
    password: Password


def limits(settings: CenterSettings) -> sign_ins.Limits:
    """Read the limits of signing in from the settings."""
    return sign_ins.Limits(
        per_account=settings.sign_in_attempts,
        per_address=settings.sign_in_attempts_per_address,
        window=settings.sign_in_window,
        session_lifetime=settings.session_lifetime,
    )


def require_local_accounts(settings: CenterSettings) -> None:
    """Refuse passwords where the provider alone lets people in.

    Raises:
        LocalAccountsOff: It does.
    """
    if not settings.local_accounts:
        raise LocalAccountsOff("Passwords are not taken here: sign in through the provider.")


def set_session_cookie(response: Response, token: str, settings: CenterSettings) -> None:
    """Give a browser its session's token, which no script of a page can read."""
    response.set_cookie(
        SESSION_COOKIE,
        token,
        max_age=int(settings.session_lifetime.total_seconds()),
        httponly=True,
        samesite="strict",
        secure=settings.public_url.startswith("https://"),
    )


@router.post(
    "/sessions",
    status_code=201,
    dependencies=_ANYONE,
    responses=problem_responses(401, 403, 422, 429, 503),
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
    require_local_accounts(settings)
    address = request.client.host if request.client is not None else "unknown"
    agent = request.headers.get("user-agent", "")
    attempt = sign_ins.Attempt(body.name, body.password, address, agent)
    user, token = sign_ins.sign_in(database, attempt, limits(settings), clock())
    set_session_cookie(response, token, settings)
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


@router.get("/sessions", dependencies=_OWN, responses=problem_responses(401, 403, 503))
def list_sessions(
    request: Request, session: SessionDep, actor: ActorDep, clock: ClockDep
) -> Page[SessionView]:
    """List the asker's own sessions, newest first."""
    store = SignInStore(session)
    token = request.cookies.get(SESSION_COOKIE)
    current = None if token is None else store.find_session_id(token)
    items = [
        SessionView(**asdict(item), is_current=item.id == current)
        for item in store.sessions(actor.name, clock())
    ]
    return Page(items=items, total=len(items))


@router.delete(
    "/sessions/{session_id}",
    status_code=204,
    dependencies=_OWN,
    responses=problem_responses(401, 403, 404, 422, 503),
)
def close_session(session_id: IdPath, session: SessionDep, actor: ActorDep) -> None:
    """End one of the asker's own sessions, such as one on a lost computer."""
    SignInStore(session).close_one(actor.name, session_id)


@router.post(
    "/me:change-password",
    status_code=204,
    dependencies=_OWN,
    responses=problem_responses(401, 403, 422, 429, 503),
)
def change_password(
    body: PasswordChange,
    request: Request,
    actor: ActorDep,
    database: DatabaseDep,
    settings: SettingsDep,
    clock: ClockDep,
) -> None:
    """Set another password; it takes the present one, and ends every other session."""
    token = request.cookies.get(SESSION_COOKIE)
    if actor.kind is not ActorKind.PERSON or token is None:
        raise NotPermitted("Sign in to do this; an API token cannot.")
    change = sign_ins.NewPassword(actor.name, body.present, body.new, token)
    sign_ins.change_password(database, change, limits(settings), clock())


@router.get("/me", dependencies=_OWN, responses=problem_responses(401, 403, 503))
def me(request: Request, actor: ActorDep) -> MeNow:
    """Show who asks."""
    cookie = request.cookies.get(SESSION_COOKIE)
    by_cookie = actor.kind is ActorKind.PERSON and cookie is not None
    token = csrf_token(cookie) if by_cookie and cookie is not None else None
    user, rights = Me.model_validate(actor), sorted(actor.permissions)
    return MeNow(user=user, permissions=rights, csrf_token=token)


@router.post(
    "/invitations:accept", dependencies=_ANYONE, responses=problem_responses(403, 422, 503)
)
def accept_invitation(
    body: Acceptance, database: DatabaseDep, settings: SettingsDep, clock: ClockDep
) -> Me:
    """Set the password that an invitation is for; its code is the credential."""
    require_local_accounts(settings)
    user = users.accept(database, body.code, body.password, clock())
    return Me.model_validate(user.as_actor(ActorKind.PERSON))
