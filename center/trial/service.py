"""People try published capabilities: a few calls a day, straight to a province's gateway."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from capability_sdk.contracts.tokens import TokenAnswer
from center.access import service as access
from center.access.service import Minting
from center.access.store import AccessStore
from center.capability.domain import LISTED
from center.capability.errors import IllegalStage
from center.capability.service import sight_of
from center.capability.store import CapabilityStore
from center.identity.audit import record
from center.permissions import Actor
from center.trial.domain import (
    DAILY_CALLS,
    Allowance,
    TrialPlace,
    TrialToken,
    day_of,
    renewal_after,
)
from center.trial.errors import (
    NoSuchTrial,
    NowhereToTry,
    TrialOver,
    TrialQuotaExceeded,
    TrialsOff,
)
from center.trial.store import TrialStore


@dataclass(frozen=True, slots=True)
class Begun:
    """A trial that may begin: where, with which token, and what is left of the day."""

    id: str
    place: TrialPlace
    token: TokenAnswer
    expires_at: datetime
    allowance: Allowance


def offer(
    session: Session, actor: Actor, capability: str, now: datetime
) -> tuple[list[TrialPlace], Allowance]:
    """Return where somebody can try a capability, and what they have of the day.

    Raises:
        CapabilityNotFound: The actor sees no such capability.
        IllegalStage: No version of it is published.
    """
    _require_published(session, actor, capability)
    store = TrialStore(session)
    used = store.used(actor.name, capability, day_of(now))
    return store.places(capability), Allowance(used, DAILY_CALLS, renewal_after(now))


def begin(
    session: Session, actor: Actor, capability: str, province: str, calls: int, minting: Minting
) -> Begun:
    """Give somebody a token for a few calls of a capability in a province.

    The calls are taken from the person's day at once, whether they are made or not.

    Raises:
        CapabilityNotFound: The actor sees no such capability.
        IllegalStage: No version of it is published.
        NowhereToTry: It does not run in the province.
        TrialsOff: Nothing is tried there.
        TrialQuotaExceeded: Fewer calls than asked for are left of the day.
    """
    _require_published(session, actor, capability)
    store, now = TrialStore(session), minting.now
    place = _open_place(store, capability, province)
    used = store.take(actor.name, capability, day_of(now), calls, DAILY_CALLS)
    renews_at = renewal_after(now)
    if used is None:
        seconds = int((renews_at - now).total_seconds()) + 1
        raise TrialQuotaExceeded(
            f"{capability} can be tried {DAILY_CALLS} times a day. Subscribe, or go on tomorrow.",
            headers={"Retry-After": str(seconds)},
            limit=DAILY_CALLS,
            renews_at=renews_at.isoformat(),
        )
    token_id, token = access.trial_token(session, actor.name, province, capability, calls, minting)
    expires_at = now + timedelta(seconds=token.expires_in)
    store.add(TrialToken(token_id, actor.name, capability, province, calls, now, expires_at))
    detail = {"trial": token_id, "province": province, "calls": calls}
    record(session, actor, "trial.begun", f"capability/{capability}", detail, at=now)
    return Begun(token_id, place, token, expires_at, Allowance(used, DAILY_CALLS, renews_at))


def revoke(session: Session, actor: Actor, token_id: str, now: datetime) -> None:
    """Have every gateway refuse a trial token from now on.

    Raises:
        NoSuchTrial: There is none, or it is another person's and the actor no admin.
        TrialOver: It has expired.
    """
    token = TrialStore(session).find(token_id)
    if token is None or not (actor.is_admin or token.person == actor.name):
        raise NoSuchTrial(f"There is no trial {token_id}.")
    if token.expires_at <= now:
        raise TrialOver(f"Trial {token_id} is over since {token.expires_at:%FT%TZ}.")
    AccessStore(session).revoke(token_id, token.expires_at)
    detail = {"trial": token_id, "person": token.person}
    record(session, actor, "trial.revoked", f"capability/{token.capability}", detail, at=now)


def _require_published(session: Session, actor: Actor, capability: str) -> None:
    item = CapabilityStore(session).foremost(capability, sight_of(actor))
    if item.stage not in LISTED:
        raise IllegalStage(
            f"{capability} has no published version, so nobody can try it.",
            stage=item.stage,
            allowed=sorted(LISTED),
        )


def _open_place(store: TrialStore, capability: str, province: str) -> TrialPlace:
    places = store.places(capability)
    place = next((item for item in places if item.province == province), None)
    if place is None:
        others = ", ".join(item.province for item in places if item.is_open)
        where = f"It can be tried in {others}." if others else "It runs nowhere yet."
        raise NowhereToTry(f"{capability} does not run in {province}. {where}")
    if not place.is_open:
        raise TrialsOff(f"The center lets nobody try capabilities in {province}.")
    return place
