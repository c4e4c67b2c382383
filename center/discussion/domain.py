"""What people say about a capability: ratings, comments, and notes by role."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from center.discussion.errors import NotYourNote
from center.permissions import Actor, Role

STARS = range(1, 6)


class NoteKind(StrEnum):
    """What a note tells the other roles."""

    NEED = "need"
    DATA = "data"
    PERFORMANCE = "performance"
    RUNBOOK = "runbook"


_WRITERS: dict[NoteKind, frozenset[Role]] = {
    NoteKind.NEED: frozenset({Role.OPERATOR, Role.ENGINEER}),
    NoteKind.DATA: frozenset({Role.ENGINEER}),
    NoteKind.PERFORMANCE: frozenset({Role.ENGINEER}),
    NoteKind.RUNBOOK: frozenset({Role.OPERATOR, Role.ENGINEER}),
}
"""Who writes which note beside an admin; of engineers, those of the owning organisation."""


def may_write(kind: NoteKind, actor: Actor, owner: str) -> bool:
    """Tell whether somebody may write a note of a capability that ``owner`` owns."""
    if actor.is_admin:
        return True
    if actor.role is Role.ENGINEER and actor.organisation != owner:
        return False
    return actor.role in _WRITERS[kind]


def require_writer(kind: NoteKind, actor: Actor, owner: str) -> None:
    """Refuse a note of somebody whose role does not write it.

    Raises:
        NotYourNote: It is for others to write.
    """
    if not may_write(kind, actor, owner):
        roles = ", ".join(sorted(_WRITERS[kind]))
        raise NotYourNote(
            f"The {kind} note is written by: {roles}; of engineers, those of {owner}.",
            roles=sorted(_WRITERS[kind]),
        )


@dataclass(frozen=True, slots=True)
class Voice:
    """Who says something, as they were when they said it."""

    name: str
    role: str
    organisation: str

    @classmethod
    def of(cls, actor: Actor) -> "Voice":
        """Take down who is speaking."""
        return cls(actor.name, actor.role, actor.organisation)


@dataclass(frozen=True, slots=True)
class Rating:
    """One person's judgement; they have one for each capability.

    Attributes:
        stars: 1 to 5.
    """

    capability: str
    voice: Voice
    stars: int
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class RatingSummary:
    """Every rating of a capability.

    Attributes:
        by_stars: How many gave 1, 2, 3, 4 and 5.
    """

    by_stars: tuple[int, ...] = (0,) * len(STARS)

    @property
    def count(self) -> int:
        """How many people rated."""
        return sum(self.by_stars)

    @property
    def mean(self) -> float | None:
        """Mean of the stars; None without a rating."""
        total = sum(stars * n for stars, n in zip(STARS, self.by_stars, strict=True))
        return total / self.count if self.count else None


@dataclass(frozen=True, slots=True)
class Comment:
    """One contribution to a thread.

    Attributes:
        parent: The comment that it answers; None where it begins a thread.
        revision: Grows with each change of the text.
        deleted_at: When its author took it back; its place stays as long as replies stand there.
        hidden_by: The admin who took it out of sight, and why.
    """

    id: str
    capability: str
    voice: Voice
    text: str
    at: datetime
    parent: str | None = None
    revision: int = 1
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
    hidden_by: str | None = None
    hidden_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Thread:
    """A comment with its replies, oldest first."""

    comment: Comment
    replies: tuple[Comment, ...]


@dataclass(frozen=True, slots=True)
class Note:
    """One revision of a note; the highest one stands, the others are its history."""

    capability: str
    kind: NoteKind
    revision: int
    voice: Voice
    text: str
    at: datetime
