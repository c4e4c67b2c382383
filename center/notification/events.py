"""Reads the audit trail as events: each act of governance, and each alarm, stands there once."""

from collections.abc import Callable, Mapping
from typing import Any

from center.identity.audit import AuditRow, words_of
from center.notification.domain import Event, EventKind

_ALARMS = {
    "alarm.raised": EventKind.ALARM,
    "alarm.returned": EventKind.ALARM,
    "alarm.worsened": EventKind.ALARM,
    "alarm.ended": EventKind.ALARM_OVER,
    "alarm.resolved": EventKind.ALARM_OVER,
    "alarm.assigned": EventKind.ASSIGNMENT,
}
_PREFIXES = {
    "incident.": EventKind.INCIDENT,
    "subscription.": EventKind.SUBSCRIPTION,
    "capability.": EventKind.PUBLICATION,
    "version.": EventKind.PUBLICATION,
    "deployment.": EventKind.DEPLOYMENT,
    "rollout.": EventKind.DEPLOYMENT,
    "overlay.": EventKind.DEPLOYMENT,
    "work-order.": EventKind.WORK_ORDER,
}


def event_of(row: AuditRow) -> Event | None:
    """Return what an act is to people; None where nobody asks to hear of such."""
    kind = _ALARMS.get(row.act)
    if kind is not None:
        return _alarm(row, kind)
    found = (kind for prefix, kind in _PREFIXES.items() if row.act.startswith(prefix))
    kind = next(found, None)
    return None if kind is None else _act(row, kind)


def _alarm(row: AuditRow, kind: EventKind) -> Event:
    detail = row.detail
    return Event(
        seq=row.seq,
        kind=kind,
        act=row.act,
        actor=row.actor,
        at=row.at,
        says=detail["says"],
        link=f"/alarms?alarm={row.subject.partition('/')[2]}",
        severity=detail["severity"],
        province=detail["province"],
        capability=detail["capability"],
        concerns=detail.get("assignee") if kind is EventKind.ASSIGNMENT else None,
    )


def _act(row: AuditRow, kind: EventKind) -> Event:
    province, capability = _place(row)
    words = words_of(row.act)
    what = str(row.detail.get("title") or row.subject.partition("/")[2])
    return Event(
        seq=row.seq,
        kind=kind,
        act=row.act,
        actor=row.actor,
        at=row.at,
        says={
            "zh": f"{words['zh']}：{what}，{row.actor}",
            "en": f"{words['en']}: {what}, by {row.actor}.",
        },
        link=_LINKS[kind](row, capability),
        province=province,
        capability=capability,
        concerns=row.detail.get("assignee") if kind is EventKind.WORK_ORDER else None,
    )


def _place(row: AuditRow) -> tuple[str, str]:
    detail: Mapping[str, Any] = row.detail
    province = detail.get("province") or _only(detail.get("provinces"))
    capability = detail.get("capability") or _only(detail.get("capabilities"))
    match row.subject.split("/"):
        case ["deployment" | "overlay", where, what, *_]:
            province, capability = province or where, capability or what
        case ["capability", what, *_]:
            capability = capability or what
    return str(province or ""), str(capability or "")


def _only(names: object) -> str:
    return str(names[0]) if isinstance(names, list) and len(names) == 1 else ""


_LINKS: Mapping[EventKind, Callable[[AuditRow, str], str]] = {
    EventKind.INCIDENT: lambda row, _: f"/incidents/{row.subject.partition('/')[2]}",
    EventKind.SUBSCRIPTION: lambda row, _: f"/subscriptions/{row.subject.partition('/')[2]}",
    EventKind.PUBLICATION: lambda _, capability: f"/store/{capability}",
    EventKind.DEPLOYMENT: lambda _, capability: f"/deployments?capability={capability}",
    EventKind.WORK_ORDER: lambda _, __: "/work-orders",
}
