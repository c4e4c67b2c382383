"""What HTTP shows of capabilities and versions, and what it takes."""

from typing import Annotated, Self

from pydantic import Field

from capability_sdk.contracts.manifest import Manifest, Titles
from capability_sdk.contracts.model import Digest, Strict, UtcTime, Wire
from capability_sdk.contracts.packages import PackageDigests
from center.capability.domain import CapabilityVersion, Stage


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


class Approval(Strict):
    """Body of ``:approve``; it names the content that the reviewer looked at."""

    package_digest: Digest
    comment: Comment = ""


class Return(Strict):
    """Body of ``:return``."""

    comment: Reason


class Withdrawal(Strict):
    """Body of ``:withdraw``."""

    reason: Reason
