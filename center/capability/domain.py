"""A capability version's life: plain values, its stages drawn as data."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Self

from capability_sdk.contracts.manifest import Manifest
from capability_sdk.contracts.packages import GateReport, PackageDigests, PartDigests
from center.capability.errors import DigestDiffers, IllegalStage, NameOwned, OwnVersion


class Stage(StrEnum):
    """Where a version stands between upload and withdrawal."""

    GATING = "gating"
    GATE_FAILED = "gate_failed"
    GATED = "gated"
    IN_REVIEW = "in_review"
    RETURNED = "returned"
    PUBLISHED = "published"
    DEPRECATED = "deprecated"
    WITHDRAWN = "withdrawn"


_NEXT: dict[Stage, frozenset[Stage]] = {
    Stage.GATING: frozenset({Stage.GATE_FAILED, Stage.GATED}),
    Stage.GATE_FAILED: frozenset({Stage.WITHDRAWN}),
    Stage.GATED: frozenset({Stage.IN_REVIEW, Stage.WITHDRAWN}),
    Stage.IN_REVIEW: frozenset({Stage.PUBLISHED, Stage.RETURNED, Stage.WITHDRAWN}),
    Stage.RETURNED: frozenset({Stage.IN_REVIEW, Stage.WITHDRAWN}),
    Stage.PUBLISHED: frozenset({Stage.DEPRECATED, Stage.WITHDRAWN}),
    Stage.DEPRECATED: frozenset({Stage.WITHDRAWN}),
    Stage.WITHDRAWN: frozenset(),
}

LISTED = frozenset({Stage.PUBLISHED, Stage.DEPRECATED})
"""Stages that everybody sees, and that a province may run."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """What an approval is bound to; without any it holds everywhere, for good.

    They are enforced where something new begins: a deployment, a subscription.

    Attributes:
        provinces: Where the version may be run and subscribed to; None is everywhere.
        ends_at: When nothing new begins with it any more.
        words: What else the reviewer asks for.
    """

    provinces: tuple[str, ...] | None = None
    ends_at: datetime | None = None
    words: str = ""

    def holds(self, now: datetime) -> bool:
        """Tell whether the approval still lets something begin."""
        return self.ends_at is None or now < self.ends_at

    def admits(self, province: str) -> bool:
        """Tell whether the approval reaches a province."""
        return self.provinces is None or province in self.provinces


@dataclass(frozen=True, slots=True)
class Review:
    """What was said about a version, and by whom.

    Attributes:
        comment: The reviewer's last words.
        reviewer: Name of who approved or returned it.
        release: Compact JWS of the release statement, once approved.
        published_at: The moment of approval.
        withdrawn_reason: Why it may no longer run.
        conditions: What the approval is bound to.
        requested_at: Since when it waits, or waited, for a decision.
    """

    comment: str = ""
    reviewer: str | None = None
    release: str | None = None
    published_at: datetime | None = None
    withdrawn_reason: str | None = None
    conditions: Conditions = field(default_factory=Conditions)
    requested_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CapabilityVersion:
    """One immutable package and the mutable stage around it.

    Attributes:
        manifest: What the author declared; name and version stand in it.
        digests: Content digests of the package.
        archive_digest: Digest of the stored archive: the key of the package store.
        archive_bytes: Size of the stored archive.
        author: Name of the user who uploaded it.
        organisation: The author's organisation, which owns the name.
        author_key: PEM public key that verifies the package's signature.
        parts: Digests of parse rule and anchors; None where an earlier release took the upload.
    """

    manifest: Manifest
    digests: PackageDigests
    archive_digest: str
    archive_bytes: int
    author: str
    organisation: str
    author_key: str
    uploaded_at: datetime
    parts: PartDigests | None = None
    stage: Stage = Stage.GATING
    gate_report: GateReport | None = None
    gate_progress: str | None = None
    review: Review = Review()

    @property
    def name(self) -> str:
        """The capability's name."""
        return self.manifest.name

    @property
    def version(self) -> str:
        """The semantic version."""
        return self.manifest.version

    def advance(self, to: Stage) -> Self:
        """Return the version at its next stage.

        Raises:
            IllegalStage: The present stage does not lead there.
        """
        if to not in _NEXT[self.stage]:
            raise IllegalStage(
                f"{self.name} {self.version} is {self.stage}; it cannot become {to}.",
                stage=self.stage,
                allowed=sorted(_NEXT[self.stage]),
            )
        return replace(self, stage=to)

    def require_decision_by(self, person: str) -> None:
        """Refuse an author's decision on their own version.

        Raises:
            OwnVersion: ``person`` is the author.
        """
        if person == self.author:
            raise OwnVersion(
                f"{person} wrote {self.name} {self.version}; ask another reviewer to decide."
            )

    def require_digest(self, package_digest: str) -> None:
        """Refuse an approval that names another content.

        Raises:
            DigestDiffers: The stored package has another digest.
        """
        if package_digest != self.digests.package:
            raise DigestDiffers(
                f"{self.name} {self.version} has package digest {self.digests.package}.",
                package_digest=self.digests.package,
            )


def require_owner(name: str, owner: str, organisation: str) -> None:
    """Refuse a version of a name that belongs to somebody else.

    Raises:
        NameOwned: The name's owner is another organisation.
    """
    if owner != organisation:
        raise NameOwned(f"{name} belongs to {owner}; choose another name.", owner=owner)


_ALIKE = str.maketrans({"0": "o", "1": "l", "i": "l", "5": "s", "-": None})


def skeleton(name: str) -> str:
    """Reduce a name to what the eye keeps of it: names with one skeleton look alike."""
    return name.translate(_ALIKE).replace("rn", "m").replace("vv", "w")


def precedence(version: str) -> tuple[int, int, int]:
    """Return a semantic version as numbers that sort."""
    major, minor, patch = version.split(".")
    return int(major), int(minor), int(patch)
