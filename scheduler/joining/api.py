"""What machines that join, and have joined, ask of the scheduler; each shows its own credential."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Query, Request
from fastapi.responses import FileResponse

from capability_sdk.contracts.joining import (
    AssignedInstance,
    Assignment,
    Invitation,
    InvitationRequest,
    JoinAnswer,
    JoinRequest,
    NodeReport,
    ReportAnswer,
)
from capability_sdk.contracts.model import Digest, Identifier
from capability_sdk.contracts.nodes import NodeMetadata
from capability_sdk.contracts.settings import overlay_file
from capability_sdk.kit.problems import problem_responses
from scheduler.domain import Binding
from scheduler.joining.domain import JoinedNode
from scheduler.joining.errors import PackageNotHere, SettingsNotHere
from scheduler.joining.parts import JoiningParts
from scheduler.service import Scheduler

MAX_WAIT_SECONDS = 60

inside = APIRouter(prefix="/api/v1", tags=["joining"])
"""For the province's own processes and people on the scheduler's machine."""
outside = APIRouter(prefix="/api/v1/joined-nodes", tags=["joining"])
"""For other machines."""

NodeName = Annotated[Identifier, Path(description="Name of the node.")]


def _scheduler(request: Request) -> Scheduler:
    scheduler: Scheduler = request.app.state.scheduler
    return scheduler


SchedulerDep = Annotated[Scheduler, Depends(_scheduler)]


def _parts(scheduler: SchedulerDep) -> JoiningParts:
    return scheduler.joining


Parts = Annotated[JoiningParts, Depends(_parts)]


def _asking(
    node: NodeName, parts: Parts, authorization: Annotated[str, Header()] = ""
) -> JoinedNode:
    return parts.members.check(node, authorization)


Asking = Annotated[JoinedNode, Depends(_asking)]


@inside.post("/invitations", status_code=201, responses=problem_responses(401, 422))
def invite(body: InvitationRequest, parts: Parts) -> Invitation:
    """Make a single-use code that one machine joins with within 15 minutes."""
    return parts.members.invite(body.node)


@inside.delete("/joined-nodes/{node}", status_code=204, responses=problem_responses(401, 404))
def remove(node: NodeName, parts: Parts, scheduler: SchedulerDep) -> None:
    """Forget a machine: its credential is refused, its instances are placed elsewhere."""
    parts.members.remove(node)
    parts.runner.forget(node)
    scheduler.give_up(node)


@outside.post("", status_code=201, responses=problem_responses(403, 409, 422))
def join(body: JoinRequest, parts: Parts) -> JoinAnswer:
    """Join by a code; the credential in the answer is shown this once."""
    return parts.members.join(body)


@outside.put("/{node}", responses=problem_responses(401, 422))  # noqa: FAST003 - `Asking` takes it
async def put_metadata(
    body: dict[str, Any], asking: Asking, scheduler: SchedulerDep
) -> NodeMetadata:
    """Register a node at its start; metadata that is missing or absurd is refused with its reason."""
    return await scheduler.nodes.admit(asking.node, body)


@outside.put("/{node}/report", responses=problem_responses(401, 404, 422))  # noqa: FAST003 - `Asking` takes it
async def put_report(
    body: NodeReport, asking: Asking, scheduler: SchedulerDep, parts: Parts
) -> ReportAnswer:
    """Take a node's load and what it sees of its instances; its lease is extended."""
    load = body.load.model_copy(update={"node": asking.node})
    await scheduler.nodes.report_known(load)
    revision = parts.runner.report(asking.node, asking.host, body.instances)
    return ReportAnswer(revision=revision, lease_seconds=parts.lease_seconds)


@outside.get("/{node}/assignment", responses=problem_responses(401, 422))  # noqa: FAST003 - `Asking` takes it
async def get_assignment(
    asking: Asking,
    parts: Parts,
    after: Annotated[int, Query(description="Revision that the asker has.")] = -1,
    wait: Annotated[float, Query(ge=0, le=MAX_WAIT_SECONDS, description="Seconds.")] = 0,
) -> Assignment:
    """Return what the node shall run: as soon as it differs from revision ``after``, or in time."""
    await parts.runner.wait(asking.node, after, wait)
    revision, bindings = parts.runner.assigned(asking.node)
    instances = [_assigned(item, parts.sampling(item.unit.capability)) for item in bindings]
    return Assignment(revision=revision, instances=instances)


@outside.get(
    "/{node}/packages/{digest}",  # noqa: FAST003 - `Asking` takes it
    response_class=FileResponse,
    responses=problem_responses(401, 404, 422),
)
async def get_package(
    asking: Asking,
    digest: Annotated[Digest, Path(description="Of the package.")],
    parts: Parts,
) -> FileResponse:
    """Return the archive of a package that the node shall run; parts of it by ``Range``."""
    _, bindings = parts.runner.assigned(asking.node)
    folders = {item.unit.package_digest: item.package_path for item in bindings}
    if digest not in folders:
        raise PackageNotHere(f"The node {asking.node} shall run nothing of the package {digest}.")
    archive = await parts.archives.ensure(digest, folders[digest])
    return FileResponse(archive, media_type="application/gzip")


@outside.get(
    "/{node}/overlays/{digest}",  # noqa: FAST003 - `Asking` takes it
    response_class=FileResponse,
    responses=problem_responses(401, 404, 422),
)
def get_overlay(
    asking: Asking,
    digest: Annotated[Digest, Path(description="Of the values.")],
    parts: Parts,
) -> FileResponse:
    """Return what the province chose of the settings of something that the node shall run."""
    _, bindings = parts.runner.assigned(asking.node)
    files = [
        overlay_file(item.package_path, digest) for item in bindings if item.unit.overlay == digest
    ]
    if not files or not files[0].is_file():
        raise SettingsNotHere(f"The node {asking.node} shall run nothing with {digest}.")
    return FileResponse(files[0], media_type="application/json")


def _assigned(binding: Binding, sample_share: float) -> AssignedInstance:
    unit, demand = binding.unit, binding.demand
    return AssignedInstance(
        id=binding.id,
        host=binding.host,
        capability=unit.capability,
        version=unit.version,
        package_digest=unit.package_digest,
        code_digest=unit.code_digest,
        weights_digest=unit.weights_digest,
        author_key=unit.author_key,
        engine=unit.engine,
        family=demand.family,
        face=unit.face,
        memory_mib=demand.memory_mib,
        batch_rows=demand.batch_rows,
        sample_share=sample_share,
        overlay_digest=unit.overlay or None,
    )
