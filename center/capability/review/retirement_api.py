"""HTTP of retirements: a version ends with notice."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request

from capability_sdk.contracts.model import CapabilityName, SemanticVersion
from capability_sdk.kit.problems import problem_responses
from center.capability.domain import Stage
from center.capability.review import retirement as service
from center.capability.review.domain import Retirement
from center.capability.review.views import AffectedSubscriptions, RetirementBody, RetirementView
from center.capability.service import sight_of
from center.capability.store import CapabilityStore
from center.capability.views import CapabilityVersionView
from center.clock import ClockDep
from center.database import SessionDep
from center.permissions import ActorDep, Permission, permit

router = APIRouter(tags=["capability"])

Name = Annotated[CapabilityName, Path()]
Version = Annotated[SemanticVersion, Path()]
_ONE = "/capabilities/{name}/versions/{version}"
_READ = problem_responses(401, 403, 404, 422, 503)
_CHANGE = problem_responses(401, 403, 404, 409, 422, 503)


def _reach(request: Request) -> service.Reach:
    return service.Reach(request.app.state.affected, request.app.state.tell_subscribers)


ReachDep = Annotated[service.Reach, Depends(_reach)]


@router.get(f"{_ONE}/affected", dependencies=[permit(Permission.READ_STORE)], responses=_READ)
def list_affected(
    name: Name, version: Version, session: SessionDep, actor: ActorDep, reach: ReachDep
) -> AffectedSubscriptions:
    """List the subscriptions whose calls a version answers now, as far as you may know them."""
    item = CapabilityStore(session).get(name, version, sight_of(actor))
    return AffectedSubscriptions.of(service.affected_by(session, actor, item, reach.affected))


@router.get(f"{_ONE}/retirement", dependencies=[permit(Permission.READ_STORE)], responses=_READ)
def show_retirement(
    name: Name, version: Version, session: SessionDep, actor: ActorDep, reach: ReachDep
) -> RetirementView:
    """Show the announced end of a version: when, what follows it, and whom it concerns."""
    return RetirementView.of(*service.show(session, actor, name, version, reach.affected))


@router.post(
    f"{_ONE}:announce-retirement",
    dependencies=[permit(Permission.PUBLISH_CAPABILITIES)],
    responses=_CHANGE,
)
def announce_retirement(
    name: Name,
    version: Version,
    body: RetirementBody,
    session: SessionDep,
    actor: ActorDep,
    clock: ClockDep,
    reach: ReachDep,
) -> RetirementView:
    """Announce the end of a version: nothing new begins with it, and at the date it stops."""
    successor = body.successor
    wish = Retirement(
        capability=name,
        version=version,
        retires_at=body.retires_at,
        reason=body.reason,
        announced_by=actor.name,
        announced_at=clock(),
        was=Stage.PUBLISHED,
        successor_capability=None if successor is None else successor.capability,
        successor_version=None if successor is None else successor.version,
    )
    service.announce(session, actor, name, version, wish, reach)
    return RetirementView.of(*service.show(session, actor, name, version, reach.affected))


@router.post(
    f"{_ONE}:cancel-retirement",
    dependencies=[permit(Permission.PUBLISH_CAPABILITIES)],
    responses=_CHANGE,
)
def cancel_retirement(
    name: Name,
    version: Version,
    session: SessionDep,
    actor: ActorDep,
    clock: ClockDep,
    reach: ReachDep,
) -> CapabilityVersionView:
    """Take an announcement back before its date; the version is what it was before."""
    item = service.cancel(session, actor, name, version, reach, clock())
    return CapabilityVersionView.of(item)
