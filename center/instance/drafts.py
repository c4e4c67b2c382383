"""Running versions on the proving edge before they are published: begun, and always ended."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from capability_sdk.contracts.packages import DRAFT_TYPE, DraftRelease
from center.capability.domain import CapabilityVersion
from center.identity.audit import record
from center.identity.domain import new_id
from center.identity.service import applications
from center.identity.store import ApplicationStore, PlaceStore
from center.instance.draft_store import Draft, DraftStore
from center.instance.errors import NoProvingEdge
from center.permissions import WORKER, Actor
from center.signing import Signer


@dataclass(frozen=True, slots=True)
class DraftTerms:
    """How a draft runs.

    Attributes:
        caller: Name of the platform's own application that alone may call it.
        lifetime: After which no edge runs it any more, whatever became of the center.
    """

    caller: str
    replicas: int
    lifetime: timedelta


def begin(
    session: Session,
    actor: Actor,
    item: CapabilityVersion,
    terms: DraftTerms,
    signer: Signer,
    now: datetime,
) -> Draft:
    """Have the proving edge run a version, in place of an earlier draft with the same caller.

    Raises:
        NoProvingEdge: None is enrolled.
    """
    edge = PlaceStore(session).find_proving_edge()
    if edge is None:
        raise NoProvingEdge("No proving edge is enrolled beside this center.")
    release = _release(item, edge.province, actor, now, now + terms.lifetime)
    payload = release.model_dump_json(by_alias=True).encode()
    draft = Draft(
        id=new_id("draft"),
        province=edge.province,
        capability=item.name,
        version=item.version,
        application=_caller(session, terms.caller, edge.province, now),
        asked_by=actor.name,
        replicas=terms.replicas,
        release=signer.sign_jws(payload, DRAFT_TYPE, "release"),
        digests=item.digests,
        begun_at=now,
        expires_at=release.expires_at,
    )
    store = DraftStore(session)
    store.end_of(item.name, item.version, draft.application, now)
    store.add(draft)
    _note(session, actor, draft, "begun", now)
    return draft


def end(session: Session, actor: Actor, draft: Draft, now: datetime) -> None:
    """Have the proving edge stop a draft, and end the right to call it."""
    DraftStore(session).end(draft.id, now)
    _note(session, actor, draft, "ended", now)


def _release(
    item: CapabilityVersion, province: str, actor: Actor, now: datetime, expires_at: datetime
) -> DraftRelease:
    return DraftRelease(
        capability=item.name,
        version=item.version,
        manifest=item.manifest,
        digests=item.digests,
        author=item.author,
        author_key=item.author_key,
        passport=item.gate_report.passport if item.gate_report else {},
        approved_by=actor.name,
        approved_at=now,
        province=province,
        expires_at=expires_at,
    )


def caller_of(session: Session, name: str, province: str) -> str | None:
    """Return the client id of an application of the platform itself, if it was ever needed."""
    return ApplicationStore(session).find_by_name(province, name)


def _caller(session: Session, name: str, province: str, now: datetime) -> str:
    """Return the client id of an application of the platform itself, made when first needed."""
    known = caller_of(session, name, province)
    if known is not None:
        return known
    # Nobody ever learns its secret: the center mints its tokens itself.
    made, _ = applications.register(session, WORKER, name, province, now)
    return made.client_id


def _note(session: Session, actor: Actor, draft: Draft, act: str, now: datetime) -> None:
    subject = f"draft/{draft.capability}/{draft.version}"
    detail = {"province": draft.province, "package_digest": draft.digests.package}
    record(session, actor, f"draft.{act}", subject, detail, at=now)
