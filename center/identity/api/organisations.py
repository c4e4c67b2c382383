"""Organisations, and what their usage is booked on."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from capability_sdk.contracts.errors import NotPermitted
from capability_sdk.contracts.manifest import Titles
from capability_sdk.contracts.model import ProvinceName, Strict
from capability_sdk.kit.problems import problem_responses
from center.clock import ClockDep
from center.database import SessionDep
from center.idempotency import OnceDep
from center.identity.api.fields import CostCentre
from center.identity.domain import Organisation, OrganisationKind
from center.identity.service import organisations
from center.identity.store import OrganisationStore
from center.identity.store.organisations import OrganisationsWanted
from center.paging import Page, PagingDep, map_page
from center.permissions import ActorDep, Permission, permit
from center.preconditions import IfMatch

router = APIRouter(prefix="/organisations", tags=["organisations"])
_READ = [permit(Permission.READ_ORGANISATIONS)]
_MANAGE = [permit(Permission.MANAGE_ORGANISATIONS)]

OrganisationPath = Annotated[ProvinceName, Path()]


class NewOrganisation(Strict):
    """An organisation to add; a province's comes with its founding."""

    name: Annotated[ProvinceName, Field(examples=["vendor-a"])]
    kind: Literal[OrganisationKind.HEADQUARTERS, OrganisationKind.VENDOR] = OrganisationKind.VENDOR
    titles: Titles
    cost_centre: CostCentre | None = None


class OrganisationChange(Strict):
    """What an organisation becomes."""

    titles: Titles
    cost_centre: CostCentre | None = None


class OrganisationView(BaseModel):
    """An organisation."""

    name: str = Field(examples=["zhejiang"])
    kind: OrganisationKind
    titles: Titles
    cost_centre: str | None = Field(examples=["CC-3300"])
    """What its usage is booked on; null until somebody says, and for those whom it is not for."""
    revision: int
    created_at: datetime


@router.get("", dependencies=_READ, responses=problem_responses(400, 401, 403, 422, 503))
def list_organisations(
    session: SessionDep,
    actor: ActorDep,
    paging: PagingDep,
    kind: Annotated[OrganisationKind | None, Query()] = None,
    cost_centre: Annotated[CostCentre | None, Query()] = None,
) -> Page[OrganisationView]:
    """List organisations, by name; the cost centre of others is for admins."""
    books = actor.reads_books_of
    if cost_centre is not None and not actor.is_admin:
        raise NotPermitted("Only admins look organisations up by their cost centre.")
    page = OrganisationStore(session).page(OrganisationsWanted(kind, cost_centre), paging)
    return map_page(page, lambda item: _view(item, with_cost_centre=books(item.name)))


@router.post(
    "",
    status_code=201,
    dependencies=_MANAGE,
    responses=problem_responses(401, 403, 409, 422, 503),
)
def add_organisation(
    body: NewOrganisation, session: SessionDep, actor: ActorDep, clock: ClockDep, once: OnceDep
) -> OrganisationView:
    """Add a vendor, or another headquarters."""
    titles = body.titles
    new = Organisation(body.name, body.kind, titles.zh, titles.en, clock(), body.cost_centre)
    return once(lambda: _view(organisations.add(session, actor, new)), OrganisationView)


@router.put(
    "/{organisation}",
    dependencies=_MANAGE,
    responses=problem_responses(401, 403, 404, 412, 422, 503),
)
def change_organisation(
    organisation: OrganisationPath,
    body: OrganisationChange,
    session: SessionDep,
    actor: ActorDep,
    if_match: IfMatch = None,
) -> OrganisationView:
    """Give an organisation other titles, or another cost centre; usage follows from then on."""
    to = organisations.Particulars(body.titles.zh, body.titles.en, body.cost_centre)
    return _view(organisations.change(session, actor, organisation, to, if_match=if_match))


def _view(item: Organisation, *, with_cost_centre: bool = True) -> OrganisationView:
    return OrganisationView(
        name=item.name,
        kind=item.kind,
        titles=Titles(zh=item.title_zh, en=item.title_en),
        cost_centre=item.cost_centre if with_cost_centre else None,
        revision=item.revision,
        created_at=item.created_at,
    )
