"""Notes by role, with every revision that they ever had."""

from sqlalchemy import func, select, tuple_
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from center.discussion.domain import Note, NoteKind, Voice
from center.discussion.rows import NoteRow
from center.paging import Page, Paging, fetch_page, map_page
from center.preconditions import PreconditionFailed


class NoteStore:
    """Notes of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, item: Note) -> None:
        """Keep the next revision of a note.

        Raises:
            PreconditionFailed: Somebody else wrote it at the same moment.
        """
        row = NoteRow(
            capability=item.capability,
            kind=item.kind,
            revision=item.revision,
            author=item.voice.name,
            role=item.voice.role,
            organisation=item.voice.organisation,
            text=item.text,
            at=item.at,
        )
        try:
            with self._session.begin_nested():
                self._session.add(row)
        except IntegrityError as error:
            raise PreconditionFailed("Somebody else wrote it at the same moment.") from error

    def revision(self, capability: str, kind: NoteKind) -> int:
        """Return the number of the revision that stands; 0 where nothing was written yet."""
        row = NoteRow
        highest = select(func.max(row.revision)).where(
            row.capability == capability, row.kind == kind
        )
        return self._session.scalar(highest) or 0

    def current(self, capability: str) -> dict[NoteKind, Note]:
        """Return the notes of a capability that stand."""
        row = NoteRow
        newest = (
            select(row.kind, func.max(row.revision))
            .where(row.capability == capability)
            .group_by(row.kind)
        )
        statement = select(row).where(
            row.capability == capability, tuple_(row.kind, row.revision).in_(newest)
        )
        found = [_to_note(item) for item in self._session.scalars(statement)]
        return {note.kind: note for note in found}

    def page(self, capability: str, kind: NoteKind, paging: Paging) -> Page[Note]:
        """Return a page of a note's revisions, newest first."""
        row = NoteRow
        statement = select(row).where(row.capability == capability, row.kind == kind)
        page = fetch_page(self._session, statement, paging, key=[row.revision], descending=True)
        return map_page(page, _to_note)


def _to_note(row: NoteRow) -> Note:
    voice = Voice(row.author, row.role, row.organisation)
    return Note(row.capability, NoteKind(row.kind), row.revision, voice, row.text, row.at)
