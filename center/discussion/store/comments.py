"""Comments and the threads that they make."""

from collections.abc import Collection

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session, aliased

from center.discussion.domain import Comment, Thread, Voice
from center.discussion.errors import CommentNotFound
from center.discussion.rows import CommentRow
from center.paging import Page, Paging, fetch_page, map_page
from center.preconditions import PreconditionFailed


class CommentStore:
    """Comments of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, item: Comment) -> None:
        """Keep a new comment."""
        self._session.add(
            CommentRow(
                id=item.id,
                capability=item.capability,
                parent=item.parent,
                author=item.voice.name,
                role=item.voice.role,
                organisation=item.voice.organisation,
                text=item.text,
                at=item.at,
                revision=item.revision,
            )
        )
        self._session.flush()

    def get(self, comment: str) -> Comment:
        """Return a comment.

        Raises:
            CommentNotFound: There is none of this id, or its author took it back.
        """
        row = self._session.get(CommentRow, comment)
        if row is None or row.deleted_at is not None:
            raise CommentNotFound(f"There is no comment {comment}.")
        return _to_comment(row)

    def put(self, item: Comment, was: int) -> None:
        """Keep a comment's next revision, if nobody else changed it meanwhile.

        Raises:
            PreconditionFailed: It is no longer at revision ``was``.
        """
        moved = self._session.execute(
            update(CommentRow)
            .where(CommentRow.id == item.id, CommentRow.revision == was)
            .values(
                text=item.text,
                revision=item.revision,
                edited_at=item.edited_at,
                deleted_at=item.deleted_at,
                hidden_by=item.hidden_by,
                hidden_reason=item.hidden_reason,
            )
        )
        if moved.rowcount != 1:  # type: ignore[attr-defined]  # an UPDATE's result has it
            raise PreconditionFailed("It has changed since you read it: read it again.")

    def page(self, capability: str, paging: Paging) -> Page[Thread]:
        """Return a page of a capability's threads, newest first; two queries in all.

        What its author took back is left out, unless replies stand below it.
        """
        row, reply = CommentRow, aliased(CommentRow)
        has_replies = (
            select(reply.id).where(reply.parent == row.id, reply.deleted_at.is_(None)).exists()
        )
        statement = select(row).where(
            row.capability == capability,
            row.parent.is_(None),
            or_(row.deleted_at.is_(None), has_replies),
        )
        page = fetch_page(self._session, statement, paging, key=[row.at, row.id], descending=True)
        replies = self._replies([item.id for item in page.items])
        return map_page(
            page, lambda item: Thread(_to_comment(item), tuple(replies.get(item.id, ())))
        )

    def count(self, capability: str) -> int:
        """Count what stands under a capability."""
        row = CommentRow
        return (
            self._session.scalar(
                select(func.count()).where(row.capability == capability, row.deleted_at.is_(None))
            )
            or 0
        )

    def _replies(self, parents: Collection[str]) -> dict[str, list[Comment]]:
        row = CommentRow
        statement = select(row).where(row.parent.in_(parents), row.deleted_at.is_(None))
        found: dict[str, list[Comment]] = {}
        for item in self._session.scalars(statement.order_by(row.at, row.id)):
            found.setdefault(item.parent or "", []).append(_to_comment(item))
        return found


def _to_comment(row: CommentRow) -> Comment:
    return Comment(
        id=row.id,
        capability=row.capability,
        voice=Voice(row.author, row.role, row.organisation),
        text=row.text,
        at=row.at,
        parent=row.parent,
        revision=row.revision,
        edited_at=row.edited_at,
        deleted_at=row.deleted_at,
        hidden_by=row.hidden_by,
        hidden_reason=row.hidden_reason,
    )
