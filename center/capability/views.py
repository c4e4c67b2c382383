"""What HTTP shows of capabilities and versions, and what it takes."""

from typing import Annotated, Self

from pydantic import Field

from capability_sdk.contracts.manifest import Manifest, Titles
from capability_sdk.contracts.model import Digest, ProvinceName, Strict, UtcTime, Wire
from capability_sdk.contracts.packages import PackageDigests
from center.capability.domain import CapabilityVersion, Conditions, Stage


class ConditionsView(Wire):
    """What an approval is bound to."""

    provinces: list[ProvinceName] | None = Field(description="Everywhere if null.")
    ends_at: UtcTime | None
    words: str

    @classmethod
    def of(cls, item: Conditions) -> Self | None:
        """Show conditions, where there are any."""
        if item == Conditions():
            return None
        provinces = None if item.provinces is None else list(item.provinces)
        return cls(provinces=provinces, ends_at=item.ends_at, words=item.words)


class CapabilityVersionView(Wire):
    """One version as its readers see it."""

    name: str
    version: str
    stage: Stage
    owner: str = Field(description="Organisation that owns the name.")
    author: str
    manifest: Manifest
    digests: PackageDigests
    archive_bytes: int = Field(description="Size of the package as it was uploaded.")
    uploaded_at: UtcTime
    gate_progress: str | None = Field(
        default=None, description="What the publish gate is at, while it runs."
    )
    reviewer: str | None = None
    comment: str = Field(default="", description="The reviewer's last words.")
    published_at: UtcTime | None = None
    withdrawn_reason: str | None = None
    conditions: ConditionsView | None = None
    review_requested_at: UtcTime | None = Field(
        default=None, description="Since when it waits, or waited, for a decision."
    )

    @classmethod
    def of(cls, item: CapabilityVersion) -> Self:
        """Show a version."""
        return cls(
            name=item.name,
            version=item.version,
            stage=item.stage,
            owner=item.organisation,
            author=item.author,
            manifest=item.manifest,
            digests=item.digests,
            archive_bytes=item.archive_bytes,
            uploaded_at=item.uploaded_at,
            gate_progress=item.gate_progress,
            reviewer=item.review.reviewer,
            comment=item.review.comment,
            published_at=item.review.published_at,
            withdrawn_reason=item.review.withdrawn_reason,
            conditions=ConditionsView.of(item.review.conditions),
            review_requested_at=item.review.requested_at,
        )


class CapabilityView(Wire):
    """One line of the store's listing, and the head of a capability's page."""

    name: str
    owner: str
    domain: str
    titles: Titles
    summary: Titles
    version: str = Field(description="The foremost version: published before deprecated.")
    stage: Stage
    published_at: UtcTime | None = None

    @classmethod
    def of(cls, item: CapabilityVersion) -> Self:
        """Show a capability by its foremost version."""
        return cls(
            name=item.name,
            owner=item.organisation,
            domain=item.manifest.domain,
            titles=item.manifest.titles,
            summary=item.manifest.summary,
            version=item.version,
            stage=item.stage,
            published_at=item.review.published_at,
        )


Comment = Annotated[str, Field(max_length=2000)]
Reason = Annotated[str, Field(min_length=3, max_length=2000)]


class ConditionsBody(Strict):
    """What an approval is bound to; enforced where a deployment or a subscription begins."""

    provinces: Annotated[list[ProvinceName], Field(min_length=1, max_length=100)] | None = None
    ends_at: UtcTime | None = None
    words: Comment = ""

    @property
    def conditions(self) -> Conditions:
        """The conditions as a value."""
        names = None if self.provinces is None else tuple(sorted(set(self.provinces)))
        return Conditions(names, self.ends_at, self.words)


class Approval(Strict):
    """Body of ``:approve``; it names the content that the reviewer looked at."""

    package_digest: Digest
    comment: Comment = ""
    checked: Annotated[list[Annotated[str, Field(max_length=60)]], Field(max_length=50)] = Field(
        default=[], description="Items of the checklist that you looked at, beside the ticked ones."
    )
    conditions: ConditionsBody = ConditionsBody()


class Return(Strict):
    """Body of ``:return``."""

    comment: Reason


class Withdrawal(Strict):
    """Body of ``:withdraw``."""

    reason: Reason
