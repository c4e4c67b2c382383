"""What HTTP shows of the store, and what it takes."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Self

from pydantic import Field

from capability_sdk.contracts.manifest import Manifest, Titles
from capability_sdk.contracts.model import Strict, UtcTime, Wire
from capability_sdk.contracts.packages import PackageDigests
from capability_sdk.contracts.passport import BatchPoint
from center.capability.domain import CapabilityVersion, Stage
from center.catalogue.domain import Facet, Standing
from center.catalogue.performance import Machines, Performance
from center.catalogue.service import Card, Detail
from center.catalogue.store.facets import FacetCount
from center.catalogue.store.listings import Listing
from center.catalogue.store.standings import DriftSaid
from center.instance.domain import Share
from center.monitoring.domain import DriftVerdict
from center.paging import Page


class StandingView(Wire):
    """Use and quality of the last 30 days."""

    calls: int
    errors: int
    p99_ms: float | None = Field(description="Estimated from counts in fixed cells.")
    accuracy: float | None = Field(description="Share of judged rows that were right, 0 to 1.")
    labelled: int = Field(description="Rows that were judged.")
    quality_at: UtcTime | None = Field(description="When quality counts came last.")
    measured_at: UtcTime = Field(description="When the center added this up.")

    @classmethod
    def of(cls, item: Standing) -> Self:
        """Show a standing."""
        return cls(
            calls=item.calls,
            errors=item.errors,
            p99_ms=item.p99_ms,
            accuracy=item.accuracy,
            labelled=item.labelled,
            quality_at=item.quality_at,
            measured_at=item.measured_at,
        )


class DriftSummary(Wire):
    """What is said of the inputs where the reader looks."""

    verdict: DriftVerdict
    since: UtcTime
    provinces: int = Field(description="In how many provinces this is the verdict.")
    age_seconds: float = Field(description="Since the newest profile arrived.")

    @classmethod
    def of(cls, said: tuple[DriftSaid, ...], now: datetime) -> Self | None:
        """Show the worst of several verdicts; of each province the one last heard of counts."""
        newest: dict[str, DriftSaid] = {}
        for item in said:
            newest.setdefault(item.province, item)
        for verdict in (DriftVerdict.DRIFT, DriftVerdict.LEARNING, DriftVerdict.STABLE):
            found = [item for item in newest.values() if item.verdict is verdict]
            if found:
                age = now - max(item.profile_at for item in found)
                since = min(item.since for item in found)
                return cls(
                    verdict=verdict,
                    since=since,
                    provinces=len(found),
                    age_seconds=age.total_seconds(),
                )
        return None


class RatingFigure(Wire):
    """Mean and number of the ratings."""

    mean: float | None
    count: int


class StoreCard(Wire):
    """One capability as the store lists it."""

    name: str
    version: str = Field(description="The version that stands for it: published, highest number.")
    stage: Stage
    titles: Titles
    summary: Titles
    domain: str
    task: str
    family: str
    owner: str = Field(description="Organisation that owns the name.")
    licence: str
    published_at: UtcTime | None
    provinces: list[str] = Field(description="Where it is deployed.")
    rating: RatingFigure
    is_favourite: bool
    standing: StandingView | None
    drift: DriftSummary | None

    @classmethod
    def of(cls, card: Card, now: datetime) -> Self:
        """Show a card."""
        front = card.front
        manifest = front.manifest
        return cls(
            name=front.name,
            version=front.version,
            stage=front.stage,
            titles=manifest["titles"],
            summary=manifest["summary"],
            domain=manifest["domain"],
            task=front.task,
            family=manifest["algorithm_family"],
            owner=front.organisation,
            licence=manifest["licence"],
            published_at=front.published_at,
            provinces=list(card.provinces),
            rating=RatingFigure(mean=card.rating.mean, count=card.rating.count),
            is_favourite=card.is_favourite,
            standing=None if card.standing is None else StandingView.of(card.standing),
            drift=DriftSummary.of(card.drift, now),
        )


class FacetValue(Wire):
    """One value of a facet, and how many capabilities have it."""

    value: str
    count: int


class FacetView(Wire):
    """One facet: its values among what the other facets leave, most first."""

    facet: Facet
    values: list[FacetValue]

    @classmethod
    def of(cls, facet: Facet, counts: list[FacetCount]) -> Self:
        """Show a facet."""
        return cls(facet=facet, values=[FacetValue(**asdict(item)) for item in counts])


class StorePage(Page[StoreCard]):
    """One page of the store; the counts come with the first one."""

    provinces: list[str] | None = Field(description="Whose figures these are; null: everybody's.")
    facets: list[FacetView] = []


class ListingBody(Strict):
    """Body of ``PUT /store/{name}/listing``; null takes a word back."""

    task: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,30}$")] | None = None
    accountable: Annotated[str, Field(max_length=100)] | None = Field(
        default=None, description="User who answers for the whole."
    )
    runbook_url: Annotated[str, Field(pattern=r"^https?://\S+$", max_length=500)] | None = None


class ListingView(Wire):
    """What the owner says beside the versions."""

    task: str | None
    accountable: str | None
    runbook_url: str | None
    revision: int = Field(description="Also the `ETag`; 0 where nothing was said yet.")
    updated_by: str
    updated_at: UtcTime | None

    @classmethod
    def of(cls, item: Listing) -> Self:
        """Show a listing."""
        return cls.model_validate(item, from_attributes=True)


class StoreVersion(Wire):
    """One listed version."""

    version: str
    stage: Stage
    author: str
    published_at: UtcTime | None
    reviewer: str | None
    comment: str = Field(description="The reviewer's words.")
    digests: PackageDigests
    archive_bytes: int

    @classmethod
    def of(cls, item: CapabilityVersion) -> Self:
        """Show a version."""
        return cls(
            version=item.version,
            stage=item.stage,
            author=item.author,
            published_at=item.review.published_at,
            reviewer=item.review.reviewer,
            comment=item.review.comment,
            digests=item.digests,
            archive_bytes=item.archive_bytes,
        )


class UsersView(Wire):
    """Who may call it now."""

    applications: int
    provinces: int


class RunningVersion(Wire):
    """A version with its part of a province's traffic."""

    version: str
    share: float = Field(description="Of the traffic that it should have, 0 to 1.")

    @classmethod
    def of(cls, shares: Sequence[Share]) -> list[Self]:
        """Show those that have traffic."""
        total = sum(share.weight for share in shares)
        return [cls(version=s.version, share=s.weight / total) for s in shares if s.weight > 0]


class StoreDetail(Wire):
    """A capability's page."""

    card: StoreCard
    manifest: Manifest
    accountable: str = Field(description="Who answers for the whole; the author unless named.")
    listing: ListingView
    may_edit: bool
    versions: list[StoreVersion]
    users: UsersView
    comments: int
    running: dict[str, list[RunningVersion]] = Field(
        description="What should run in each province that you see."
    )

    @classmethod
    def of(cls, item: Detail, now: datetime) -> Self:
        """Show a capability."""
        front = item.card.front
        foremost = next(found for found in item.versions if found.version == front.version)
        return cls(
            card=StoreCard.of(item.card, now),
            manifest=foremost.manifest,
            accountable=item.listing.accountable or foremost.author,
            listing=ListingView.of(item.listing),
            may_edit=item.may_edit,
            versions=[StoreVersion.of(found) for found in item.versions],
            users=UsersView(**asdict(item.users)),
            comments=item.comments,
            running={name: RunningVersion.of(found) for name, found in item.running.items()},
        )


class MachinesView(Wire):
    """Nodes of one score."""

    nodes: list[str]
    score: float
    factor: float = Field(description="By what the passport's times are multiplied here.")
    takes: bool = Field(description="Whether they have the version's engine and family.")

    @classmethod
    def of(cls, item: Machines) -> Self:
        """Show nodes."""
        return cls(nodes=list(item.nodes), score=item.score, factor=item.factor, takes=item.takes)


class PerformanceView(Wire):
    """The measured passport, and the machines that it is to be held against."""

    version: str
    points: list[BatchPoint] = Field(description="Measured at the publish gate.")
    measured_score: float
    memory_bytes: int
    start_seconds: float
    machines: list[MachinesView]
    reported_at: UtcTime | None

    @classmethod
    def of(cls, item: Performance) -> Self:
        """Show a performance."""
        return cls(
            version=item.version,
            points=list(item.points),
            measured_score=item.measured_score,
            memory_bytes=item.memory_bytes,
            start_seconds=item.start_seconds,
            machines=[MachinesView.of(found) for found in item.machines],
            reported_at=item.reported_at,
        )
