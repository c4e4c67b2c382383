"""Adding and changing organisations."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from center.identity.audit import record
from center.identity.domain import Organisation, OrganisationKind
from center.identity.store import OrganisationStore
from center.permissions import CENTER, Actor
from center.preconditions import require_match


@dataclass(frozen=True, slots=True)
class Particulars:
    """What may be changed of an organisation."""

    title_zh: str
    title_en: str
    cost_centre: str | None


def add(session: Session, actor: Actor, item: Organisation) -> Organisation:
    """Add an organisation that is no province; a province's comes with its founding.

    Raises:
        NameTaken: There is one of this name.
    """
    OrganisationStore(session).add(item)
    detail = {"kind": item.kind, "cost_centre": item.cost_centre}
    record(session, actor, "organisation.added", f"organisation/{item.name}", detail)
    return item


def change(
    session: Session, actor: Actor, name: str, to: Particulars, *, if_match: str | None
) -> Organisation:
    """Give an organisation other titles, or another cost centre.

    Raises:
        NotFound: There is none of this name.
        PreconditionFailed: It has changed since the actor read it.
    """
    store = OrganisationStore(session)
    was = store.get(name, lock=True)
    require_match(if_match, was.revision)
    item = replace(
        was,
        title_zh=to.title_zh,
        title_en=to.title_en,
        cost_centre=to.cost_centre,
        revision=was.revision + 1,
    )
    store.put(item)
    detail = {"from": was.cost_centre, "cost_centre": item.cost_centre, "revision": item.revision}
    record(session, actor, "organisation.changed", f"organisation/{name}", detail)
    return item


def headquarters(now: datetime) -> Organisation:
    """Return the organisation that a new platform begins with."""
    return Organisation(CENTER, OrganisationKind.HEADQUARTERS, "总部", "Headquarters", now)
