"""What HTTP shows of reviews and retirements, and what it takes."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from capability_sdk.contracts.manifest import Titles
from capability_sdk.contracts.model import CapabilityName, SemanticVersion, Strict, UtcTime, Wire
from center.capability.domain import Stage
from center.capability.review.checklist import Item, Tick
from center.capability.review.domain import Anchor, Comment, Place, Retirement
from center.capability.review.ports import Affected
from center.capability.review.service import ReviewState
from center.capability.views import CapabilityVersionView

Words = Annotated[str, Field(min_length=3, max_length=2000)]


class ChecklistItemView(Wire):
    """One thing to look at, and who did."""

    id: str
    titles: Titles
    ticked_by: str | None = None
    ticked_at: UtcTime | None = None

    @classmethod
    def of(cls, item: Item, tick: Tick | None) -> Self:
        """Show an item."""
        by, at = (None, None) if tick is None else (tick.by, tick.at)
        return cls(id=item.id, titles=item.titles, ticked_by=by, ticked_at=at)


class ReviewView(Wire):
    """A version before its reviewers."""

    version: CapabilityVersionView
    against: str | None = Field(description="Version that it is compared with by default.")
    checklist: list[ChecklistItemView]
    reviewers: list[str] = Field(description="Who can decide; never the author.")
    may_decide: bool
    why_not: str | None = Field(description="Code of the reason why you cannot decide.")

    @classmethod
    def of(cls, state: ReviewState) -> Self:
        """Show a review."""
        return cls(
            version=CapabilityVersionView.of(state.item),
            against=state.against,
            checklist=[ChecklistItemView.of(item, tick) for item, tick in state.checklist],
            reviewers=list(state.reviewers),
            may_decide=state.why_not is None,
            why_not=state.why_not,
        )


class ReviewCommentBody(Strict):
    """Body of a comment; on the version as a whole unless it names a line or a check."""

    body: Annotated[str, Field(min_length=1, max_length=4000)]
    anchor: Anchor = Anchor.VERSION
    path: Annotated[str, Field(max_length=200)] | None = None
    line: Annotated[int, Field(ge=1, le=10_000_000)] | None = None
    check: Annotated[str, Field(max_length=100)] | None = None

    @model_validator(mode="after")
    def _is_placed(self) -> Self:
        if self.anchor is Anchor.LINE and (self.path is None or self.line is None):
            raise ValueError("a comment on a line names path and line")
        if self.anchor is Anchor.CHECK and self.check is None:
            raise ValueError("a comment on a check names it")
        return self

    @property
    def place(self) -> Place:
        """Where it stands."""
        if self.anchor is Anchor.LINE:
            return Place(self.anchor, path=self.path, line=self.line)
        if self.anchor is Anchor.CHECK:
            return Place(self.anchor, check=self.check)
        return Place()


class ReviewCommentView(Wire):
    """What somebody wrote."""

    id: str
    anchor: Anchor
    path: str | None = None
    line: int | None = None
    check: str | None = None
    body: str
    author: str
    at: UtcTime

    @classmethod
    def of(cls, item: Comment) -> Self:
        """Show a comment."""
        place = item.place
        return cls(
            id=item.id,
            anchor=place.anchor,
            path=place.path,
            line=place.line,
            check=place.check,
            body=item.body,
            author=item.author,
            at=item.at,
        )


class SuccessorBody(Strict):
    """What subscribers should move to."""

    capability: CapabilityName
    version: SemanticVersion


class RetirementBody(Strict):
    """Body of ``:announce-retirement``."""

    retires_at: UtcTime
    reason: Words
    successor: SuccessorBody | None = None


class AffectedSubscription(Wire):
    """A subscription whose calls the version answers."""

    subscription: str
    application: str
    province: str
    requested_by: str

    @classmethod
    def of(cls, item: Affected) -> Self:
        """Show it."""
        return cls(
            subscription=item.subscription,
            application=item.application,
            province=item.province,
            requested_by=item.requested_by,
        )


class AffectedSubscriptions(Wire):
    """Whom the end of a version concerns, as far as you may know."""

    items: list[AffectedSubscription]
    total: int

    @classmethod
    def of(cls, items: list[Affected]) -> Self:
        """Show them."""
        return cls(items=[AffectedSubscription.of(item) for item in items], total=len(items))


class RetirementView(Wire):
    """The announced end of a version."""

    capability: str
    version: str
    retires_at: UtcTime
    reason: str
    successor: SuccessorBody | None = None
    announced_by: str
    announced_at: UtcTime
    was: Stage = Field(description="Stage to which it returns if the announcement is cancelled.")
    done_at: UtcTime | None = None
    affected: AffectedSubscriptions

    @classmethod
    def of(cls, item: Retirement, affected: list[Affected]) -> Self:
        """Show an announcement."""
        successor = None
        if item.successor_capability is not None and item.successor_version is not None:
            successor = SuccessorBody(
                capability=item.successor_capability, version=item.successor_version
            )
        return cls(
            capability=item.capability,
            version=item.version,
            retires_at=item.retires_at,
            reason=item.reason,
            successor=successor,
            announced_by=item.announced_by,
            announced_at=item.announced_at,
            was=item.was,
            done_at=item.done_at,
            affected=AffectedSubscriptions.of(affected),
        )
