"""What HTTP shows of discussions, and what it takes."""

from typing import Annotated, Self

from pydantic import Field

from capability_sdk.contracts.model import Strict, UtcTime, Wire
from center.discussion.domain import Comment, Note, NoteKind, Rating, RatingSummary, Thread

Words = Annotated[str, Field(min_length=1, max_length=10_000)]


class RatingBody(Strict):
    """Body of ``PUT /capabilities/{name}/rating``."""

    stars: Annotated[int, Field(ge=1, le=5)]
    text: Annotated[str, Field(max_length=2000)] = ""


class RatingView(Wire):
    """One person's judgement."""

    author: str
    role: str
    organisation: str
    stars: int
    text: str
    at: UtcTime

    @classmethod
    def of(cls, item: Rating) -> Self:
        """Show a rating."""
        voice = item.voice
        return cls(
            author=voice.name,
            role=voice.role,
            organisation=voice.organisation,
            stars=item.stars,
            text=item.text,
            at=item.at,
        )


class RatingSummaryView(Wire):
    """All ratings of a capability, and the asker's own."""

    mean: float | None = Field(description="Mean of the stars; null without a rating.")
    count: int
    by_stars: list[int] = Field(description="How many gave 1, 2, 3, 4 and 5.")
    mine: RatingView | None

    @classmethod
    def of(cls, summary: RatingSummary, mine: Rating | None) -> Self:
        """Show a summary."""
        return cls(
            mean=summary.mean,
            count=summary.count,
            by_stars=list(summary.by_stars),
            mine=None if mine is None else RatingView.of(mine),
        )


class NewComment(Strict):
    """Body of ``POST /capabilities/{name}/comments``."""

    text: Words
    parent: Annotated[str, Field(max_length=100)] | None = Field(
        default=None, description="The comment that this one answers."
    )


class CommentText(Strict):
    """Body of ``PUT /comments/{comment}``."""

    text: Words


class Hiding(Strict):
    """Body of ``POST /comments/{comment}:hide``."""

    reason: Annotated[str, Field(min_length=3, max_length=2000)]


class ThreadComment(Wire):
    """One contribution; hidden or taken back, it has no text."""

    id: str
    author: str
    role: str
    organisation: str
    text: str | None
    at: UtcTime
    revision: int = Field(description="Also the `ETag`.")
    edited_at: UtcTime | None = None
    is_deleted: bool = False
    hidden_by: str | None = None
    hidden_reason: str | None = None

    @classmethod
    def of(cls, item: Comment) -> Self:
        """Show a comment."""
        voice = item.voice
        shown = item.hidden_by is None and item.deleted_at is None
        return cls(
            id=item.id,
            author=voice.name,
            role=voice.role,
            organisation=voice.organisation,
            text=item.text if shown else None,
            at=item.at,
            revision=item.revision,
            edited_at=item.edited_at,
            is_deleted=item.deleted_at is not None,
            hidden_by=item.hidden_by,
            hidden_reason=item.hidden_reason,
        )


class ThreadView(ThreadComment):
    """A comment with its replies, oldest first."""

    replies: list[ThreadComment] = []

    @classmethod
    def of_thread(cls, item: Thread) -> Self:
        """Show a thread."""
        head = ThreadComment.of(item.comment)
        replies = [ThreadComment.of(reply) for reply in item.replies]
        return cls(**head.model_dump(), replies=replies)


class NoteBody(Strict):
    """Body of ``PUT /capabilities/{name}/notes/{kind}``."""

    text: Annotated[str, Field(max_length=20_000)]


class NoteRevisionView(Wire):
    """One revision of a note."""

    kind: NoteKind
    revision: int = Field(description="Also the `ETag`.")
    text: str
    author: str
    role: str
    organisation: str
    at: UtcTime

    @classmethod
    def of(cls, item: Note) -> Self:
        """Show a revision."""
        voice = item.voice
        return cls(
            kind=item.kind,
            revision=item.revision,
            text=item.text,
            author=voice.name,
            role=voice.role,
            organisation=voice.organisation,
            at=item.at,
        )


class NoteView(Wire):
    """What stands of one kind of note, and whether the asker may write it."""

    kind: NoteKind
    may_write: bool
    current: NoteRevisionView | None


class Notes(Wire):
    """The four notes of a capability."""

    items: list[NoteView]


class Favourites(Wire):
    """Names of the capabilities that the asker keeps at hand, sorted."""

    items: list[str]
