"""What HTTP shows of deployments and their consistency, and what it takes."""

from dataclasses import asdict
from typing import Annotated, Literal, Self

from pydantic import Field

from capability_sdk.contracts.manifest import Engine
from capability_sdk.contracts.model import SemanticVersion, Strict, UtcTime, Wire
from capability_sdk.contracts.scaling import MAX_REPLICAS, Reason
from capability_sdk.contracts.scheduling import Apart, Priority
from center.instance.domain import MAX_VERSIONS, BoostOrder, Deployment, Plan, share_of


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
    priority: Priority = Field(
        default=Priority.STANDARD,
        description="Best-effort work runs where room is left, and makes room for standard work.",
    )
    apart: Apart = Field(
        default=Apart.PREFERRED, description="Whether replicas must stand on different nodes."
    )

    @property
    def plan(self) -> Plan:
        """The body as a value."""
        shares = tuple(share_of(item.model_dump(mode="json")) for item in self.versions)
        return Plan(shares, self.priority, self.apart)


class DeploymentView(Wire):
    """One deployment as its readers see it."""

    province: str
    capability: str
    versions: list[ShareBody]
    priority: Priority
    apart: Apart
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
            priority=item.plan.priority,
            apart=item.plan.apart,
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
