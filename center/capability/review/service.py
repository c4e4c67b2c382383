"""Looking at a version together: who may decide, what was ticked, what was said."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from center.capability import service as versions
from center.capability.domain import CapabilityVersion, Stage, precedence
from center.capability.errors import OwnVersion
from center.capability.review.checklist import Item, Tick, missing, template
from center.capability.review.domain import Comment, Place
from center.capability.review.errors import ChecklistIncomplete, NothingToCompare, UnknownItem
from center.capability.review.store import ReviewStore
from center.capability.store import CapabilityStore
from center.identity.audit import record
from center.identity.domain import new_id
from center.identity.store import UserStore
from center.paging import Page, Paging
from center.permissions import Actor, Permission


@dataclass(frozen=True, slots=True)
class ReviewState:
    """Everything that a reviewer needs beside report and difference.

    Attributes:
        against: Version that it is compared with by default; None for the first one.
        checklist: Each item with its tick, if it has one.
        reviewers: Names of those who can decide; never the author.
        why_not: Code of the reason why the asker cannot decide; None where they can.
    """

    item: CapabilityVersion
    against: str | None
    checklist: tuple[tuple[Item, Tick | None], ...]
    reviewers: tuple[str, ...]
    why_not: str | None


def look(session: Session, actor: Actor, name: str, version: str) -> ReviewState:
    """Return the state of a version's review.

    Raises:
        CapabilityNotFound: The actor sees no such version.
        NotPermitted: The actor is neither its owner nor a reviewer.
    """
    item = versions.require_insider(session, actor, name, version)
    ticks = ReviewStore(session).ticks(name, version)
    other = _find_other(session, actor, item)
    admins = UserStore(session).names_of_admins()
    return ReviewState(
        item=item,
        against=None if other is None else other.version,
        checklist=tuple((entry, ticks.get(entry.id)) for entry in template(item.manifest.domain)),
        reviewers=tuple(admin for admin in admins if admin != item.author),
        why_not=_why_not(actor, item),
    )


def other_version(
    session: Session, actor: Actor, name: str, version: str, against: str | None
) -> tuple[CapabilityVersion, CapabilityVersion]:
    """Return a version with the one to hold it against: the live one, or the one before.

    Raises:
        CapabilityNotFound: The actor sees no such version.
        NothingToCompare: There is no other one.
    """
    store, sight = CapabilityStore(session), versions.sight_of(actor)
    item = store.get(name, version, sight)
    if against is not None:
        return store.get(name, against, sight), item
    other = _find_other(session, actor, item)
    if other is None:
        raise NothingToCompare(f"{name} {version} is the first version.")
    return other, item


def tick(
    session: Session, actor: Actor, name: str, version: str, item: str, at: datetime
) -> ReviewState:
    """Say that one looked at an item of the checklist.

    Raises:
        CapabilityNotFound: There is no such version.
        OwnVersion: The actor is its author.
        UnknownItem: The checklist has no such item.
    """
    found = CapabilityStore(session).get(name, version)
    found.require_decision_by(actor.name)
    _require_known(found, [item])
    ReviewStore(session).tick(name, version, [item], actor.name, at)
    _note(session, actor, found, "checklist-ticked", at, entry=item)
    return look(session, actor, name, version)


def untick(
    session: Session, actor: Actor, name: str, version: str, item: str, at: datetime
) -> ReviewState:
    """Take a tick back.

    Raises:
        CapabilityNotFound: There is no such version.
        OwnVersion: The actor is its author.
    """
    found = CapabilityStore(session).get(name, version)
    found.require_decision_by(actor.name)
    ReviewStore(session).untick(name, version, item)
    _note(session, actor, found, "checklist-unticked", at, entry=item)
    return look(session, actor, name, version)


def require_checklist(
    session: Session, actor: Actor, item: CapabilityVersion, checked: Collection[str], at: datetime
) -> None:
    """Tick what an approval says was looked at, and refuse it where an item is left.

    Raises:
        UnknownItem: The checklist has no such item.
        ChecklistIncomplete: Items are left.
    """
    _require_known(item, checked)
    store = ReviewStore(session)
    store.tick(item.name, item.version, checked, actor.name, at)
    left = missing(item.manifest.domain, store.ticks(item.name, item.version).keys())
    if left:
        raise ChecklistIncomplete(
            f"Tick what you looked at before you approve: {', '.join(left)}.", missing=left
        )


def comment(
    session: Session, actor: Actor, name: str, version: str, place: Place, body: str, at: datetime
) -> Comment:
    """Write something about a version, a line or a check.

    Raises:
        CapabilityNotFound: The actor sees no such version.
        NotPermitted: The actor is neither its owner nor a reviewer.
    """
    item = versions.require_insider(session, actor, name, version)
    said = Comment(new_id("comment"), name, version, place, body, actor.name, at)
    ReviewStore(session).add_comment(said)
    _note(session, actor, item, "commented", at, comment=said.id)
    return said


def comments(
    session: Session, actor: Actor, name: str, version: str, paging: Paging
) -> Page[Comment]:
    """Return a page of what was written, oldest first.

    Raises:
        CapabilityNotFound: The actor sees no such version.
        NotPermitted: The actor is neither its owner nor a reviewer.
    """
    versions.require_insider(session, actor, name, version)
    return ReviewStore(session).comments(name, version, paging)


def _find_other(
    session: Session, actor: Actor, item: CapabilityVersion
) -> CapabilityVersion | None:
    """Return the live version, or, of a version that is it, the one before."""
    store = CapabilityStore(session)
    sight = versions.sight_of(actor)
    others = [other for other in store.versions(item.name, sight) if other.version != item.version]
    own = precedence(item.version)
    live = [other for other in others if other.stage is Stage.PUBLISHED]
    before = [other for other in others if precedence(other.version) < own]
    candidates = before if item.stage is Stage.PUBLISHED else (live or before)
    return max(candidates, key=lambda other: precedence(other.version), default=None)


def _why_not(actor: Actor, item: CapabilityVersion) -> str | None:
    if not actor.may(Permission.REVIEW_CAPABILITIES):
        return "not-permitted"
    if actor.name == item.author:
        return OwnVersion.code
    return None if item.stage is Stage.IN_REVIEW else "illegal-stage"


def _require_known(item: CapabilityVersion, items: Collection[str]) -> None:
    known = [entry.id for entry in template(item.manifest.domain)]
    unknown = sorted(set(items) - set(known))
    if unknown:
        raise UnknownItem(f"The checklist has no {', '.join(unknown)}.", known=known)


def _note(
    session: Session, actor: Actor, item: CapabilityVersion, act: str, at: datetime, **detail: str
) -> None:
    subject = f"capability/{item.name}/{item.version}"
    said = {"package_digest": item.digests.package, **detail}
    record(session, actor, f"capability.{act}", subject, said, at=at)
