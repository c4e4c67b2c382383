"""What HTTP shows of the document hub."""

from typing import Self

from pydantic import Field

from capability_sdk.contracts.manifest import Titles
from capability_sdk.contracts.model import UtcTime, Wire
from center.capability.difference.contract import ContractDifference
from center.capability.domain import Stage
from center.documents.fields import ContractField, FieldSide
from center.documents.samples import Language
from center.documents.service import ChangeNotice, Changes, Hit
from center.documents.store import Affected


class FieldView(Wire):
    """A tensor that a search found."""

    side: FieldSide
    name: str
    datatype: str
    shape: list[int] = Field(description="Without the batch dimension.")
    unit: str
    description: str
    sensitive: bool

    @classmethod
    def of(cls, field: ContractField) -> Self:
        """Show a field."""
        return cls.model_validate(field, from_attributes=True)


class DocumentView(Wire):
    """A capability in the hub, by the version that stands for it."""

    name: str
    version: str
    stage: Stage
    titles: Titles
    summary: Titles
    domain: str
    owner: str
    inputs: int = Field(description="How many it takes.")
    outputs: int
    matches: list[FieldView] = Field(description="The fields that the words were found in.")

    @classmethod
    def of(cls, hit: Hit) -> Self:
        """Show what a search found."""
        manifest = hit.contract.manifest
        return cls(
            name=manifest.name,
            version=manifest.version,
            stage=hit.stage,
            titles=manifest.titles,
            summary=manifest.summary,
            domain=manifest.domain,
            owner=manifest.owner,
            inputs=len(manifest.inputs),
            outputs=len(manifest.outputs),
            matches=[FieldView.of(field) for field in hit.matches],
        )


class CodeSampleView(Wire):
    """A program that calls a version; it reads GATEWAY, CLIENT_ID and CLIENT_SECRET."""

    language: Language
    text: str


class AffectedView(Wire):
    """A subscription whose caller meets a breaking change."""

    subscription: str
    application: str
    province: str

    @classmethod
    def of(cls, item: Affected) -> Self:
        """Show a subscription."""
        return cls.model_validate(item, from_attributes=True)


class ChangesView(Wire):
    """Two versions side by side."""

    capability: str
    before: str
    after: str
    difference: ContractDifference
    affected: list[AffectedView] = Field(
        description="Subscriptions within your reach that a breaking change breaks; the first 500."
    )
    affected_total: int

    @classmethod
    def of(cls, changes: Changes) -> Self:
        """Show a comparison."""
        return cls(
            capability=changes.capability,
            before=changes.before,
            after=changes.after,
            difference=changes.difference,
            affected=[AffectedView.of(item) for item in changes.affected],
            affected_total=changes.affected_total,
        )


class ChangeNoticeView(Wire):
    """One publication, and what it changed for callers."""

    capability: str
    titles: Titles
    version: str
    stage: Stage
    published_at: UtcTime
    previous: str | None = Field(description="The version before by number; null for the first.")
    difference: ContractDifference

    @classmethod
    def of(cls, notice: ChangeNotice) -> Self:
        """Show a notice."""
        return cls.model_validate(notice, from_attributes=True)
