"""The scheduler's HTTP API, for the province's own processes."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from capability_sdk.contracts.model import CapabilityName, Identifier
from capability_sdk.contracts.nodes import (
    EndpointList,
    InstanceHealth,
    InstanceStatus,
    NodeLoad,
    NodeMetadata,
)
from capability_sdk.contracts.resources import ProfileList
from capability_sdk.contracts.scheduling import (
    Decision,
    DeploymentsAnswer,
    DirectoryView,
    LocalDeployments,
    NodeView,
    WeightsInForce,
)
from capability_sdk.kit.problems import problem_responses
from scheduler.profiles import family_profiles, version_profile
from scheduler.service import Scheduler

router = APIRouter(prefix="/api/v1", tags=["scheduler"])

MAX_WAIT_SECONDS = 60


def _scheduler(request: Request) -> Scheduler:
    scheduler: Scheduler = request.app.state.scheduler
    return scheduler


SchedulerDep = Annotated[Scheduler, Depends(_scheduler)]
DecisionNumber = Annotated[int, Path(ge=1, le=2**53, description="Number of the decision.")]
NodeName = Annotated[Identifier, Path(description="Name of the node.")]


@router.put("/deployments", responses=problem_responses(401, 409, 422))
def put_deployments(body: LocalDeployments, scheduler: SchedulerDep) -> DeploymentsAnswer:
    """Replace everything that shall run; instances follow."""
    return scheduler.put_deployments(body)


@router.get(
    "/endpoints",
    response_model=EndpointList,
    responses={204: {"description": "Not known yet: ask again."}, **problem_responses(401, 422)},
)
async def get_endpoints(
    scheduler: SchedulerDep,
    after: Annotated[int, Query(description="Revision that the asker has.")] = -1,
    wait: Annotated[float, Query(ge=0, le=MAX_WAIT_SECONDS, description="Seconds.")] = 0,
) -> EndpointList | Response:
    """Return the ready endpoints: as soon as they differ from revision ``after``, or in time.

    A scheduler that has just started says nothing until it has seen its instances again.
    """
    return await scheduler.board.wait(after, wait) or Response(status_code=204)


@router.get("/instances", responses=problem_responses(401))
async def get_instances(scheduler: SchedulerDep) -> list[InstanceStatus]:
    """Return every bound instance and what is known of it."""
    observed = scheduler.runner.observe()
    return [
        InstanceStatus(
            id=binding.id,
            capability=binding.unit.capability,
            version=binding.unit.version,
            node=binding.node,
            health=seen.health if seen else InstanceHealth.STARTING,
            restarts=seen.restarts if seen else 0,
            detail=seen.detail if seen else "",
            code_digest=binding.unit.code_digest,
            weights_digest=binding.unit.weights_digest,
            overlay_digest=binding.unit.overlay,
        )
        for binding in scheduler.reconciler.bindings
        for seen in [observed.get(binding.id)]
    ]


@router.get("/nodes", responses=problem_responses(401))
async def get_nodes(scheduler: SchedulerDep) -> list[NodeView]:
    """Return the nodes with their load and what is reserved on them."""
    return await scheduler.nodes.views(scheduler.reconciler.bindings)


@router.get("/directory", responses=problem_responses(401))
async def get_directory(scheduler: SchedulerDep) -> DirectoryView:
    """Return whether the service directory answers, and which entries in it are refused."""
    return scheduler.nodes.directory_view()


@router.put("/nodes/{node}", responses=problem_responses(401, 422))
async def put_node(node: NodeName, body: dict[str, Any], scheduler: SchedulerDep) -> NodeMetadata:
    """Register a node; metadata that is missing or absurd is refused with its reason."""
    return await scheduler.nodes.admit(node, body)


@router.put("/nodes/{node}/load", status_code=204, responses=problem_responses(401, 404, 422))
async def put_load(node: NodeName, body: NodeLoad, scheduler: SchedulerDep) -> None:
    """Take a node's load."""
    await scheduler.nodes.report_known(body.model_copy(update={"node": node}))


@router.get("/profiles", responses=problem_responses(401))
def get_profiles(scheduler: SchedulerDep) -> ProfileList:
    """Return what algorithm families and the deployed versions need, and where that is known from."""
    desired = scheduler.store.desired()
    return ProfileList(
        families=family_profiles(),
        versions=[version_profile(item) for item in desired.deployments] if desired else [],
    )


@router.get("/placement/weights", responses=problem_responses(401))
def get_weights(scheduler: SchedulerDep) -> WeightsInForce:
    """Return what counts how much when a node is chosen."""
    return scheduler.weights.in_force()


@router.put("/placement/weights", responses=problem_responses(401, 409, 422))
def put_weights(body: WeightsInForce, scheduler: SchedulerDep) -> WeightsInForce:
    """Set what counts how much from the next placement on; what runs stays where it is.

    The body names the revision that it was made for, and the answer the one that it is.
    """
    return scheduler.weights.put(body)


@router.get("/decisions", responses=problem_responses(401, 422))
def get_decisions(
    scheduler: SchedulerDep,
    capability: CapabilityName | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> list[Decision]:
    """Return placement decisions with their reasons, newest first."""
    return scheduler.store.decisions(capability, limit)


@router.get("/decisions/{number}", responses=problem_responses(401, 404, 422))
def get_decision(number: DecisionNumber, scheduler: SchedulerDep) -> Decision:
    """Return one decision: its candidates, and what would have admitted it where it was refused."""
    return scheduler.store.decision(number)


@router.get("/decisions/{number}/inputs", responses=problem_responses(401, 404, 422))
def get_decision_inputs(number: DecisionNumber, scheduler: SchedulerDep) -> dict[str, Any]:
    """Return what a decision was taken on, as `jiuzhou node check-decision` reads it."""
    return scheduler.store.decision_inputs(number)
