"""API tokens: one's own, and for admins everybody's."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from capability_sdk.contracts.model import ProvinceName, Strict
from capability_sdk.kit.problems import problem_responses
from center.clock import ClockDep
from center.database import SessionDep
from center.idempotency import OnceDep
from center.identity.api.fields import IdPath, Label, UserName, sorted_names
from center.identity.service import tokens
from center.identity.store import ApiTokenStore
from center.paging import Page, PagingDep, map_page
from center.permissions import ActorDep, Permission, permit

router = APIRouter(tags=["accounts"])
_OWN = [permit(Permission.USE_OWN_ACCOUNT)]
_OF_ANYBODY = [permit(Permission.MANAGE_USERS)]


class NewApiToken(Strict):
    """What a new API token is for."""

    label: Label
    scopes: Annotated[
        list[Permission] | None,
        Field(min_length=1, description="Rights that it has; all of yours if left out."),
    ] = None
    provinces: Annotated[
        list[ProvinceName] | None,
        Field(min_length=1, max_length=100, description="All that you see if left out."),
    ] = None
    lifetime_days: Annotated[int, Field(ge=1, le=365)] = 90

    @property
    def wanted(self) -> tokens.NewToken:
        """The wish as a value."""
        return tokens.NewToken(
            label=self.label,
            lifetime=timedelta(days=self.lifetime_days),
            scopes=None if self.scopes is None else frozenset(self.scopes),
            provinces=None if self.provinces is None else frozenset(self.provinces),
        )


class ApiTokenMade(BaseModel):
    """A new API token; its secret is shown here and never again."""

    id: str
    token: str = Field(repr=False)
    expires_at: datetime | None


class ApiTokenView(BaseModel):
    """An API token without its secret."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    user: str = Field(examples=["li-na"])
    label: str
    scopes: Annotated[list[Permission] | None, BeforeValidator(sorted_names)]
    """Null for all rights of its owner."""
    provinces: Annotated[list[str] | None, BeforeValidator(sorted_names)]
    """Null for all that its owner sees."""
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    """To a quarter of an hour; null where it was never used."""


@router.post(
    "/api-tokens",
    status_code=201,
    dependencies=_OWN,
    responses=problem_responses(401, 403, 404, 409, 422, 503),
)
def make_api_token(
    body: NewApiToken, session: SessionDep, actor: ActorDep, clock: ClockDep, once: OnceDep
) -> ApiTokenMade:
    """Make an API token that acts for the asker; only a person can, no token makes another."""

    def make() -> ApiTokenMade:
        item, secret = tokens.make(session, actor, body.wanted, clock())
        return ApiTokenMade(id=item.id, token=secret, expires_at=item.expires_at)

    return once(make, ApiTokenMade)


@router.get("/api-tokens", dependencies=_OWN, responses=problem_responses(400, 401, 403, 422, 503))
def list_api_tokens(session: SessionDep, actor: ActorDep, paging: PagingDep) -> Page[ApiTokenView]:
    """List the asker's own API tokens."""
    page = ApiTokenStore(session).page(paging, user=actor.name)
    return map_page(page, ApiTokenView.model_validate)


@router.delete(
    "/api-tokens/current",
    status_code=204,
    dependencies=_OWN,
    responses=problem_responses(401, 403, 404, 503),
)
def drop_current_api_token(
    request: Request, session: SessionDep, actor: ActorDep, clock: ClockDep
) -> None:
    """End the API token that this request came with."""
    secret = request.headers.get("authorization", "").partition(" ")[2]
    tokens.revoke_presented(session, actor, secret, clock())


@router.delete(
    "/api-tokens/{token_id}",
    status_code=204,
    dependencies=_OWN,
    responses=problem_responses(401, 403, 404, 422, 503),
)
def drop_api_token(token_id: IdPath, session: SessionDep, actor: ActorDep, clock: ClockDep) -> None:
    """End one of the asker's API tokens."""
    tokens.revoke(session, actor, token_id, clock())


@router.get(
    "/issued-api-tokens",
    dependencies=_OF_ANYBODY,
    responses=problem_responses(400, 401, 403, 422, 503),
)
def list_issued_api_tokens(
    session: SessionDep, paging: PagingDep, user: Annotated[UserName | None, Query()] = None
) -> Page[ApiTokenView]:
    """List everybody's API tokens, or one person's."""
    return map_page(ApiTokenStore(session).page(paging, user=user), ApiTokenView.model_validate)


@router.delete(
    "/issued-api-tokens/{token_id}",
    status_code=204,
    dependencies=_OF_ANYBODY,
    responses=problem_responses(401, 403, 404, 422, 503),
)
def drop_issued_api_token(
    token_id: IdPath, session: SessionDep, actor: ActorDep, clock: ClockDep
) -> None:
    """End anybody's API token."""
    tokens.revoke(session, actor, token_id, clock(), of_anybody=True)
