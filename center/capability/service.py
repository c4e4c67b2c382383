"""What people do with capability versions after their upload."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from capability_sdk.contracts.errors import NotPermitted
from capability_sdk.contracts.packages import RELEASE_TYPE, Release
from center.capability.domain import CapabilityVersion, Conditions, Review, Stage
from center.capability.errors import SignatureRefused
from center.capability.ports import MayRun
from center.capability.store import EVERYTHING, CapabilityStore, Sight
from center.identity.audit import record
from center.identity.store import AuthorKeyStore
from center.permissions import Actor, Permission, Role
from center.signing import Signer


def sight_of(actor: Actor) -> Sight:
    """Return which versions somebody may see."""
    if actor.may(Permission.REVIEW_CAPABILITIES):
        return Sight(everything=True)
    return Sight(organisation=actor.organisation if actor.role is Role.ENGINEER else None)


def request_review(
    session: Session, actor: Actor, name: str, version: str, at: datetime
) -> CapabilityVersion:
    """Put a version that passed its gate before the reviewers.

    Raises:
        CapabilityNotFound: The actor sees no such version.
        NotPermitted: It is another organisation's.
        IllegalStage: It did not pass its gate, or was decided on.
    """
    item = require_own(session, actor, name, version)
    asked = replace(item.advance(Stage.IN_REVIEW), review=replace(item.review, requested_at=at))
    return _move(session, actor, item, asked, "review-requested")


def approve(
    session: Session,
    actor: Actor,
    item: CapabilityVersion,
    comment: str,
    conditions: Conditions = Conditions(),  # noqa: B008 - a frozen value
    *,
    signer: Signer,
    at: datetime,
) -> CapabilityVersion:
    """Publish a version: its stage, its release and the trail change in one commit.

    Args:
        session: Open transaction.
        actor: The reviewer.
        item: The version that was looked at, from `look`.
        comment: The reviewer's words.
        conditions: What the approval is bound to.
        signer: Holds the release key.
        at: The moment of approval.

    Raises:
        SignatureRefused: The key that signed it was withdrawn.
        IllegalStage: It is not, or no longer, in review.
    """
    if AuthorKeyStore(session).is_withdrawn(item.author_key):
        raise SignatureRefused(
            f"The key that signed {item.name} {item.version} was withdrawn: have its author sign "
            "and upload the next version with another key."
        )
    published = item.advance(Stage.PUBLISHED)
    statement = _release(item, actor.name, at)
    payload = statement.model_dump_json(by_alias=True).encode()
    review = Review(
        comment=comment,
        reviewer=actor.name,
        requested_at=item.review.requested_at,
        conditions=conditions,
        release=signer.sign_jws(payload, RELEASE_TYPE, "release"),
        published_at=at,
    )
    return _move(session, actor, item, replace(published, review=review), "published")


def look(
    session: Session, actor: Actor, name: str, version: str, package_digest: str
) -> CapabilityVersion:
    """Return the version that an approval names.

    Raises:
        CapabilityNotFound: There is no such version.
        OwnVersion: The reviewer is the author.
        DigestDiffers: The approval names another content.
    """
    item = CapabilityStore(session).get(name, version)
    item.require_decision_by(actor.name)
    item.require_digest(package_digest)
    return item


def require_reader(
    session: Session, actor: Actor, name: str, version: str, may_run: MayRun, now: datetime
) -> CapabilityVersion:
    """Return a version whose package the actor may download.

    An edge gets what it is to run, also a draft, which nobody else in its province sees.

    Raises:
        CapabilityNotFound: The actor sees no such version.
        NotPermitted: The actor is neither owner nor reviewer nor an edge that is to run it.
    """
    is_run = actor.role is Role.EDGE and may_run(session, actor.organisation, name, version, now)
    item = CapabilityStore(session).get(name, version, EVERYTHING if is_run else sight_of(actor))
    if not (is_run or is_insider(actor, item)):
        raise NotPermitted(f"The package of {name} {version} is not for you.")
    return item


def send_back(
    session: Session, actor: Actor, name: str, version: str, comment: str
) -> CapabilityVersion:
    """Return a version to its author with a comment.

    Raises:
        CapabilityNotFound: There is no such version.
        OwnVersion: The reviewer is the author.
        IllegalStage: It is not in review.
    """
    item = CapabilityStore(session).get(name, version)
    item.require_decision_by(actor.name)
    review = Review(comment=comment, reviewer=actor.name, requested_at=item.review.requested_at)
    returned = replace(item.advance(Stage.RETURNED), review=review)
    return _move(session, actor, item, returned, "returned")


def deprecate(session: Session, actor: Actor, name: str, version: str) -> CapabilityVersion:
    """Advise against a published version: what runs goes on, nothing new begins.

    Raises:
        CapabilityNotFound: The actor sees no such version.
        NotPermitted: It is another organisation's.
        IllegalStage: It is not published.
    """
    item = require_own(session, actor, name, version)
    return _move(session, actor, item, item.advance(Stage.DEPRECATED), "deprecated")


def withdraw(
    session: Session, actor: Actor, name: str, version: str, reason: str
) -> CapabilityVersion:
    """Take a version away for good: provinces stop running it.

    Raises:
        CapabilityNotFound: The actor sees no such version.
        NotPermitted: It is another organisation's.
        IllegalStage: It is being gated, or withdrawn already.
    """
    item = require_own(session, actor, name, version)
    return end(session, actor, item, reason, "withdrawn")


def end(
    session: Session, actor: Actor, item: CapabilityVersion, reason: str, act: str
) -> CapabilityVersion:
    """Withdraw a version under the name of an act: by somebody, or because its day has come.

    Raises:
        IllegalStage: It is being gated, or withdrawn already.
    """
    gone = item.advance(Stage.WITHDRAWN)
    gone = replace(gone, review=replace(item.review, withdrawn_reason=reason))
    return _move(session, actor, item, gone, act, reason=reason)


def require_insider(session: Session, actor: Actor, name: str, version: str) -> CapabilityVersion:
    """Return a version whose review the actor takes part in.

    Raises:
        CapabilityNotFound: The actor sees no such version.
        NotPermitted: The actor is neither of its owner nor a reviewer.
    """
    item = CapabilityStore(session).get(name, version, sight_of(actor))
    if not is_insider(actor, item):
        raise NotPermitted(f"The review of {name} {version} is not for you.")
    return item


def is_insider(actor: Actor, item: CapabilityVersion) -> bool:
    """Tell whether somebody may look into a version's package: its owner's engineer, a reviewer."""
    owner = actor.role is Role.ENGINEER and actor.organisation == item.organisation
    return owner or actor.may(Permission.REVIEW_CAPABILITIES)


def require_own(session: Session, actor: Actor, name: str, version: str) -> CapabilityVersion:
    """Return a version that the actor may change.

    Raises:
        CapabilityNotFound: The actor sees no such version.
        NotPermitted: It is another organisation's.
    """
    item = CapabilityStore(session).get(name, version, sight_of(actor))
    if not actor.is_admin and item.organisation != actor.organisation:
        raise NotPermitted(f"{name} belongs to {item.organisation}.")
    return item


def _move(
    session: Session,
    actor: Actor,
    was: CapabilityVersion,
    item: CapabilityVersion,
    act: str,
    **detail: str,
) -> CapabilityVersion:
    CapabilityStore(session).put(item, was.stage)
    record(
        session,
        actor,
        f"capability.{act}",
        f"capability/{item.name}/{item.version}",
        {"package_digest": item.digests.package, "comment": item.review.comment, **detail},
    )
    return item


def _release(item: CapabilityVersion, approver: str, at: datetime) -> Release:
    return Release(
        capability=item.name,
        version=item.version,
        manifest=item.manifest,
        digests=item.digests,
        author=item.author,
        author_key=item.author_key,
        passport=item.gate_report.passport if item.gate_report else {},
        approved_by=approver,
        approved_at=at,
    )
