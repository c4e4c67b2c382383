"""Issues desired state: one document per edge, a new revision whenever anything in it changes."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from capability_sdk.kit.clock import Clock
from center.access.delegation import IssuerTerms
from center.database import Database
from center.identity.domain import Edge
from center.identity.store import PlaceStore
from center.instance.document import LIFETIME, RENEW_BEFORE, Content, compose
from center.instance.errors import OtherEdge
from center.instance.store import DesiredStateStore, IssuedState
from center.permissions import Actor
from center.signing import Signer

_CHANGES_KEPT = timedelta(hours=1)


class StateOffice:
    """Answers what an edge's desired state is; safe in several threads and processes."""

    def __init__(
        self, database: Database, signer: Signer, clock: Clock, terms: IssuerTerms
    ) -> None:
        self._terms = terms
        self._database = database
        self._signer = signer
        self._clock = clock

    def current(self, edge_id: str, after: int) -> IssuedState:
        """Return an edge's present document; issue it first if its content is new.

        Args:
            edge_id: The asking edge.
            after: Revision that the edge has. It is more than the center remembers after the
                center was restored from a backup; then the next one follows the edge's.

        Raises:
            OtherEdge: There is no such edge.
        """
        now = self._clock()
        with self._database.session(write=False) as session:
            issued = DesiredStateStore(session).find(edge_id)
            content = compose(session, _edge(session, edge_id), now, self._terms)
        if issued is not None and not self._is_stale(issued, content, after, now):
            return issued
        with self._database.session() as session:
            return self._issue(session, edge_id, after, now)

    def _issue(self, session: Session, edge_id: str, after: int, now: datetime) -> IssuedState:
        store = DesiredStateStore(session)
        # Composed under the lock: a later revision never says something older.
        issued = store.lock(edge_id)
        content = compose(session, _edge(session, edge_id), now, self._terms)
        if issued is not None and not self._is_stale(issued, content, after, now):
            return issued
        known = issued.revision if issued is not None else 0
        fresh = content.issue(max(known, after) + 1, now, self._signer)
        store.put(edge_id, fresh)
        store.forget_changes(now - _CHANGES_KEPT)
        return fresh

    def _is_stale(self, issued: IssuedState, content: Content, after: int, now: datetime) -> bool:
        good_for = LIFETIME - RENEW_BEFORE
        if content.state.issuer is not None:
            good_for = min(good_for, self._terms.lifetime / 2)
        return (
            issued.content_digest != content.digest
            or issued.revision < after
            or issued.issued_at + good_for <= now
        )


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
