"""Scaling over HTTP, for the province's own processes."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request

from capability_sdk.contracts.model import CapabilityName, Identifier
from capability_sdk.contracts.scaling import ScalingChange, ScalingView, TrafficReport
from capability_sdk.kit.problems import problem_responses
from scheduler.service import Scheduler

router = APIRouter(prefix="/api/v1", tags=["scaling"])


def _scheduler(request: Request) -> Scheduler:
    scheduler: Scheduler = request.app.state.scheduler
    return scheduler


SchedulerDep = Annotated[Scheduler, Depends(_scheduler)]


@router.put("/traffic/{gateway}", status_code=204, responses=problem_responses(401, 422))
async def put_traffic(
    gateway: Annotated[Identifier, Path(description="Name of the gateway worker.")],
    body: TrafficReport,
    scheduler: SchedulerDep,
) -> None:
    """Take what a gateway worker has seen; calls that wait for a replica wake their capability."""
    scheduler.scaling.traffic.take(body.model_copy(update={"gateway": gateway}))
    if any(item.waiting for item in body.versions):
        scheduler.reconciler.wake()


@router.get("/scaling", responses=problem_responses(401))
async def get_scaling(scheduler: SchedulerDep) -> list[ScalingView]:
    """Return each version whose replicas scale or are boosted, and why it has as many."""
    return scheduler.scaling.autoscaler.views()


@router.get("/scaling/changes", responses=problem_responses(401, 422))
def get_changes(
    scheduler: SchedulerDep,
    capability: CapabilityName | None = None,
    limit: Annotated[int, Query(ge=1, le=5000)] = 50,
) -> list[ScalingChange]:
    """Return changes of replicas with their reasons, newest first."""
    return scheduler.scaling.store.changes(capability, limit)
