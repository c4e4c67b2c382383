"""Issues desired state: one document per edge, a new revision whenever anything in it changes."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from capability_sdk.kit.clock import Clock
from center.database import Database
from center.identity import audit
from center.identity.domain import Edge
from center.identity.store import PlaceStore
from center.instance.document import LIFETIME, RENEW_BEFORE, Content, StateTerms, compose
from center.instance.errors import OtherEdge
from center.instance.store import DesiredStateStore, IssuedState
from center.permissions import Actor, ActorKind, Role
from center.signing import Signer


@dataclass(frozen=True, slots=True)
class Held:
    """What an edge has: revision of its document, and version of the key set in it; 0 for none."""

    revision: int
    key_set: int = 0


class StateOffice:
    """Answers what an edge's desired state is; safe in several threads and processes."""

    def __init__(self, database: Database, signer: Signer, clock: Clock, terms: StateTerms) -> None:
        self._terms = terms
        self._database = database
        self._signer = signer
        self._clock = clock

    def current(self, edge_id: str, has: Held) -> IssuedState:
        """Return an edge's present document; issue it first if its content is new.

        Args:
            edge_id: The asking edge.
            has: What the edge has. It is more than the center remembers after the center was
                restored from a backup; then the next document follows the edge's.

        Raises:
            OtherEdge: There is no such edge.
        """
        now = self._clock()
        with self._database.session(write=False) as session:
            issued = DesiredStateStore(session).find(edge_id)
            content = compose(session, _edge(session, edge_id), now, self._terms, _lead(issued))
        if issued is not None and not self._is_stale(issued, content, has, now):
            return issued
        with self._database.session() as session:
            return self._issue(session, edge_id, has, now)

    def _issue(self, session: Session, edge_id: str, has: Held, now: datetime) -> IssuedState:
        store = DesiredStateStore(session)
        # Composed under the lock: a later revision never says something older.
        issued = store.lock(edge_id)
        edge = _edge(session, edge_id)
        content = compose(session, edge, now, self._terms, _lead(issued))
        if issued is not None and not self._is_stale(issued, content, has, now):
            return issued
        known = issued.revision if issued is not None else 0
        if has.revision > known:
            _tell_of_lag(session, edge, known, has.revision, now)
            behind = has.key_set - content.state.token_keys.version
            if behind >= 0:
                content = compose(session, edge, now, self._terms, _lead(issued) + behind + 1)
        fresh = content.issue(max(known, has.revision) + 1, now, self._signer)
        store.put(edge_id, fresh)
        return fresh

    def _is_stale(self, issued: IssuedState, content: Content, has: Held, now: datetime) -> bool:
        good_for = LIFETIME - RENEW_BEFORE
        if content.state.issuer is not None:
            good_for = min(good_for, self._terms.issuer.lifetime / 2)
        return (
            issued.content_digest != content.digest
            or issued.revision < has.revision
            or issued.issued_at + good_for <= now
        )


def _lead(issued: IssuedState | None) -> int:
    return issued.key_set_lead if issued is not None else 0


def _tell_of_lag(session: Session, edge: Edge, known: int, has: int, now: datetime) -> None:
    actor = Actor(ActorKind.EDGE, edge.id, Role.EDGE, edge.province)
    detail = {"center_had": known, "edge_had": has, "issued": has + 1}
    audit.record(session, actor, "desired-state.raised", f"edge/{edge.id}", detail, at=now)


def require_same_edge(actor: Actor, edge_id: str) -> None:
    """Refuse an edge that asks for another one.

    Raises:
        OtherEdge: It does.
    """
    if actor.name != edge_id:
        raise OtherEdge(f"You are {actor.name}; ask for your own state.")


def _edge(session: Session, edge_id: str) -> Edge:
    edge = PlaceStore(session).find_edge(edge_id)
    if edge is None:
        raise OtherEdge(f"{edge_id} is not enrolled.")
    return edge
