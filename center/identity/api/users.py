"""Inviting and managing people."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from capability_sdk.contracts.model import ProvinceName, Strict
from capability_sdk.kit.problems import problem_responses
from center.clock import ClockDep
from center.database import SessionDep
from center.idempotency import OnceDep
from center.identity.api.fields import UserName, UserPath
from center.identity.domain import User, UserState
from center.identity.service import users
from center.identity.store import UserStore
from center.paging import Page, PagingDep, map_page
from center.permissions import ActorDep, Permission, Role, permit
from center.settings import SettingsDep

router = APIRouter(prefix="/users", tags=["users"], dependencies=[permit(Permission.MANAGE_USERS)])

PeopleRole = Literal[Role.ENGINEER, Role.OPERATOR, Role.ADMIN]
Organisation = Annotated[
    ProvinceName, Field(description="`center` or a province.", examples=["zhejiang"])
]


class NewUser(Strict):
    """Whom to invite."""

    name: UserName
    role: PeopleRole
    organisation: Organisation


class RoleChange(Strict):
    """What somebody becomes."""

    role: PeopleRole
    organisation: Organisation


class UserView(BaseModel):
    """A person's account."""

    model_config = ConfigDict(from_attributes=True)

    name: str = Field(examples=["li-na"])
    role: Role = Field(examples=[Role.OPERATOR])
    organisation: str = Field(examples=["zhejiang"])
    state: UserState
    created_at: datetime


class InvitationView(BaseModel):
    """A code that sets the user's password once; shown here and never again."""

    model_config = ConfigDict(from_attributes=True)

    code: str = Field(repr=False)
    expires_at: datetime


class Invited(BaseModel):
    """A user and the invitation to hand to them."""

    user: UserView
    invitation: InvitationView


@router.get("", responses=problem_responses(400, 401, 403, 422, 503))
def list_users(session: SessionDep, paging: PagingDep) -> Page[UserView]:
    """List everybody, by name."""
    return map_page(UserStore(session).page(paging), UserView.model_validate)


@router.post("", status_code=201, responses=problem_responses(401, 403, 404, 409, 422, 503))
def invite(
    body: NewUser,
    session: SessionDep,
    actor: ActorDep,
    settings: SettingsDep,
    clock: ClockDep,
    once: OnceDep,
) -> Invited:
    """Invite somebody; the code goes to them by a way you trust."""

    def make() -> Invited:
        new = users.NewUser(body.name, body.role, body.organisation)
        made = users.invite(session, actor, new, clock(), settings.invitation_lifetime)
        return _invited(*made)

    return once(make, Invited)


@router.post("/{name}:disable", responses=problem_responses(401, 403, 404, 409, 422, 503))
def disable(name: UserPath, session: SessionDep, actor: ActorDep, clock: ClockDep) -> UserView:
    """Keep somebody out: their sessions and API tokens end at once."""
    return UserView.model_validate(users.disable(session, actor, name, clock()))


@router.post("/{name}:enable", responses=problem_responses(401, 403, 404, 409, 422, 503))
def enable(name: UserPath, session: SessionDep, actor: ActorDep, clock: ClockDep) -> UserView:
    """Let a disabled person in again."""
    return UserView.model_validate(users.enable(session, actor, name, clock()))


@router.post("/{name}:reset", responses=problem_responses(401, 403, 404, 409, 422, 503))
def reset(
    name: UserPath, session: SessionDep, actor: ActorDep, settings: SettingsDep, clock: ClockDep
) -> Invited:
    """End somebody's password, sessions and API tokens, and invite them anew."""
    return _invited(*users.reset(session, actor, name, clock(), settings.invitation_lifetime))


@router.post("/{name}:change-role", responses=problem_responses(401, 403, 404, 409, 422, 503))
def change_role(
    name: UserPath, body: RoleChange, session: SessionDep, actor: ActorDep, clock: ClockDep
) -> UserView:
    """Give somebody another role or organisation."""
    change = users.NewUser(name, body.role, body.organisation)
    return UserView.model_validate(users.change_role(session, actor, change, clock()))


def _invited(user: User, invitation: users.Invitation) -> Invited:
    return Invited(
        user=UserView.model_validate(user),
        invitation=InvitationView.model_validate(invitation),
    )
