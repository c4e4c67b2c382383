"""What people do in a discussion. Whoever sees a capability in the store may take part."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from center.capability.errors import CapabilityNotFound
from center.capability.service import sight_of
from center.capability.store import CapabilityStore
from center.discussion.domain import Comment, Note, NoteKind, Rating, Voice, require_writer
from center.discussion.errors import CommentNotFound, NotYourComment, RepliesEndHere
from center.discussion.store import CommentStore, NoteStore, RatingStore
from center.identity.audit import record
from center.identity.domain import new_id
from center.permissions import Actor
from center.preconditions import require_match


def require_seen(session: Session, actor: Actor, capability: str) -> str:
    """Return the organisation that owns a capability.

    Raises:
        CapabilityNotFound: The actor sees no version of it.
    """
    return CapabilityStore(session).require_seen(capability, sight_of(actor))


def rate(
    session: Session, actor: Actor, capability: str, stars: int, text: str, at: datetime
) -> Rating:
    """Rate a capability, in place of one's last rating."""
    require_seen(session, actor, capability)
    item = Rating(capability, Voice.of(actor), stars, text, at)
    RatingStore(session).put(item)
    return item


def comment(
    session: Session, actor: Actor, capability: str, text: str, parent: str | None, at: datetime
) -> Comment:
    """Begin a thread, or answer in one.

    Raises:
        CommentNotFound: ``parent`` is no comment of this capability.
        RepliesEndHere: ``parent`` is a reply itself.
    """
    require_seen(session, actor, capability)
    store = CommentStore(session)
    if parent is not None:
        above = store.get(parent)
        if above.capability != capability:
            raise CommentNotFound(f"There is no comment {parent} of {capability}.")
        if above.parent is not None:
            raise RepliesEndHere("Answer the comment that began the thread.", thread=above.parent)
    item = Comment(new_id("comment"), capability, Voice.of(actor), text, at, parent)
    store.add(item)
    return item


def edit(
    session: Session, actor: Actor, comment: str, text: str, if_match: str | None, at: datetime
) -> Comment:
    """Change the text of one's own comment.

    Raises:
        CommentNotFound: The actor sees no such comment.
        NotYourComment: Somebody else wrote it.
        PreconditionFailed: It changed meanwhile.
    """
    item = _own(session, actor, comment)
    require_match(if_match, item.revision)
    changed = replace(item, text=text, revision=item.revision + 1, edited_at=at)
    CommentStore(session).put(changed, item.revision)
    return changed


def take_back(session: Session, actor: Actor, comment: str, at: datetime) -> None:
    """Delete one's own comment: its text is gone, replies stay.

    Raises:
        CommentNotFound: The actor sees no such comment.
        NotYourComment: Somebody else wrote it.
    """
    item = _own(session, actor, comment)
    gone = replace(item, text="", revision=item.revision + 1, deleted_at=at)
    CommentStore(session).put(gone, item.revision)


def hide(session: Session, actor: Actor, comment: str, reason: str) -> Comment:
    """Take a comment out of everybody's sight, on the record."""
    item = _seen(session, actor, comment)
    hidden = replace(item, hidden_by=actor.name, hidden_reason=reason, revision=item.revision + 1)
    CommentStore(session).put(hidden, item.revision)
    subject = f"comment/{comment}"
    detail = {"capability": item.capability, "author": item.voice.name, "reason": reason}
    record(session, actor, "comment.hidden", subject, detail)
    return hidden


def unhide(session: Session, actor: Actor, comment: str) -> Comment:
    """Show a hidden comment again, on the record."""
    item = _seen(session, actor, comment)
    shown = replace(item, hidden_by=None, hidden_reason=None, revision=item.revision + 1)
    CommentStore(session).put(shown, item.revision)
    detail = {"capability": item.capability, "author": item.voice.name}
    record(session, actor, "comment.shown", f"comment/{comment}", detail)
    return shown


def write_note(
    session: Session,
    actor: Actor,
    capability: str,
    kind: NoteKind,
    text: str,
    *,
    if_match: str | None,
    at: datetime,
) -> Note:
    """Write the next revision of a note.

    Raises:
        CapabilityNotFound: The actor does not see the capability.
        NotYourNote: Other roles write it.
        PreconditionFailed: It changed meanwhile.
    """
    owner = require_seen(session, actor, capability)
    require_writer(kind, actor, owner)
    store = NoteStore(session)
    was = store.revision(capability, kind)
    require_match(if_match, was)
    note = Note(capability, kind, was + 1, Voice.of(actor), text, at)
    store.add(note)
    subject = f"capability/{capability}"
    record(session, actor, "note.written", subject, {"kind": kind, "revision": note.revision})
    return note


def _seen(session: Session, actor: Actor, comment: str) -> Comment:
    item = CommentStore(session).get(comment)
    try:
        require_seen(session, actor, item.capability)
    except CapabilityNotFound:
        # In the words for one that is not there: else they tell of a draft.
        raise CommentNotFound(f"There is no comment {comment}.") from None
    return item


def _own(session: Session, actor: Actor, comment: str) -> Comment:
    item = _seen(session, actor, comment)
    if item.voice.name != actor.name:
        raise NotYourComment(f"{item.voice.name} wrote this comment; answer it instead.")
    return item
