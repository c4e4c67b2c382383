"""HTTP of what edges report, and of how they are."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Request
from pydantic import BaseModel, ConfigDict

from capability_sdk.contracts.errors import NotPermitted
from capability_sdk.contracts.model import Identifier, ProvinceName, UtcTime
from capability_sdk.contracts.nodes import InstanceStatus, NodeMetadata
from capability_sdk.contracts.telemetry import TelemetryAnswer, TelemetryBatch
from capability_sdk.kit.problems import problem_responses
from center.clock import ClockDep
from center.database import DatabaseDep, SessionDep
from center.operations import service
from center.operations.batches import MAX_INFLATED_BYTES, inflate
from center.operations.store import Origin
from center.paging import Page, PagingDep, map_page
from center.permissions import ActorDep, ActorKind, Permission, permit

router = APIRouter()


async def _telemetry_body(
    request: Request, content_encoding: Annotated[str, Header(max_length=100)] = ""
) -> bytes:
    return await inflate(request.stream(), content_encoding, MAX_INFLATED_BYTES)


TelemetryBody = Annotated[bytes, Depends(_telemetry_body)]


def _without_references(schema: Any, parts: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON
    """Write a schema's named parts where they are referred to, since OpenAPI keeps no ``$defs``."""
    if isinstance(schema, list):
        return [_without_references(item, parts) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _without_references(parts[schema["$ref"].rpartition("/")[2]], parts)
    return {key: _without_references(value, parts) for key, value in schema.items()}


def _batch_in_openapi() -> dict[str, Any]:
    schema = TelemetryBatch.model_json_schema()
    parts = schema.pop("$defs")
    content = {"application/json": {"schema": _without_references(schema, parts)}}
    description = "May come with `Content-Encoding: gzip`."
    return {"requestBody": {"required": True, "description": description, "content": content}}


@router.post(
    "/edges/{edge}/telemetry",
    dependencies=[permit(Permission.SEND_TELEMETRY)],
    responses=problem_responses(400, 401, 403, 409, 413, 422, 503),
    openapi_extra=_batch_in_openapi(),
)
def send_telemetry(
    edge: Annotated[Identifier, Path()],
    actor: ActorDep,
    body: TelemetryBody,
    database: DatabaseDep,
    clock: ClockDep,
) -> TelemetryAnswer:
    """Apply a batch of an edge's records, each exactly once, all or none."""
    if actor.name != edge or actor.kind is not ActorKind.EDGE:
        raise NotPermitted("An edge reports for itself only.")
    origin = Origin(edge, actor.organisation, clock())
    return TelemetryAnswer(applied_through=service.receive(database, actor, origin, body))


class UncountedView(BaseModel):
    """Records that no total holds."""

    model_config = ConfigDict(from_attributes=True)

    edge: str
    stream: str
    epoch: int
    first: int
    """Number of the first record."""
    last: int
    why: str
    """What the center does not know; or how the edge lost them."""
    received_at: UtcTime
    kind: str | None
    """Null where they were lost: they can never be counted."""
    body: dict[str, Any] | None


class CountedView(BaseModel):
    """What was counted now."""

    records: int


@router.get(
    "/provinces/{province}/uncounted-telemetry",
    dependencies=[permit(Permission.READ_HEALTH)],
    responses=problem_responses(400, 401, 403, 404, 422),
)
def list_uncounted(
    province: ProvinceName, session: SessionDep, actor: ActorDep, paging: PagingDep
) -> Page[UncountedView]:
    """List records that no total holds: of what the center does not know, or lost at the edge."""
    actor.hide_unless_seen(province, f"province {province}")
    page = service.uncounted(session, province, paging)
    return map_page(page, UncountedView.model_validate)


@router.post(
    "/provinces/{province}/uncounted-telemetry:count",
    dependencies=[permit(Permission.MANAGE_PROVINCES)],
    responses=problem_responses(401, 403, 422, 503),
)
def count_uncounted(
    province: ProvinceName, session: SessionDep, actor: ActorDep, clock: ClockDep
) -> CountedView:
    """Count what was kept: usage as it is, and the rest where its version is in the store again."""
    return CountedView(records=service.count_uncounted(session, actor, province, clock()))


class ProvinceHealthView(BaseModel):
    """What a province reported last."""

    province: str
    edge: str
    received_at: UtcTime
    age_seconds: float
    reported_at: UtcTime
    state_revision: int
    nodes: list[NodeMetadata]
    instances: list[InstanceStatus]
    backlog: dict[str, int]
    """Records that wait at the edge, by stream."""


@router.get(
    "/provinces/{province}/health",
    dependencies=[permit(Permission.READ_HEALTH)],
    responses=problem_responses(401, 403, 404, 422, 503),
)
def read_health(
    province: ProvinceName, session: SessionDep, actor: ActorDep, clock: ClockDep
) -> ProvinceHealthView:
    """Show what a province runs, and how much it has still to report."""
    actor.hide_unless_seen(province, f"province {province}")
    found = service.health(session, province)
    report = found.report
    return ProvinceHealthView(
        province=found.province,
        edge=found.edge,
        received_at=found.received_at,
        age_seconds=(clock() - found.received_at).total_seconds(),
        reported_at=report.at,
        state_revision=report.state_revision,
        nodes=report.nodes,
        instances=report.instances,
        backlog=report.backlog,
    )
