"""HTTP of deployments and boosts."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Response

from capability_sdk.contracts.model import CapabilityName, ProvinceName
from capability_sdk.kit.problems import problem_responses
from center.clock import ClockDep
from center.database import SessionDep
from center.idempotency import OnceDep
from center.instance import boosts, service
from center.instance.views import BoostBody, BoostView, DeploymentBody, DeploymentView
from center.paging import Page, PagingDep, map_page
from center.permissions import ActorDep, Permission, permit
from center.preconditions import IfMatch, etag

router = APIRouter(tags=["instance"])
_DEPLOYMENT = "/provinces/{province}/deployments/{capability}"


@router.put(
    _DEPLOYMENT,
    dependencies=[permit(Permission.MANAGE_DEPLOYMENTS)],
    responses=problem_responses(401, 403, 404, 409, 412, 422, 503),
)
def put_deployment(  # noqa: PLR0913, PLR0917 - dependencies, not arguments that anybody passes
    province: ProvinceName,
    capability: CapabilityName,
    body: DeploymentBody,
    response: Response,
    session: SessionDep,
    actor: ActorDep,
    clock: ClockDep,
    if_match: IfMatch = None,
) -> DeploymentView:
    """Decide which published versions a province runs, and how its traffic is split."""
    item = service.put(
        session, actor, province, capability, body.plan, if_match=if_match, at=clock()
    )
    response.headers["ETag"] = etag(item.revision)
    return DeploymentView.of(item)


@router.get(
    _DEPLOYMENT,
    dependencies=[permit(Permission.READ_DEPLOYMENTS)],
    responses=problem_responses(401, 403, 404, 422, 503),
)
def get_deployment(
    province: ProvinceName,
    capability: CapabilityName,
    response: Response,
    session: SessionDep,
    actor: ActorDep,
) -> DeploymentView:
    """Show a deployment; its `ETag` guards a change."""
    item = service.get(session, actor, province, capability)
    response.headers["ETag"] = etag(item.revision)
    return DeploymentView.of(item)


@router.delete(
    _DEPLOYMENT,
    status_code=204,
    dependencies=[permit(Permission.MANAGE_DEPLOYMENTS)],
    responses=problem_responses(401, 403, 404, 412, 422, 503),
)
def delete_deployment(
    province: ProvinceName,
    capability: CapabilityName,
    session: SessionDep,
    actor: ActorDep,
    clock: ClockDep,
    if_match: IfMatch = None,
) -> None:
    """Stop running a capability in a province."""
    service.remove(session, actor, province, capability, if_match=if_match, at=clock())


@router.post(
    f"{_DEPLOYMENT}:boost",
    status_code=201,
    dependencies=[permit(Permission.MANAGE_DEPLOYMENTS)],
    responses=problem_responses(401, 403, 404, 409, 422, 503),
)
def boost_deployment(
    province: ProvinceName,
    capability: CapabilityName,
    body: BoostBody,
    session: SessionDep,
    actor: ActorDep,
    clock: ClockDep,
    once: OnceDep,
) -> BoostView:
    """Have each version with traffic run at least so many replicas for a time."""

    def make() -> BoostView:
        order = boosts.order(
            session,
            actor,
            province,
            capability,
            replicas=body.replicas,
            lasts=timedelta(minutes=body.minutes),
            reason=body.reason,
            at=clock(),
        )
        return BoostView.of(order)

    return once(make, BoostView)


@router.post(
    f"{_DEPLOYMENT}:end-boost",
    status_code=204,
    dependencies=[permit(Permission.MANAGE_DEPLOYMENTS)],
    responses=problem_responses(401, 403, 404, 422, 503),
)
def end_boost(
    province: ProvinceName,
    capability: CapabilityName,
    session: SessionDep,
    actor: ActorDep,
    clock: ClockDep,
) -> None:
    """End a boost before its time."""
    boosts.end(session, actor, province, capability, clock())


@router.get(
    f"{_DEPLOYMENT}/boosts",
    dependencies=[permit(Permission.READ_DEPLOYMENTS)],
    responses=problem_responses(400, 401, 403, 404, 422, 503),
)
def list_boosts(
    province: ProvinceName,
    capability: CapabilityName,
    session: SessionDep,
    actor: ActorDep,
    paging: PagingDep,
) -> Page[BoostView]:
    """List who boosted a deployment, why, and when its objective held again."""
    return map_page(boosts.page(session, actor, province, capability, paging), BoostView.of)


@router.get(
    "/deployments",
    dependencies=[permit(Permission.READ_DEPLOYMENTS)],
    responses=problem_responses(400, 401, 403, 422, 503),
)
def list_deployments(
    session: SessionDep,
    actor: ActorDep,
    paging: PagingDep,
    province: Annotated[ProvinceName | None, Query()] = None,
    capability: Annotated[CapabilityName | None, Query()] = None,
) -> Page[DeploymentView]:
    """List the deployments that you may see, by province and capability."""
    return map_page(service.page(session, actor, province, capability, paging), DeploymentView.of)
