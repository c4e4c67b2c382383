"""Sign-in through an OpenID Connect provider."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel

from capability_sdk.contracts.errors import NotFound, ServiceError
from capability_sdk.kit.problems import problem_responses
from center.clock import ClockDep
from center.database import DatabaseDep
from center.identity.api.accounts import SESSION_COOKIE, limits, set_session_cookie
from center.identity.errors import OidcRefused
from center.identity.service import federation, sign_ins
from center.permissions import ActorDep, ActorKind, Permission, permit
from center.settings import SettingsDep

FLOW_COOKIE = "jiuzhou_sign_in"
CALLBACK = "/oidc/callback"
_FLOW_SECONDS = 600

router = APIRouter(tags=["accounts"])
_ANYONE = [permit(Permission.ANYONE)]


class ProviderView(BaseModel):
    """Whom people sign in at."""

    title: str
    contact: str
    """Who can grant a role, for those without one."""


class SignInOptions(BaseModel):
    """The ways to sign in."""

    local: bool
    """With name and password."""
    provider: ProviderView | None


class SignedOut(BaseModel):
    """Where to go on, so that the provider forgets the person too; null where there is no need."""

    provider_url: str | None


def _find_provider(request: Request) -> federation.Provider | None:
    found: federation.Provider | None = request.app.state.oidc
    return found


def _provider(
    found: Annotated[federation.Provider | None, Depends(_find_provider)],
) -> federation.Provider:
    if found is None:
        raise NotFound("No sign-in provider is set up here.")
    return found


ProviderDep = Annotated[federation.Provider, Depends(_provider)]


@router.get("/sign-in-options", dependencies=_ANYONE, responses=problem_responses(503))
def show_sign_in_options(
    settings: SettingsDep,
    found: Annotated[federation.Provider | None, Depends(_find_provider)],
) -> SignInOptions:
    """Show how one may sign in here."""
    provider = None
    if found is not None:
        provider = ProviderView(title=found.settings.title, contact=found.settings.contact)
    return SignInOptions(local=settings.local_accounts, provider=provider)


@router.get(
    "/oidc/start",
    status_code=303,
    response_class=RedirectResponse,
    dependencies=_ANYONE,
    responses=problem_responses(404, 422, 503),
)
def start(
    database: DatabaseDep,
    provider: ProviderDep,
    settings: SettingsDep,
    clock: ClockDep,
    back_to: Annotated[
        str,
        Query(
            max_length=400, pattern=r"^/([^/\\\x00-\x20][^\x00-\x20\\]*)?$", description="Own page."
        ),
    ] = "/",
) -> Response:
    """Send the browser to the provider; it comes back to the page that it wanted."""
    try:
        url, browser = federation.begin(database, provider, back_to, clock())
    except ServiceError as error:
        return _refused(error)
    answer = RedirectResponse(url, 303)
    answer.set_cookie(
        FLOW_COOKIE,
        browser,
        max_age=_FLOW_SECONDS,
        path=f"/api/v1{CALLBACK}",
        httponly=True,
        samesite="lax",  # it comes back from another site
        secure=settings.public_url.startswith("https://"),
    )
    return answer


@router.get(
    CALLBACK,
    status_code=303,
    response_class=RedirectResponse,
    dependencies=_ANYONE,
    responses=problem_responses(404, 422, 503),
)
def come_back(
    request: Request,
    database: DatabaseDep,
    provider: ProviderDep,
    settings: SettingsDep,
    clock: ClockDep,
    state: Annotated[str, Query(max_length=200)] = "",
    code: Annotated[str, Query(max_length=4000)] = "",
) -> Response:
    """Open a session for whom the provider vouches for; otherwise say on the sign-in page why not."""
    back = federation.Return(
        code=code,
        state=state,
        browser=request.cookies.get(FLOW_COOKIE),
        address=request.client.host if request.client is not None else "unknown",
        agent=request.headers.get("user-agent", ""),
    )
    try:
        if not code:
            raise OidcRefused("The provider sent no code: the sign-in was given up there.")
        token, page = federation.complete(database, provider, back, limits(settings), clock())
    except ServiceError as error:
        return _refused(error)
    answer = RedirectResponse(page, 303)
    set_session_cookie(answer, token, settings)
    answer.delete_cookie(FLOW_COOKIE, path=f"/api/v1{CALLBACK}", httponly=True, samesite="lax")
    return answer


@router.post(
    "/sessions/current:sign-out",
    dependencies=[permit(Permission.USE_OWN_ACCOUNT)],
    responses=problem_responses(401, 403, 503),
)
def sign_out_everywhere(
    request: Request,
    response: Response,
    database: DatabaseDep,
    settings: SettingsDep,
    actor: ActorDep,
    found: Annotated[federation.Provider | None, Depends(_find_provider)],
) -> SignedOut:
    """End the cookie's session, and say where the provider's own is ended."""
    token = request.cookies.get(SESSION_COOKIE)
    if actor.kind is not ActorKind.PERSON or token is None:
        return SignedOut(provider_url=None)
    with database.session() as session:
        is_external = sign_ins.sign_out(session, token)
    response.delete_cookie(SESSION_COOKIE, httponly=True, samesite="strict")
    if not is_external or found is None:
        return SignedOut(provider_url=None)
    try:
        return SignedOut(provider_url=found.end_session_url(f"{settings.public_url}/"))
    except ServiceError:  # signed out here all the same
        return SignedOut(provider_url=None)


def _refused(error: ServiceError) -> Response:
    return RedirectResponse(f"/sign-in?{urlencode({'failed': error.code})}", 303)
