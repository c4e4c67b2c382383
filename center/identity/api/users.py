"""Inviting and managing people."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from capability_sdk.contracts.model import ProvinceName, Strict
from capability_sdk.kit.problems import problem_responses
from center.clock import ClockDep
from center.database import SessionDep
from center.idempotency import OnceDep
from center.identity.api.fields import UserName, UserPath, sorted_names
from center.identity.domain import Grant, User, UserState
from center.identity.service import users
from center.identity.store import UserStore
from center.identity.store.users import UsersWanted
from center.paging import Page, PagingDep, map_page
from center.permissions import ActorDep, Permission, Role, permit
from center.settings import SettingsDep

router = APIRouter(prefix="/users", tags=["users"], dependencies=[permit(Permission.MANAGE_USERS)])

PeopleRole = Literal[Role.ENGINEER, Role.OPERATOR, Role.ADMIN]
OrganisationName = Annotated[
    ProvinceName, Field(description="`center`, a province or a vendor.", examples=["zhejiang"])
]
Provinces = Annotated[
    list[ProvinceName],
    Field(min_length=1, max_length=100, description="What the role is for; all if left out."),
]


class RoleChange(Strict):
    """What somebody becomes."""

    role: PeopleRole
    organisation: OrganisationName
    provinces: Provinces | None = None

    @property
    def grant(self) -> Grant:
        """The role as a value."""
        provinces = None if self.provinces is None else frozenset(self.provinces)
        return Grant(self.role, self.organisation, provinces)


class NewUser(RoleChange):
    """Whom to invite."""

    name: UserName


class UserView(BaseModel):
    """A person's account."""

    model_config = ConfigDict(from_attributes=True)

    name: str = Field(examples=["li-na"])
    role: Role = Field(examples=[Role.OPERATOR])
    organisation: str = Field(examples=["zhejiang"])
    provinces: Annotated[list[str] | None, BeforeValidator(sorted_names)]
    """Those that the role is for; null where it names none."""
    is_external: bool
    """Whether they sign in through the provider, which decides on their role."""
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
def list_users(
    session: SessionDep,
    paging: PagingDep,
    organisation: Annotated[ProvinceName | None, Query()] = None,
    role: Annotated[PeopleRole | None, Query()] = None,
) -> Page[UserView]:
    """List everybody, by name."""
    wanted = UsersWanted(organisation, role)
    return map_page(UserStore(session).page(wanted, paging), UserView.model_validate)


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
        new = users.NewUser(body.name, body.grant)
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
    """Give somebody another role, organisation or provinces."""
    change = users.NewUser(name, body.grant)
    return UserView.model_validate(users.change_role(session, actor, change, clock()))


def _invited(user: User, invitation: users.Invitation) -> Invited:
    return Invited(
        user=UserView.model_validate(user),
        invitation=InvitationView.model_validate(invitation),
    )
