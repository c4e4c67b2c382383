"""One button against a flood: more replicas for a time, with who, why, and when it helped."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from center.identity.audit import record
from center.identity.domain import new_id
from center.instance import service
from center.instance.boost_store import BoostStore
from center.instance.domain import BoostOrder, require_within_bounds
from center.instance.errors import NoBoost
from center.paging import Page, Paging
from center.permissions import Actor


def order(  # noqa: PLR0913 - what is ordered, and by whom
    session: Session,
    actor: Actor,
    province: str,
    capability: str,
    *,
    replicas: int,
    lasts: timedelta,
    reason: str,
    at: datetime,
) -> BoostOrder:
    """Have each version with traffic run at least so many replicas for a time.

    Raises:
        NotPermitted: The actor is confined to another province.
        DeploymentNotFound: It is not deployed there.
        BadBoost: A version's bounds do not admit so many.
    """
    actor.require_province(province)
    deployment = service.get(session, actor, province, capability)
    require_within_bounds(deployment.shares, replicas)
    item = BoostOrder(
        id=new_id("boost"),
        province=province,
        capability=capability,
        replicas=replicas,
        reason=reason,
        ordered_by=actor.name,
        begun_at=at,
        until=at + lasts,
    )
    BoostStore(session).add(item)
    detail = {"id": item.id, "replicas": replicas, "until": item.until.isoformat()}
    _note(session, actor, item.province, capability, "boost", {**detail, "reason": reason})
    return item


def end(session: Session, actor: Actor, province: str, capability: str, at: datetime) -> None:
    """End a boost before its time.

    Raises:
        NotPermitted: The actor is confined to another province.
        NoBoost: None is in force.
    """
    actor.require_province(province)
    if not BoostStore(session).end(province, capability, at):
        raise NoBoost(f"{capability} is not boosted in {province} now.")
    _note(session, actor, province, capability, "end-boost", {})


def page(
    session: Session, actor: Actor, province: str, capability: str, paging: Paging
) -> Page[BoostOrder]:
    """Return a page of a deployment's boosts.

    Raises:
        DeploymentNotFound: It is not deployed there, or not for this actor to know.
    """
    service.get(session, actor, province, capability)
    return BoostStore(session).page(province, capability, paging)


def _note(
    session: Session,
    actor: Actor,
    province: str,
    capability: str,
    act: str,
    detail: dict[str, object],
) -> None:
    subject = f"deployment/{province}/{capability}"
    record(session, actor, f"deployment.{act}", subject, detail)
