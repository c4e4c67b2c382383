"""Looking acts up: who, what, to what, when, and whose."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from center.identity.audit.trail import Act, AuditRow, act_of
from center.paging import Page, Paging, fetch_page, map_page


@dataclass(frozen=True, slots=True)
class ActsWanted:
    """Which acts are asked for; None asks for all.

    Attributes:
        act: Its name, or with a dot at the end all of a kind, such as ``subscription.``.
        subject: Its name, or with a slash at the end all of a kind, such as ``user/``.
        begins: From here on.
        ends: Before this.
        provinces: Whose; acts of the whole platform are nobody's.
    """

    actor: str | None = None
    act: str | None = None
    subject: str | None = None
    begins: datetime | None = None
    ends: datetime | None = None
    provinces: Collection[str] | None = None


def find_acts(session: Session, wanted: ActsWanted, paging: Paging) -> Page[Act]:
    """Return a page of acts, newest first."""
    statement = select(AuditRow).where(*_conditions(wanted))
    page = fetch_page(session, statement, paging, key=[AuditRow.seq], descending=True)
    return map_page(page, act_of)


def _conditions(wanted: ActsWanted) -> list[ColumnElement[bool]]:
    row = AuditRow
    found: list[ColumnElement[bool]] = []
    if wanted.actor is not None:
        found.append(row.actor == wanted.actor)
    if wanted.act is not None:
        found.append(_named(row.act, wanted.act, "."))
    if wanted.subject is not None:
        found.append(_named(row.subject, wanted.subject, "/"))
    if wanted.begins is not None:
        found.append(row.at >= wanted.begins)
    if wanted.ends is not None:
        found.append(row.at < wanted.ends)
    if wanted.provinces is not None:
        found.append(row.province.in_(sorted(wanted.provinces)))
    return found


def _named(column: InstrumentedAttribute[str], name: str, separator: str) -> ColumnElement[bool]:
    if name.endswith(separator):
        return column.startswith(name, autoescape=True)
    return column == name
