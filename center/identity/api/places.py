"""Provinces, enrolment codes and edges."""

from datetime import datetime
from typing import Annotated
from zoneinfo import available_timezones

from fastapi import APIRouter, Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from capability_sdk.contracts.enrolment import EdgeIdentity, EnrolmentRequest, ProvinceKind
from capability_sdk.contracts.manifest import Titles
from capability_sdk.contracts.model import ProvinceName, Strict
from capability_sdk.kit.problems import problem_responses
from center.clock import ClockDep
from center.database import SessionDep
from center.idempotency import OnceDep
from center.identity.api.fields import IdPath, ProvincePath
from center.identity.domain import Province
from center.identity.service import places
from center.identity.store import PlaceStore
from center.paging import Page, PagingDep, map_page
from center.permissions import ActorDep, Permission, permit
from center.settings import SettingsDep
from center.signing import SignerDep

router = APIRouter(tags=["provinces"])


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("is not an IANA time zone, such as Asia/Shanghai")
    return name


class NewProvince(Strict):
    """A province to found."""

    name: Annotated[ProvinceName, Field(examples=["zhejiang"])]
    titles: Titles
    zone: Annotated[str, Field(max_length=60), AfterValidator(_known_zone)] = "Asia/Shanghai"
    kind: ProvinceKind = ProvinceKind.SERVING
    simulated: Annotated[
        bool, Field(description="Its figures are made up: every view says so, and it is removable.")
    ] = False


class ProvinceView(BaseModel):
    """A province."""

    name: str = Field(examples=["zhejiang"])
    titles: Titles
    zone: str = Field(examples=["Asia/Shanghai"])
    kind: ProvinceKind
    simulated: bool
    """Whether its edge and all its figures are made up."""
    created_at: datetime


class EnrolmentCode(BaseModel):
    """A code that lets one edge enrol once; shown here and never again."""

    code: str = Field(repr=False)
    expires_at: datetime


class EdgeView(BaseModel):
    """A province's edge cluster."""

    model_config = ConfigDict(from_attributes=True)

    id: str = Field(examples=["edge-zhejiang"])
    province: str = Field(examples=["zhejiang"])
    epoch: int
    gateway_url: str = Field(examples=["https://gateway.zhejiang.example"])
    enrolled_at: datetime
    revoked_at: datetime | None


@router.get(
    "/provinces",
    dependencies=[permit(Permission.READ_PROVINCES)],
    responses=problem_responses(400, 401, 403, 422, 503),
)
def list_provinces(
    session: SessionDep,
    paging: PagingDep,
    kind: Annotated[
        ProvinceKind | None, Query(description="Only `serving` ones can subscribe.")
    ] = None,
) -> Page[ProvinceView]:
    """List every province, by name; or those of one kind."""
    return map_page(PlaceStore(session).page(paging, kind=kind), _view)


@router.post(
    "/provinces",
    status_code=201,
    dependencies=[permit(Permission.FOUND_PROVINCES)],
    responses=problem_responses(401, 403, 409, 422, 503),
)
def found_province(
    body: NewProvince, session: SessionDep, actor: ActorDep, clock: ClockDep, once: OnceDep
) -> ProvinceView:
    """Found a province; its edge joins with an enrolment code."""
    titles = body.titles
    new = Province(body.name, titles.zh, titles.en, body.zone, clock(), body.kind, body.simulated)
    return once(lambda: _view(places.found(session, actor, new)), ProvinceView)


@router.post(
    "/provinces/{province}/enrolment-codes",
    status_code=201,
    dependencies=[permit(Permission.MANAGE_PROVINCES)],
    responses=problem_responses(401, 403, 404, 409, 422, 503),
)
def make_enrolment_code(
    province: ProvincePath,
    session: SessionDep,
    actor: ActorDep,
    settings: SettingsDep,
    clock: ClockDep,
    once: OnceDep,
) -> EnrolmentCode:
    """Make a code for ``jiuzhou edge enroll``; it is good once, and for minutes."""

    def make() -> EnrolmentCode:
        lifetime = settings.enrolment_lifetime
        code, expires_at = places.make_code(session, actor, province, clock(), lifetime)
        return EnrolmentCode(code=code, expires_at=expires_at)

    return once(make, EnrolmentCode)


@router.get(
    "/edges",
    dependencies=[permit(Permission.READ_EDGES)],
    responses=problem_responses(400, 401, 403, 422, 503),
)
def list_edges(session: SessionDep, actor: ActorDep, paging: PagingDep) -> Page[EdgeView]:
    """List the edges that the asker may see."""
    page = PlaceStore(session).page_edges(paging, provinces=actor.provinces)
    return map_page(page, EdgeView.model_validate)


@router.post(
    "/edges",
    status_code=201,
    dependencies=[permit(Permission.ANYONE)],
    responses=problem_responses(403, 422, 503),
)
def enrol_edge(
    body: EnrolmentRequest, session: SessionDep, signer: SignerDep, clock: ClockDep
) -> EdgeIdentity:
    """Enrol an edge; the single-use code is the credential."""
    return places.enrol(session, body, signer, clock())


@router.post(
    "/edges/{edge}:revoke",
    dependencies=[permit(Permission.MANAGE_PROVINCES)],
    responses=problem_responses(401, 403, 404, 409, 422, 503),
)
def revoke_edge(edge: IdPath, session: SessionDep, actor: ActorDep, clock: ClockDep) -> EdgeView:
    """Make an edge's key worthless and end every right in its province, until it enrols again."""
    return EdgeView.model_validate(places.revoke_edge(session, actor, edge, clock()))


def _view(item: Province) -> ProvinceView:
    return ProvinceView(
        name=item.name,
        titles=Titles(zh=item.title_zh, en=item.title_en),
        zone=item.zone,
        kind=item.kind,
        simulated=item.simulated,
        created_at=item.created_at,
    )
