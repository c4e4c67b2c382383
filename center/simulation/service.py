"""Removing a simulated province with all its figures."""

from datetime import datetime

from sqlalchemy.orm import Session

from center.identity import audit
from center.identity.store import PlaceStore
from center.permissions import Actor
from center.simulation.errors import NotSimulated
from center.simulation.store import delete_everywhere


def remove(session: Session, actor: Actor, province: str, at: datetime) -> None:
    """Remove a simulated province: its edge, rights, deployments and figures.

    Raises:
        NotFound: There is no such province within the actor's reach.
        NotSimulated: It is a real one.
    """
    actor.hide_unless_seen(province, f"province {province}")
    places = PlaceStore(session)
    if not places.get(province).simulated:
        raise NotSimulated(f"{province} is no simulated province: its figures stay.")
    edge = places.find_edge_of(province)
    rows = delete_everywhere(session, province, edge.id if edge is not None else "")
    audit.record(session, actor, "province.removed", f"province/{province}", {"rows": rows}, at=at)
