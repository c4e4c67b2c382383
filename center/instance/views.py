"""What HTTP shows of deployments and their consistency, and what it takes."""

from dataclasses import asdict
from typing import Annotated, Literal, Self

from pydantic import Field

from capability_sdk.contracts.manifest import Engine
from capability_sdk.contracts.model import SemanticVersion, Strict, UtcTime, Wire
from capability_sdk.contracts.scaling import MAX_REPLICAS, Reason
from center.instance.consistency import Line, Verdict
from center.instance.domain import MAX_VERSIONS, BoostOrder, Deployment, Share, share_of


class ScalingBody(Strict):
    """Bounds within which a province chooses a version's replicas."""

    min: Annotated[
        int, Field(ge=0, le=MAX_REPLICAS, description="0 lets it sleep while nobody calls it.")
    ] = 1
    max: Annotated[int, Field(ge=1, le=MAX_REPLICAS)]
    budget_millicores: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="Thousandths of a core that its replicas may reserve together."
    )
    target_p99_ms: Annotated[float, Field(gt=0)] | None = Field(
        default=None, description="Objective; the manifest's if null."
    )


class ShareBody(Strict):
    """One version's part in a deployment."""

    version: SemanticVersion
    weight: Annotated[int, Field(ge=0, le=1_000_000, description="Relative to the others.")]
    replicas: Annotated[
        int,
        Field(
            ge=0,
            le=MAX_REPLICAS,
            description="Instances that run; with `scaling`, how many it begins with.",
        ),
    ] = 1
    scaling: ScalingBody | None = Field(default=None, description="Fixed replicas if null.")
    engine: Literal[Engine.TRITON] | None = Field(
        default=None, description="Server around the model; the runtime itself if null."
    )


class DeploymentBody(Strict):
    """Body of ``PUT /provinces/{p}/deployments/{capability}``."""

    versions: Annotated[list[ShareBody], Field(min_length=1, max_length=MAX_VERSIONS)]

    @property
    def shares(self) -> list[Share]:
        """The versions as values."""
        return [share_of(item.model_dump(mode="json")) for item in self.versions]


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


class BoostBody(Strict):
    """Body of ``POST /provinces/{p}/deployments/{capability}:boost``."""

    replicas: Annotated[
        int, Field(ge=1, le=MAX_REPLICAS, description="Of each version with traffic, at least.")
    ]
    minutes: Annotated[int, Field(ge=1, le=1440, description="After which it ends by itself.")]
    reason: Reason


class BoostView(Wire):
    """One boost of a deployment, in force or over."""

    id: str
    province: str
    capability: str
    replicas: int
    reason: str
    ordered_by: str
    begun_at: UtcTime
    until: UtcTime
    ended_at: UtcTime | None = None
    recovered_at: UtcTime | None = Field(
        default=None, description="When the p99 was seen within its objective again."
    )
    recovery_seconds: float | None = Field(default=None, description="From the order to that.")

    @classmethod
    def of(cls, item: BoostOrder) -> Self:
        """Show a boost."""
        recovered = item.recovered_at
        seconds = None if recovered is None else (recovered - item.begun_at).total_seconds()
        return cls.model_validate({**asdict(item), "recovery_seconds": seconds})


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
