"""Reads the audit trail as events: each act of governance, and each alarm, stands there once."""

from collections.abc import Callable, Mapping
from typing import Any

from center.identity.audit import AuditRow, words_of
from center.notification.domain import Event, NotificationKind

_ALARMS = {
    "alarm.raised": NotificationKind.ALARM,
    "alarm.returned": NotificationKind.ALARM,
    "alarm.worsened": NotificationKind.ALARM,
    "alarm.ended": NotificationKind.ALARM_OVER,
    "alarm.resolved": NotificationKind.ALARM_OVER,
    "alarm.assigned": NotificationKind.ASSIGNMENT,
}
_PREFIXES = {
    "incident.": NotificationKind.INCIDENT,
    "subscription.": NotificationKind.SUBSCRIPTION,
    "capability.": NotificationKind.PUBLICATION,
    "version.": NotificationKind.PUBLICATION,
    "deployment.": NotificationKind.DEPLOYMENT,
    "rollout.": NotificationKind.DEPLOYMENT,
    "overlay.": NotificationKind.DEPLOYMENT,
    "work-order.": NotificationKind.WORK_ORDER,
}


def event_of(row: AuditRow) -> Event | None:
    """Return what an act is to people; None where nobody asks to hear of such."""
    kind = _ALARMS.get(row.act)
    if kind is not None:
        return _alarm(row, kind)
    found = (kind for prefix, kind in _PREFIXES.items() if row.act.startswith(prefix))
    kind = next(found, None)
    return None if kind is None else _act(row, kind)


def _alarm(row: AuditRow, kind: NotificationKind) -> Event:
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
        concerns=detail.get("assignee") if kind is NotificationKind.ASSIGNMENT else None,
    )


def _act(row: AuditRow, kind: NotificationKind) -> Event:
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
        concerns=row.detail.get("assignee") if kind is NotificationKind.WORK_ORDER else None,
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


_LINKS: Mapping[NotificationKind, Callable[[AuditRow, str], str]] = {
    NotificationKind.INCIDENT: lambda row, _: f"/incidents/{row.subject.partition('/')[2]}",
    NotificationKind.SUBSCRIPTION: lambda row, _: f"/subscriptions/{row.subject.partition('/')[2]}",
    NotificationKind.PUBLICATION: lambda _, capability: f"/store/{capability}",
    NotificationKind.DEPLOYMENT: lambda _, capability: f"/deployments?capability={capability}",
    NotificationKind.WORK_ORDER: lambda _, __: "/work-orders",
}
