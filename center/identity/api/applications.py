"""Calling systems of a province."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from capability_sdk.contracts.model import ProvinceName, Strict
from capability_sdk.kit.problems import problem_responses
from center.clock import ClockDep
from center.database import SessionDep
from center.idempotency import OnceDep
from center.identity.api.fields import IdPath, Label
from center.identity.service import applications
from center.identity.store import ApplicationStore
from center.paging import Page, PagingDep, map_page
from center.permissions import ActorDep, Permission, permit

router = APIRouter(prefix="/applications", tags=["applications"])
_READ = [permit(Permission.READ_APPLICATIONS)]
_MANAGE = [permit(Permission.MANAGE_APPLICATIONS)]


class NewApplication(Strict):
    """A calling system to register."""

    name: Label
    province: Annotated[ProvinceName, Field(examples=["zhejiang"])]


class SecretView(BaseModel):
    """A secret that holds, without the secret."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    created_at: datetime


class ApplicationView(BaseModel):
    """A calling system."""

    model_config = ConfigDict(from_attributes=True)

    client_id: str = Field(examples=["app-1f0c6c0d6c5b4a3f2e1d"])
    name: str
    province: str = Field(examples=["zhejiang"])
    organisation: str = Field(examples=["zhejiang"])
    is_active: bool
    is_revoked: bool
    created_at: datetime
    secrets: list[SecretView]


class ApplicationMade(BaseModel):
    """A new application; its secret is shown here and never again."""

    client_id: str = Field(examples=["app-1f0c6c0d6c5b4a3f2e1d"])
    client_secret: str = Field(repr=False)


class SecretMade(BaseModel):
    """A new secret, shown here and never again."""

    id: str
    client_secret: str = Field(repr=False)


@router.get("", dependencies=_READ, responses=problem_responses(400, 401, 403, 422, 503))
def list_applications(
    session: SessionDep, actor: ActorDep, paging: PagingDep
) -> Page[ApplicationView]:
    """List the applications that the asker may see, by name."""
    page = ApplicationStore(session).page(paging, provinces=actor.provinces)
    return map_page(page, ApplicationView.model_validate)


@router.post(
    "",
    status_code=201,
    dependencies=_MANAGE,
    responses=problem_responses(401, 403, 404, 409, 422, 503),
)
def register(
    body: NewApplication, session: SessionDep, actor: ActorDep, clock: ClockDep, once: OnceDep
) -> ApplicationMade:
    """Register a calling system of a province."""

    def make() -> ApplicationMade:
        item, secret = applications.register(session, actor, body.name, body.province, clock())
        return ApplicationMade(client_id=item.client_id, client_secret=secret)

    return once(make, ApplicationMade)


@router.get(
    "/{client_id}", dependencies=_READ, responses=problem_responses(401, 403, 404, 422, 503)
)
def show(client_id: IdPath, session: SessionDep, actor: ActorDep) -> ApplicationView:
    """Show one application."""
    return ApplicationView.model_validate(applications.get(session, actor, client_id))


@router.post(
    "/{client_id}/secrets",
    status_code=201,
    dependencies=_MANAGE,
    responses=problem_responses(401, 403, 404, 409, 422, 503),
)
def add_secret(
    client_id: IdPath, session: SessionDep, actor: ActorDep, clock: ClockDep, once: OnceDep
) -> SecretMade:
    """Add a second secret for a change-over; two are valid at a time."""

    def make() -> SecretMade:
        kept, secret = applications.add_secret(session, actor, client_id, clock())
        return SecretMade(id=kept.id, client_secret=secret)

    return once(make, SecretMade)


@router.delete(
    "/{client_id}/secrets/{secret_id}",
    status_code=204,
    dependencies=_MANAGE,
    responses=problem_responses(401, 403, 404, 422, 503),
)
def drop_secret(
    client_id: IdPath, secret_id: IdPath, session: SessionDep, actor: ActorDep, clock: ClockDep
) -> None:
    """Make a secret worthless at once: gateways refuse the tokens that were asked with it too."""
    applications.drop_secret(session, actor, client_id, secret_id, clock())


@router.post(
    "/{client_id}:suspend",
    dependencies=_MANAGE,
    responses=problem_responses(401, 403, 404, 409, 422, 503),
)
def suspend(
    client_id: IdPath, session: SessionDep, actor: ActorDep, clock: ClockDep
) -> ApplicationView:
    """Suspend an application: it gets no tokens, and gateways refuse those that it has."""
    item = applications.set_active(session, actor, client_id, active=False, now=clock())
    return ApplicationView.model_validate(item)


@router.post(
    "/{client_id}:resume",
    dependencies=_MANAGE,
    responses=problem_responses(401, 403, 404, 409, 422, 503),
)
def resume(
    client_id: IdPath, session: SessionDep, actor: ActorDep, clock: ClockDep
) -> ApplicationView:
    """Let a suspended application call again."""
    item = applications.set_active(session, actor, client_id, active=True, now=clock())
    return ApplicationView.model_validate(item)


@router.post(
    "/{client_id}:revoke",
    dependencies=_MANAGE,
    responses=problem_responses(401, 403, 404, 409, 422, 503),
)
def revoke(
    client_id: IdPath, session: SessionDep, actor: ActorDep, clock: ClockDep
) -> ApplicationView:
    """End an application for good: its secrets are worthless, and gateways refuse its tokens."""
    return ApplicationView.model_validate(applications.revoke(session, actor, client_id, clock()))
