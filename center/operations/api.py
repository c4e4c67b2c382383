"""HTTP of the operations domain."""

import csv
import io
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict

from capability_sdk.contracts.errors import InvalidRequest, NotPermitted
from capability_sdk.contracts.model import CapabilityName, Identifier, ProvinceName, UtcTime
from capability_sdk.contracts.nodes import InstanceStatus, NodeMetadata
from capability_sdk.contracts.telemetry import TelemetryAnswer, TelemetryBatch
from capability_sdk.kit.problems import problem_responses
from center.clock import ClockDep
from center.database import DatabaseDep, SessionDep
from center.operations import service
from center.operations.batches import MAX_INFLATED_BYTES, inflate
from center.operations.domain import CallsAsked, UsageDimension
from center.operations.store import Origin
from center.operations.totals import FIGURES
from center.paging import Page, PagingDep, map_page
from center.permissions import ActorDep, ActorKind, Permission, permit
from center.reach import reach_of

router = APIRouter(tags=["operations"])
_SHOWN = (*FIGURES, "p50_ms", "p99_ms", "daily_quota")


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


class UsageView(BaseModel):
    """One group; a member that was not grouped by is null."""

    province: str | None = None
    capability: str | None = None
    version: str | None = None
    """Empty where no version was reached."""
    application: str | None = None
    organisation: str | None = None
    """Of the application; empty where it is known no more."""
    cost_centre: str | None = None
    """Of the organisation; empty where none is set."""
    hour: UtcTime | None = None
    calls: int
    units: int
    """Calls that count against the quota."""
    errors: int
    """Calls answered with 400 or more."""
    failures: int
    """Those answered with 500 or more."""
    throttled: int
    """Those answered with 429."""
    p50_ms: float | None
    """Estimated from counts in cells; null where no latency was kept."""
    p99_ms: float | None
    daily_quota: int | None
    """Of the active subscriptions; null where groups are finer or coarser than these."""


def _dimensions(
    by: Annotated[
        str,
        Query(
            max_length=200,
            description=f"Comma-separated: {', '.join(UsageDimension)}.",
        ),
    ] = "province,capability,application",
) -> tuple[UsageDimension, ...]:
    try:
        return tuple(dict.fromkeys(UsageDimension(name) for name in by.split(",")))
    except ValueError as error:
        known = ", ".join(UsageDimension)
        raise InvalidRequest(f"`by` takes {known}, separated by commas.") from error


def _question(
    by: Annotated[tuple[UsageDimension, ...], Depends(_dimensions)],
    begins: Annotated[
        UtcTime | None, Query(alias="from", description="Hours from here on.")
    ] = None,
    ends: Annotated[UtcTime | None, Query(alias="to", description="Hours before this.")] = None,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1000,
    cursor: Annotated[str, Query(pattern=r"^[0-9]{1,9}$", description="`next` of before.")] = "0",
    sort: Annotated[
        str,
        Query(
            pattern=f"^(-?({'|'.join(FIGURES)}))?$",
            description="A figure; with a minus before it the largest first.",
        ),
    ] = "",
    application: Annotated[Identifier | None, Query()] = None,
) -> service.UsageQuestion:
    return service.UsageQuestion(by, begins, ends, int(cursor), limit, sort, application)


@router.get(
    "/usage",
    dependencies=[permit(Permission.READ_USAGE)],
    response_model=Page[UsageView],
    responses={
        200: {"content": {"text/csv": {"schema": {"type": "string"}}}},
        **problem_responses(400, 401, 403, 422, 503),
    },
)
def read_usage(
    session: SessionDep,
    actor: ActorDep,
    question: Annotated[service.UsageQuestion, Depends(_question)],
    accept: Annotated[str, Header(max_length=500)] = "",
    province: ProvinceName | None = None,
    capability: CapabilityName | None = None,
) -> Response:
    """Show answered calls, units and errors, grouped; `Accept: text/csv` exports them."""
    reach = reach_of(session, actor).within(province=province, capability=capability)
    groups, total = service.usage(session, actor, reach, question)
    behind = question.skip + len(groups)
    following = str(behind) if groups and behind < total else None
    if "text/csv" in accept.lower():
        headers = {"x-next-cursor": following} if following else {}
        return Response(_as_csv(question.by, groups), media_type="text/csv", headers=headers)
    views = [UsageView.model_validate(group) for group in groups]
    page = Page[UsageView](items=views, next=following, total=total)
    return JSONResponse(page.model_dump(mode="json"))


def _as_csv(by: Sequence[UsageDimension], groups: list[dict[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, [*by, *_SHOWN])
    writer.writeheader()
    for group in groups:
        shown = UsageView.model_validate(group).model_dump(mode="json")
        writer.writerow({name: shown[name] for name in (*by, *_SHOWN)})
    return text.getvalue()


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


class CallView(BaseModel):
    """One call that was counted."""

    model_config = ConfigDict(from_attributes=True)

    edge: str
    request_id: str
    """What the caller got as `x-request-id`."""
    province: str
    capability: str
    version: str
    """Empty where no version was reached."""
    application: str
    at: UtcTime
    """When it was answered, by the province's clock."""
    received_at: UtcTime
    hour: UtcTime
    """Start of the hour that it is counted in."""
    status: int
    units: int


def _calls_asked(
    province: ProvinceName | None = None,
    capability: CapabilityName | None = None,
    application: Annotated[Identifier | None, Query()] = None,
    begins: Annotated[
        UtcTime | None, Query(alias="from", description="Answered from here on.")
    ] = None,
    ends: Annotated[UtcTime | None, Query(alias="to", description="Answered before this.")] = None,
) -> CallsAsked:
    return CallsAsked(province, capability, application, begins, ends)


@router.get(
    "/usage/calls",
    dependencies=[permit(Permission.READ_CALLS)],
    responses=problem_responses(400, 401, 403, 422),
)
def list_calls(
    session: SessionDep,
    actor: ActorDep,
    asked: Annotated[CallsAsked, Depends(_calls_asked)],
    paging: PagingDep,
) -> Page[CallView]:
    """List the single calls behind the totals of the last 90 days, by edge and request id."""
    return map_page(service.calls(session, actor, asked, paging), CallView.model_validate)


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
