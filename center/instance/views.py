"""What HTTP shows of deployments and their consistency, and what it takes."""

from dataclasses import asdict
from typing import Annotated, Literal, Self

from pydantic import Field

from capability_sdk.contracts.manifest import Engine
from capability_sdk.contracts.model import SemanticVersion, Strict, UtcTime, Wire
from center.instance.consistency import Line, Verdict
from center.instance.domain import MAX_VERSIONS, Deployment, Share


class ShareBody(Strict):
    """One version's part in a deployment."""

    version: SemanticVersion
    weight: Annotated[int, Field(ge=0, le=1_000_000, description="Relative to the others.")]
    replicas: Annotated[int, Field(ge=0, le=1000, description="Instances that run.")] = 1
    engine: Literal[Engine.TRITON] | None = Field(
        default=None, description="Server around the model; the runtime itself if null."
    )


class DeploymentBody(Strict):
    """Body of ``PUT /provinces/{p}/deployments/{capability}``."""

    versions: Annotated[list[ShareBody], Field(min_length=1, max_length=MAX_VERSIONS)]

    @property
    def shares(self) -> list[Share]:
        """The versions as values."""
        return [Share(**item.model_dump(mode="json")) for item in self.versions]


class DeploymentView(Wire):
    """One deployment as its readers see it."""

    province: str
    capability: str
    versions: list[ShareBody]
    revision: int = Field(description="Also the `ETag`.")
    updated_by: str
    updated_at: UtcTime

    @classmethod
    def of(cls, item: Deployment) -> Self:
        """Show a deployment."""
        return cls(
            province=item.province,
            capability=item.capability,
            versions=[ShareBody.model_validate(asdict(share)) for share in item.shares],
            revision=item.revision,
            updated_by=item.updated_by,
            updated_at=item.updated_at,
        )


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


class ConsistencyView(Wire):
    """One version in one province: desired beside reported."""

    province: str
    capability: str
    version: str
    verdict: Verdict
    desired: DesiredSide | None = None
    reported: ReportedSide
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
            desired_revision=line.desired_revision,
            reported_revision=line.reported_revision,
            age_seconds=line.age_seconds,
        )


class Consistency(Wire):
    """Every version of the asked provinces."""

    items: list[ConsistencyView]
    next: str | None = None
    total: int
