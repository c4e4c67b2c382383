"""HTTP of usage: totals by groups, and the single calls behind them."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Response
from fastapi.responses import JSONResponse

from capability_sdk.contracts.errors import InvalidRequest
from capability_sdk.contracts.model import CapabilityName, Identifier, ProvinceName, UtcTime
from capability_sdk.kit.problems import problem_responses
from center.clock import ClockDep
from center.database import SessionDep
from center.operations import service
from center.operations.domain import CallsAsked, UsageDimension, default_begin
from center.operations.rows import FIGURES
from center.operations.usage_csv import csv_of
from center.operations.views import CallView, UsagePage
from center.paging import Page, PagingDep, map_page
from center.permissions import ActorDep, Permission, permit
from center.reach import Reach, reach_of

router = APIRouter()
_PAGE = 1000


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
    clock: ClockDep,
    by: Annotated[tuple[UsageDimension, ...], Depends(_dimensions)],
    begins: Annotated[
        UtcTime | None,
        Query(alias="from", description="Hours from here on; without it the last 30 days."),
    ] = None,
    ends: Annotated[UtcTime | None, Query(alias="to", description="Hours before this.")] = None,
    sort: Annotated[
        str,
        Query(
            pattern=f"^(-?({'|'.join(FIGURES)}))?$",
            description="A figure; with a minus before it the largest first.",
        ),
    ] = "",
    application: Annotated[Identifier | None, Query()] = None,
) -> service.UsageQuestion:
    since = begins or default_begin(ends or clock())
    return service.UsageQuestion(by, since, ends, sort, application)


def _part(
    limit: Annotated[
        int | None,
        Query(ge=1, le=10_000, description="Groups, at most: 1000 without it; as CSV all."),
    ] = None,
    cursor: Annotated[str, Query(pattern=r"^[0-9]{1,9}$", description="`next` of before.")] = "0",
) -> tuple[int, int | None]:
    return int(cursor), limit


def _reach(
    session: SessionDep,
    actor: ActorDep,
    province: ProvinceName | None = None,
    capability: CapabilityName | None = None,
) -> Reach:
    return reach_of(session, actor).within(province=province, capability=capability)


@router.get(
    "/usage",
    dependencies=[permit(Permission.READ_USAGE)],
    response_model=UsagePage,
    responses={
        200: {"content": {"text/csv": {"schema": {"type": "string"}}}},
        **problem_responses(400, 401, 403, 422, 503),
    },
)
def read_usage(
    session: SessionDep,
    actor: ActorDep,
    question: Annotated[service.UsageQuestion, Depends(_question)],
    reach: Annotated[Reach, Depends(_reach)],
    part: Annotated[tuple[int, int | None], Depends(_part)],
    accept: Annotated[str, Header(max_length=500)] = "",
) -> Response:
    """Show answered calls, units and errors, grouped; `Accept: text/csv` exports them."""
    skip, limit = part
    if "text/csv" in accept.lower() and limit is None:
        return csv_of(service.every_usage(session, actor, reach, question), question.by)
    groups, total = service.usage(session, actor, reach, question, skip, limit or _PAGE)
    following = str(skip + len(groups)) if groups and skip + len(groups) < total else None
    if "text/csv" in accept.lower():
        headers = {"x-next-cursor": following} if following else {}
        return csv_of(groups, question.by, headers)
    page = UsagePage.model_validate(
        {"items": groups, "next": following, "total": total}
        | {"from": question.begins, "to": question.ends}
    )
    return JSONResponse(page.model_dump(mode="json", by_alias=True))


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
