"""HTTP of removing what was simulated."""

from fastapi import APIRouter

from capability_sdk.kit.problems import problem_responses
from center.clock import ClockDep
from center.database import SessionDep
from center.identity.api.fields import ProvincePath
from center.permissions import ActorDep, Permission, permit
from center.simulation import service

router = APIRouter(tags=["provinces"])


@router.delete(
    "/provinces/{province}",
    status_code=204,
    dependencies=[permit(Permission.MANAGE_PROVINCES)],
    responses=problem_responses(401, 403, 404, 409, 422, 503),
)
def remove_simulated(
    province: ProvincePath, session: SessionDep, actor: ActorDep, clock: ClockDep
) -> None:
    """Remove a simulated province with everything that it ever reported; a real one stays."""
    service.remove(session, actor, province, clock())
