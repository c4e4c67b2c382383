"""What HTTP shows of consistency: version by version, and the matrix."""

from typing import Self

from pydantic import Field

from capability_sdk.contracts.model import Wire
from center.instance.consistency import ConsistencyVerdict, Line, PartLine
from center.instance.content import CURES, Part, Tick


class DesiredSide(Wire):
    """What one version should be in a province."""

    replicas: int
    code_digest: str
    weights_digest: str
    package_digest: str


class ReportedSide(Wire):
    """What a province said last about one version."""

    ready: int
    code_digests: list[str]
    weights_digests: list[str]


class PartView(Wire):
    """One of the five parts of a version: what it should be, and what was read from the disk."""

    part: Part
    tick: Tick
    desired: str | None = Field(default=None, description="Null where there should be none.")
    actual: str | None = Field(default=None, description="Null where there is none.")
    cure: str | None = Field(default=None, description="What to do, where it differs.")

    @classmethod
    def of(cls, item: PartLine) -> Self:
        """Show one part."""
        cure = CURES[item.part] if item.tick is Tick.DIFFERENT else None
        return cls(
            part=item.part, tick=item.tick, desired=item.desired, actual=item.actual, cure=cure
        )


class ConsistencyView(Wire):
    """One version in one province: desired beside reported."""

    province: str
    capability: str
    version: str
    verdict: ConsistencyVerdict
    desired: DesiredSide | None = None
    reported: ReportedSide
    parts: list[PartView] = Field(description="Code, weights, overlay, parse rule, anchors.")
    desired_revision: int
    reported_revision: int | None = None
    age_seconds: float | None = Field(default=None, description="Age of the province's report.")

    @classmethod
    def of(cls, line: Line) -> Self:
        """Show one line of the comparison."""
        share = line.desired
        return cls(
            province=line.province,
            capability=line.capability,
            version=line.version,
            verdict=line.verdict,
            desired=None if share is None else DesiredSide.model_validate(share.model_dump()),
            reported=ReportedSide(
                ready=line.ready,
                code_digests=list(line.code_digests),
                weights_digests=list(line.weights_digests),
            ),
            parts=[PartView.of(part) for part in line.parts],
            desired_revision=line.desired_revision,
            reported_revision=line.reported_revision,
            age_seconds=line.age_seconds,
        )


class MatrixProvince(Wire):
    """A province, and when it was heard."""

    name: str
    age_seconds: float | None = Field(default=None, description="Since it reported last.")


class Consistency(Wire):
    """A page of versions in provinces, by province, capability and version."""

    items: list[ConsistencyView]
    next: str | None = Field(default=None, description="Cursor of the page that follows.")
    provinces: list[MatrixProvince] = Field(description="All that reported, on every page.")


class MatrixVersion(Wire):
    """One version in a cell."""

    version: str
    weight: int
    least: int = Field(description="Instances that should be ready.")
    ready: int
    t: str = Field(
        description="A tick each for code, weights, overlay, parse rule, anchors: = equal,"
        " ! different, - there is none, ? unknown."
    )
    wanted: bool = Field(description="False where it runs, and should not.")


class MatrixCell(Wire):
    """One capability in one province."""

    p: str = Field(description="Province.")
    c: str = Field(description="Capability.")
    v: list[MatrixVersion]
    revision: int = Field(description="Of the deployment; 0 where there is none.")
    overlay: int = Field(description="Version of the province's settings; 0 for the package's own.")
    priority: str


class MatrixView(Wire):
    """A page of the matrix: whole rows, by capability."""

    capabilities: list[str]
    provinces: list[MatrixProvince]
    cells: list[MatrixCell]
    next: str | None = Field(default=None, description="`after` of the page that follows.")
