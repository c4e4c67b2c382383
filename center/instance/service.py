"""Deploying versions to provinces, and whether provinces run what they should."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from center.capability.domain import LISTED, CapabilityVersion, Stage
from center.capability.store import CapabilityStore, Sight
from center.identity.audit import record
from center.identity.store import PlaceStore
from center.instance.document import deployments
from center.instance.domain import Deployment, Plan, Share, require_good_split
from center.instance.errors import DeploymentNotFound, NotDeployable
from center.instance.overlays import require_fitting
from center.instance.store import DeploymentStore, Wanted
from center.paging import Page, Paging
from center.permissions import Actor
from center.preconditions import require_match


@dataclass(frozen=True, slots=True)
class Aim:
    """Where and when something is to run."""

    province: str
    capability: str
    at: datetime


def put(
    session: Session,
    actor: Actor,
    province: str,
    capability: str,
    plan: Plan,
    *,
    if_match: str | None,
    at: datetime,
) -> Deployment:
    """Decide which versions of a capability a province runs, and how its traffic is split.

    Raises:
        NotPermitted: The actor is confined to another province.
        NotFound: There is no such province.
        ProvingProvince: It runs drafts alone.
        CapabilityNotFound: The store has no such version.
        NotDeployable: A version is not published.
        BadSplit: The split makes no sense.
        BadOverlay: A version does not take what the province chose of the settings.
        PreconditionFailed: It has changed since the actor read it.
    """
    actor.require_province(province)
    PlaceStore(session).get(province).require_serving()
    require_good_split(plan.shares)
    was = DeploymentStore(session).lock(province, capability)
    require_match(if_match, was.revision if was is not None and was.shares else None)
    aim = Aim(province, capability, at)
    _require_deployable(session, aim, plan.shares, was, frozenset({Stage.PUBLISHED}))
    require_fitting(session, province, capability, plan.shares)
    return _put(session, actor, was, province, capability, plan, at)


def put_back(session: Session, actor: Actor, aim: Aim, plan: Plan) -> Deployment:
    """Run again what a province ran before; it needs what `require_returnable` does.

    Raises:
        NotPermitted: The actor is confined to another province.
        NotDeployable: A version is withdrawn, or not approved for this any more.
        BadOverlay: A version does not take what the province chose of the settings.
    """
    actor.require_province(aim.province)
    was = DeploymentStore(session).lock(aim.province, aim.capability)
    require_returnable(session, aim, plan.shares, was)
    return _put(session, actor, was, aim.province, aim.capability, plan, aim.at)


def remove(
    session: Session,
    actor: Actor,
    province: str,
    capability: str,
    *,
    if_match: str | None,
    at: datetime,
) -> None:
    """Stop running a capability in a province.

    Raises:
        NotPermitted: The actor is confined to another province.
        DeploymentNotFound: It is not deployed there.
        PreconditionFailed: It has changed since the actor read it.
    """
    actor.require_province(province)
    was = DeploymentStore(session).lock(province, capability)
    if was is None or not was.shares:
        raise DeploymentNotFound(f"{capability} is not deployed in {province}.")
    require_match(if_match, was.revision)
    _put(session, actor, was, province, capability, Plan(()), at)


def get(session: Session, actor: Actor, province: str, capability: str) -> Deployment:
    """Return a deployment that the actor may see.

    Raises:
        DeploymentNotFound: It is not deployed there, or not for this actor to know.
    """
    owner = actor.owner
    foreign = owner is not None and CapabilityStore(session).owner_of(capability) != owner
    is_seen = actor.sees(province) and not foreign
    found = DeploymentStore(session).find(province, capability) if is_seen else None
    if found is None or not found.shares:
        raise DeploymentNotFound(f"{capability} is not deployed in {province}.")
    return found


def page(
    session: Session, actor: Actor, province: str | None, capability: str | None, paging: Paging
) -> Page[Deployment]:
    """Return a page of the deployments that the actor may see.

    Raises:
        NotPermitted: Another province's are asked for.
    """
    wanted = Wanted(actor.within(province), capability, actor.owner)
    return DeploymentStore(session).page(wanted, paging)


def runs(session: Session, province: str, capability: str, version: str, now: datetime) -> bool:
    """Tell whether a province is to run a version, and so may fetch its package."""
    return any(
        item.capability == capability and any(share.version == version for share in item.versions)
        for item in deployments(session, province, now)
    )


def require_returnable(
    session: Session, aim: Aim, shares: Sequence[Share], was: Deployment | None
) -> None:
    """Refuse a way back to what may not run there any more.

    A version whose retirement is only announced may take over again from its successor.

    Args:
        session: Open transaction.
        aim: Where and when.
        shares: Versions that are to run.
        was: What runs there now.

    Raises:
        NotDeployable: A version is withdrawn, or not approved for this any more.
        BadOverlay: A version does not take what the province chose of the settings.
    """
    store = CapabilityStore(session)
    for share in shares:  # also of those that stand there still: a withdrawn one serves nobody
        _require_stage(store.get(aim.capability, share.version, Sight(everything=True)), LISTED)
    _require_deployable(session, aim, shares, was, LISTED)
    require_fitting(session, aim.province, aim.capability, shares)


def _require_deployable(
    session: Session,
    aim: Aim,
    shares: Sequence[Share],
    was: Deployment | None,
    stages: Collection[Stage],
) -> None:
    running = {share.version for share in was.shares} if was is not None else set()
    store = CapabilityStore(session)
    for share in shares:
        item = store.get(aim.capability, share.version, Sight())
        if share.version in running:
            continue  # What runs already may go on; nothing new begins with it.
        _require_stage(item, stages)
        _require_conditions(item, aim)


def _require_stage(item: CapabilityVersion, stages: Collection[Stage]) -> None:
    if item.stage not in stages:
        raise NotDeployable(f"{item.name} {item.version} is {item.stage}.", stage=item.stage)


def _require_conditions(item: CapabilityVersion, aim: Aim) -> None:
    conditions = item.review.conditions
    if not conditions.admits(aim.province):
        raise NotDeployable(
            f"{item.name} {item.version} was approved for other provinces.",
            stage=item.stage,
            provinces=list(conditions.provinces or ()),
        )
    if conditions.ends_at is not None and not conditions.holds(aim.at):
        raise NotDeployable(
            f"The approval of {item.name} {item.version} ended on {conditions.ends_at:%Y-%m-%d}.",
            stage=item.stage,
            ended_at=conditions.ends_at.isoformat(),
        )


def _put(
    session: Session,
    actor: Actor,
    was: Deployment | None,
    province: str,
    capability: str,
    plan: Plan,
    at: datetime,
) -> Deployment:
    revision = was.revision + 1 if was is not None else 1
    item = Deployment(province, capability, plan, revision, actor.name, at)
    DeploymentStore(session).put(item)
    record(
        session,
        actor,
        "deployment.put" if plan.shares else "deployment.remove",
        f"deployment/{province}/{capability}",
        {
            "revision": revision,
            "versions": [_detail(share) for share in plan.shares],
            "priority": plan.priority,
            "apart": plan.apart,
        },
        at=at,
    )
    return item


def _detail(share: Share) -> dict[str, object]:
    return {name: value for name, value in asdict(share).items() if value is not None}
