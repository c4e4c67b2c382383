"""Online tests: an author runs an own version on the proving edge for a while, and calls it."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from capability_sdk.contracts.errors import NotPermitted
from capability_sdk.contracts.tokens import TokenAnswer, infer_scope
from center.access.service import Minting, capability_token
from center.capability.domain import CapabilityVersion, Stage
from center.capability.errors import IllegalStage
from center.capability.service import sight_of
from center.capability.store import CapabilityStore
from center.identity.store import PlaceStore
from center.instance import drafts
from center.instance.draft_store import Draft, DraftStore
from center.instance.drafts import DraftTerms
from center.permissions import Actor

CALLER = "online-test"
LIFETIME = timedelta(minutes=10)
_TERMS = DraftTerms(CALLER, replicas=1, lifetime=LIFETIME)
_TRIED = frozenset(
    {Stage.GATED, Stage.IN_REVIEW, Stage.RETURNED, Stage.PUBLISHED, Stage.DEPRECATED}
)
"""Nothing runs anywhere before its gate has passed, on the proving edge neither."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A draft that its author may call, where, and with which token."""

    draft: Draft
    gateway_url: str
    token: TokenAnswer


def begin(session: Session, actor: Actor, name: str, version: str, minting: Minting) -> Trial:
    """Run a version on the proving edge for some minutes; a trial before it ends.

    Raises:
        CapabilityNotFound: The actor sees no such version.
        NotPermitted: It is another organisation's.
        IllegalStage: It did not pass its gate, or was withdrawn.
        NoProvingEdge: There is nothing to run it on.
    """
    item = _own(session, actor, name, version)
    draft = drafts.begin(session, actor, item, _TERMS, minting.keys, minting.now)
    edge = PlaceStore(session).find_proving_edge()
    scope = infer_scope(item.name)
    token = capability_token(session, draft.application, draft.province, scope, minting)
    return Trial(draft, edge.gateway_url if edge is not None else "", token)


def end(session: Session, actor: Actor, name: str, version: str, minting: Minting) -> None:
    """End the trial of a version; where there is none, nothing happens.

    Raises:
        CapabilityNotFound: The actor sees no such version.
        NotPermitted: It is another organisation's.
    """
    item = _own(session, actor, name, version)
    edge = PlaceStore(session).find_proving_edge()
    if edge is None:
        return
    for draft in DraftStore(session).in_force(edge.province, minting.now):
        if (draft.capability, draft.version) == (item.name, item.version) and (
            draft.application == drafts.caller_of(session, CALLER, edge.province)
        ):
            drafts.end(session, actor, draft, minting.now)


def _own(session: Session, actor: Actor, name: str, version: str) -> CapabilityVersion:
    item = CapabilityStore(session).get(name, version, sight_of(actor))
    if not actor.is_admin and item.organisation != actor.organisation:
        raise NotPermitted(f"{name} belongs to {item.organisation}.")
    if item.stage not in _TRIED:
        raise IllegalStage(
            f"{name} {version} is {item.stage}; only what passed its gate is tried.",
            stage=item.stage,
            allowed=sorted(_TRIED),
        )
    return item
