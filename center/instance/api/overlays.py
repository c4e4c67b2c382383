"""HTTP of overlays: what a province chooses of a capability's settings."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response
from sqlalchemy.orm import Session

from capability_sdk.contracts.model import CapabilityName, ProvinceName
from capability_sdk.contracts.settings import Value
from capability_sdk.kit.problems import problem_responses
from center.clock import ClockDep
from center.database import SessionDep
from center.instance import overlays, service
from center.instance.domain import Share
from center.instance.overlay_store import OverlayStore
from center.instance.overlay_views import ChoiceView, OverlayBody, OverlayView, RollBackBody
from center.instance.overlays import Where
from center.paging import Page, PagingDep, map_page
from center.permissions import Actor, ActorDep, Permission, permit
from center.preconditions import IfMatch, etag

router = APIRouter(tags=["instance"])
_SETTINGS = "/provinces/{province}/deployments/{capability}/settings"


def _where(
    province: Annotated[ProvinceName, Path()], capability: Annotated[CapabilityName, Path()]
) -> Where:
    return Where(province, capability)


WhereDep = Annotated[Where, Depends(_where)]


@router.get(
    _SETTINGS,
    dependencies=[permit(Permission.READ_DEPLOYMENTS)],
    responses=problem_responses(401, 403, 404, 422, 503),
)
def show_settings(
    where: WhereDep, response: Response, session: SessionDep, actor: ActorDep
) -> OverlayView:
    """Show each setting: default, what the province chose, and what it had chosen before."""
    shares = service.get(session, actor, where.province, where.capability).shares
    chosen = OverlayStore(session).newest(where.province, where.capability)
    response.headers["ETag"] = etag(0 if chosen is None else chosen.version)
    return OverlayView.of(chosen, overlays.compare(session, where, shares, chosen))


@router.put(
    _SETTINGS,
    dependencies=[permit(Permission.MANAGE_DEPLOYMENTS)],
    responses=problem_responses(401, 403, 404, 409, 412, 422, 503),
)
def choose_settings(
    where: WhereDep,
    body: OverlayBody,
    response: Response,
    session: SessionDep,
    actor: ActorDep,
    clock: ClockDep,
    if_match: IfMatch = None,
) -> OverlayView:
    """Set what the versions of a province find in their settings; what is left out is as packed."""
    change = _Change(session, actor, where, if_match, clock())
    return change.make(body.values, body.reason, response)


@router.post(
    f"{_SETTINGS}:roll-back",
    dependencies=[permit(Permission.MANAGE_DEPLOYMENTS)],
    responses=problem_responses(401, 403, 404, 409, 412, 422, 503),
)
def roll_settings_back(
    where: WhereDep,
    body: RollBackBody,
    response: Response,
    session: SessionDep,
    actor: ActorDep,
    clock: ClockDep,
    if_match: IfMatch = None,
) -> OverlayView:
    """Choose again what a version of the past says; 0 is as the package has it."""
    change = _Change(session, actor, where, if_match, clock())
    change.require_permitted()
    values = overlays.earlier(session, where, body.version)
    return change.make(values, body.reason, response)


@router.get(
    f"{_SETTINGS}/versions",
    dependencies=[permit(Permission.READ_DEPLOYMENTS)],
    responses=problem_responses(400, 401, 403, 404, 422, 503),
)
def list_settings(
    where: WhereDep, session: SessionDep, actor: ActorDep, paging: PagingDep
) -> Page[ChoiceView]:
    """List what a province chose, when, who, and why; the newest first."""
    service.get(session, actor, where.province, where.capability)
    found = OverlayStore(session).page(where.province, where.capability, paging)
    return map_page(found, ChoiceView.of)


@dataclass(frozen=True, slots=True)
class _Change:
    session: Session
    actor: Actor
    where: Where
    if_match: str | None
    at: datetime

    def require_permitted(self) -> tuple[Share, ...]:
        self.actor.require_province(self.where.province)
        found = service.get(self.session, self.actor, self.where.province, self.where.capability)
        return found.shares

    def make(self, values: Mapping[str, Value], reason: str, response: Response) -> OverlayView:
        shares = self.require_permitted()
        made = overlays.choose(
            *(self.session, self.actor, self.where, shares, values),
            reason=reason,
            if_match=self.if_match,
            at=self.at,
        )
        response.headers["ETag"] = etag(made.version)
        return OverlayView.of(made, overlays.compare(self.session, self.where, shares, made))
