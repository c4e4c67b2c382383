"""Deploying versions to provinces, and whether provinces run what they should."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy.orm import Session

from center.capability.domain import Stage
from center.capability.store import CapabilityStore, Sight
from center.identity.audit import record
from center.identity.store import PlaceStore
from center.instance.document import deployments
from center.instance.domain import Deployment, Share, require_good_split
from center.instance.errors import DeploymentNotFound, NotDeployable
from center.instance.store import DeploymentStore, Wanted
from center.paging import Page, Paging
from center.permissions import Actor
from center.preconditions import require_match


def put(
    session: Session,
    actor: Actor,
    province: str,
    capability: str,
    shares: Sequence[Share],
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
        PreconditionFailed: It has changed since the actor read it.
    """
    actor.require_province(province)
    PlaceStore(session).get(province).require_serving()
    require_good_split(shares)
    was = DeploymentStore(session).lock(province, capability)
    require_match(if_match, was.revision if was is not None and was.shares else None)
    _require_deployable(session, capability, shares, was)
    return _put(session, actor, was, province, capability, tuple(shares), at)


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
    _put(session, actor, was, province, capability, (), at)


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


def _require_deployable(
    session: Session, capability: str, shares: Sequence[Share], was: Deployment | None
) -> None:
    running = {share.version for share in was.shares} if was is not None else set()
    store = CapabilityStore(session)
    for share in shares:
        item = store.get(capability, share.version, Sight())
        # What runs already may go on when it is deprecated; nothing new begins with it.
        if item.stage is not Stage.PUBLISHED and share.version not in running:
            raise NotDeployable(f"{capability} {share.version} is {item.stage}.", stage=item.stage)


def _put(
    session: Session,
    actor: Actor,
    was: Deployment | None,
    province: str,
    capability: str,
    shares: tuple[Share, ...],
    at: datetime,
) -> Deployment:
    revision = was.revision + 1 if was is not None else 1
    item = Deployment(province, capability, shares, revision, actor.name, at)
    DeploymentStore(session).put(item)
    record(
        session,
        actor,
        "deployment.put" if shares else "deployment.remove",
        f"deployment/{province}/{capability}",
        {"revision": revision, "versions": [_detail(share) for share in shares]},
    )
    return item


def _detail(share: Share) -> dict[str, object]:
    return {name: value for name, value in asdict(share).items() if value is not None}
