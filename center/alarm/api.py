"""HTTP of the alarm domain."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response

from capability_sdk.contracts.model import CapabilityName, Identifier, ProvinceName, UtcTime
from capability_sdk.kit.problems import problem_responses
from center.alarm import service
from center.alarm.domain import Alarm, AlarmState, RuleName, Severity
from center.alarm.service import Hand, SilenceWish
from center.alarm.store import AlarmsAsked
from center.alarm.views import (
    AlarmCommentBody,
    AlarmEventView,
    AlarmView,
    AssignBody,
    ResolveBody,
    SilenceBody,
    SilenceOneBody,
    SilenceView,
)
from center.clock import ClockDep
from center.database import SessionDep
from center.idempotency import OnceDep
from center.paging import Page, PagingDep, map_page
from center.permissions import ActorDep, Permission, permit
from center.preconditions import IfMatch, etag

router = APIRouter(tags=["alarm"])
_READ = [permit(Permission.READ_ALARMS)]
_HANDLE = [permit(Permission.HANDLE_ALARMS)]
_ACT = problem_responses(400, 401, 403, 404, 409, 412, 422, 503)

AlarmId = Annotated[Identifier, Path()]


def _hand(session: SessionDep, actor: ActorDep, clock: ClockDep, if_match: IfMatch = None) -> Hand:
    return Hand(session, actor, clock(), if_match)


HandDep = Annotated[Hand, Depends(_hand)]


def _asked(
    state: Annotated[
        list[AlarmState] | None,
        Query(description="Several may be named; those that stand if none."),
    ] = None,
    rule: RuleName | None = None,
    severity: Severity | None = None,
    assignee: Annotated[Identifier | None, Query()] = None,
    begins: Annotated[UtcTime | None, Query(alias="from", description="Seen since.")] = None,
    ends: Annotated[UtcTime | None, Query(alias="to", description="First seen before.")] = None,
) -> AlarmsAsked:
    return AlarmsAsked(tuple(state or ()), rule, severity, assignee, begins, ends)


@router.get("/alarms", dependencies=_READ, responses=problem_responses(400, 401, 403, 422, 503))
def list_alarms(
    session: SessionDep,
    actor: ActorDep,
    asked: Annotated[AlarmsAsked, Depends(_asked)],
    paging: PagingDep,
    clock: ClockDep,
    capability: CapabilityName | None = None,
    province: ProvinceName | None = None,
) -> Page[AlarmView]:
    """List alarms, the worst first and of these the oldest; without a state those that stand."""
    now = clock()
    place = service.Place(capability, province)
    found = service.page(session, actor, asked, place, now, paging)
    return map_page(found, lambda alarm: AlarmView.of(alarm, now))


@router.get("/alarms/{alarm}", dependencies=_READ, responses=_ACT)
def get_alarm(
    alarm: AlarmId, response: Response, session: SessionDep, actor: ActorDep, clock: ClockDep
) -> AlarmView:
    """Show an alarm; its `ETag` guards a change."""
    return _shown(service.get(session, actor, alarm), clock, response)


@router.get("/alarms/{alarm}/events", dependencies=_READ, responses=_ACT)
def list_alarm_events(
    alarm: AlarmId, session: SessionDep, actor: ActorDep, paging: PagingDep
) -> Page[AlarmEventView]:
    """Show an alarm's history, oldest first."""
    found = service.history(session, actor, alarm, paging)
    return map_page(found, AlarmEventView.model_validate)


@router.post("/alarms/{alarm}:acknowledge", dependencies=_HANDLE, responses=_ACT)
def acknowledge_alarm(
    alarm: AlarmId, hand: HandDep, response: Response, clock: ClockDep
) -> AlarmView:
    """Say that you have seen an alarm; the first who does so counts."""
    return _shown(service.acknowledge(hand, alarm), clock, response)


@router.post("/alarms/{alarm}:assign", dependencies=_HANDLE, responses=_ACT)
def assign_alarm(
    alarm: AlarmId, body: AssignBody, hand: HandDep, response: Response, clock: ClockDep
) -> AlarmView:
    """Give an alarm to a person who sees it, or to nobody."""
    return _shown(service.assign(hand, alarm, body.assignee), clock, response)


@router.post("/alarms/{alarm}:comment", dependencies=_HANDLE, responses=_ACT)
def comment_alarm(
    alarm: AlarmId, body: AlarmCommentBody, hand: HandDep, response: Response, clock: ClockDep
) -> AlarmView:
    """Add a remark to an alarm, also to one that is over."""
    return _shown(service.comment(hand, alarm, body.text), clock, response)


@router.post("/alarms/{alarm}:silence", dependencies=_HANDLE, responses=_ACT)
def silence_alarm(
    alarm: AlarmId, body: SilenceOneBody, hand: HandDep, response: Response, clock: ClockDep
) -> AlarmView:
    """Quiet one alarm until a moment, or make it loud again."""
    return _shown(service.silence_one(hand, alarm, body.until, body.reason), clock, response)


@router.post("/alarms/{alarm}:resolve", dependencies=_HANDLE, responses=_ACT)
def resolve_alarm(
    alarm: AlarmId, body: ResolveBody, hand: HandDep, response: Response, clock: ClockDep
) -> AlarmView:
    """Say that an alarm is over; while its cause lasts, it comes back only if that gets worse."""
    return _shown(service.resolve(hand, alarm, body.text), clock, response)


def _shown(alarm: Alarm, clock: ClockDep, response: Response) -> AlarmView:
    response.headers["ETag"] = etag(alarm.revision)
    return AlarmView.of(alarm, clock())


@router.get(
    "/alarm-silences", dependencies=_READ, responses=problem_responses(400, 401, 403, 422, 503)
)
def list_silences(
    session: SessionDep, actor: ActorDep, clock: ClockDep, paging: PagingDep
) -> Page[SilenceView]:
    """List the silences in force, the one that ends first at the top."""
    found = service.silences(session, actor, clock(), paging)
    return map_page(found, SilenceView.model_validate)


@router.post(
    "/alarm-silences",
    status_code=201,
    dependencies=_HANDLE,
    responses=problem_responses(400, 401, 403, 409, 422, 503),
)
def add_silence(
    body: SilenceBody, session: SessionDep, actor: ActorDep, clock: ClockDep, once: OnceDep
) -> SilenceView:
    """Quiet every alarm that matches, now and until the silence ends."""
    wish = SilenceWish(body.rule, body.capability, body.province, body.ends_at, body.reason)

    def make() -> SilenceView:
        item = service.add_silence(session, actor, wish, clock())
        return SilenceView.model_validate(item)

    return once(make, SilenceView)


@router.delete(
    "/alarm-silences/{silence}",
    status_code=204,
    dependencies=_HANDLE,
    responses=problem_responses(401, 403, 404, 422, 503),
)
def end_silence(
    silence: Annotated[Identifier, Path()],
    session: SessionDep,
    actor: ActorDep,
    clock: ClockDep,
) -> None:
    """End a silence before its time; what it quieted is loud again."""
    service.end_silence(session, actor, silence, clock())
