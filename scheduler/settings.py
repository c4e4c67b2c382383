"""What can be set for a scheduler, by ``SCHEDULER_*`` variables and the command line."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from capability_sdk.contracts.manifest import AlgorithmFamily, Engine
from capability_sdk.contracts.model import CapabilityName
from capability_sdk.contracts.scheduling import Weight

Share = Annotated[float, Field(ge=0, le=1)]


class SchedulerSettings(BaseSettings):
    """Read once in ``__main__``; passed down, never imported as a global."""

    model_config = SettingsConfigDict(
        env_prefix="SCHEDULER_",
        frozen=True,
        extra="forbid",
        cli_kebab_case=True,
        cli_prog_name="python -m scheduler",
        cli_hide_none_type=True,
    )

    data: Path = Field(description="The province's folder.")
    host: str = Field(
        default="127.0.0.1",
        description="Address to listen on; others than loopback let other machines in.",
    )
    port: int = Field(ge=1, le=65535, description="Port to listen on.")
    node: str | None = Field(
        default=None, description="Name of this machine; its host name if unset."
    )
    engines: tuple[Engine, ...] | None = Field(
        default=None, description="Engines that this machine offers; what is installed if unset."
    )
    triton: Path | None = Field(
        default=None,
        description="Python environment with the wheel nvidia-pytriton: what engine triton needs.",
    )
    families: tuple[AlgorithmFamily, ...] = Field(
        default=tuple(AlgorithmFamily), description="Algorithm families that this machine offers."
    )
    directory: Literal["embedded", "nacos"] = Field(
        default="embedded", description="Where nodes are registered: in the scheduler, or in Nacos."
    )
    nacos_address: str = Field(
        default="127.0.0.1:8848",
        pattern=r"^[A-Za-z0-9.-]+:[0-9]{1,5}$",
        description="HTTP address of the Nacos server; its gRPC port is 1000 above.",
    )
    nacos_namespace: str = Field(
        default="public",
        pattern=r"^[A-Za-z0-9._-]{1,64}$",
        description="Namespace in Nacos; provinces that share a server take one each.",
    )
    nacos_username: str | None = Field(
        default=None, description="User in Nacos, where it asks for one."
    )
    nacos_password: SecretStr | None = Field(
        default=None, description="Its password; never on a command line, where others read it."
    )
    nacos_password_file: Path | None = Field(
        default=None, description="File that holds the password, in place of the password."
    )
    labels: dict[str, str] = Field(
        default={}, description='Labels of this machine, as JSON, such as {"zone": "a"}.'
    )
    serving_module: str = Field(
        default="capability_sdk.serving", description="Python module that serves an instance."
    )
    runner: Literal["process", "kubernetes"] = Field(
        default="process",
        description="Where instances run: as processes of this machine, or in a Kubernetes cluster.",
    )
    kubeconfig: Path | None = Field(
        default=None, description="Runner kubernetes: the file that names cluster and credential."
    )
    kubernetes_namespace: Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")] = (
        Field(default="jiuzhou", description="Runner kubernetes: namespace of the instances.")
    )
    kubernetes_image: str = Field(
        default="jiuzhou:latest",
        description="Runner kubernetes: container image with capability_sdk.serving.",
    )
    kubernetes_claim: str = Field(
        default="jiuzhou-models",
        description="Runner kubernetes: PersistentVolumeClaim whose root holds packages and"
        " instances.",
    )
    kubernetes_storage: Path | None = Field(
        default=None,
        description="Runner kubernetes: where this machine sees the root of that claim; the"
        " province's folder if unset.",
    )
    kubernetes_user: int = Field(
        default=65532, ge=1, description="Runner kubernetes: numeric user of the instances."
    )
    best_fit_weight: Weight = Field(default=1.0, description="Placement: fill nodes up.")
    spread_weight: Weight = Field(
        default=1.0, description="Placement: keep instances of a capability apart."
    )
    idle_weight: Weight = Field(default=0.5, description="Placement: prefer idle nodes.")
    passport_fit_weight: Weight = Field(default=0.0, description="Placement: prefer fast nodes.")
    fragmentation_weight: Weight = Field(
        default=100.0, description="Placement: keep GPUs usable for typical requests, of each GPU."
    )
    balance_weight: Weight = Field(
        default=100.0, description="Placement: keep cores beside idle GPUs, of each GPU."
    )
    scaling_down_after: timedelta = Field(
        default=timedelta(minutes=5),
        gt=timedelta(0),
        description="How long replicas stay after they were needed last.",
    )
    scaling_window: timedelta = Field(
        default=timedelta(minutes=1),
        gt=timedelta(0),
        description="Calls of how long make up the present rate and p99.",
    )
    scaling_utilisation: float = Field(
        default=0.7, gt=0, lt=1, description="Share of time that scaled replicas may be busy."
    )
    scaling_budget_millicores: int | None = Field(
        default=None,
        ge=1,
        description="Thousandths of a core that all versions that scale may reserve; no end if"
        " unset. What their floors ask for is never refused.",
    )
    loan_notice: timedelta = Field(
        default=timedelta(minutes=2),
        ge=timedelta(0),
        description="How long a borrower has to stop when inference needs what was lent.",
    )
    load_interval: timedelta = Field(
        default=timedelta(seconds=1), gt=timedelta(0), description="How often a node reports load."
    )
    load_valid: timedelta = Field(
        default=timedelta(seconds=10),
        gt=timedelta(0),
        description="Age of its last load at which a node gets no new instances.",
    )
    node_lost_after: timedelta = Field(
        default=timedelta(seconds=30),
        gt=timedelta(0),
        description="Silence of a node after which its instances are placed elsewhere.",
    )
    reservation_lease: timedelta = Field(
        default=timedelta(seconds=30),
        gt=timedelta(0),
        description="Age at which what was reserved, and neither bound nor renewed, is void.",
    )
    standby: bool = Field(
        default=False,
        description="Wait for the scheduler that works in this folder to end, and take over then.",
    )
    sample_share: Share = Field(
        default=0.01, description="Share of answered calls that instances keep in their log."
    )
    sample_shares: dict[CapabilityName, Share] = Field(
        default={}, description="The same of single capabilities, as JSON."
    )
    start_timeout: timedelta = Field(
        default=timedelta(seconds=60),
        gt=timedelta(0),
        description="How long an instance may take to become ready before it is restarted.",
    )
    longest_delay: timedelta = Field(
        default=timedelta(seconds=30),
        gt=timedelta(0),
        description="Longest pause between two restarts of an instance that keeps failing.",
    )
    drain: timedelta = Field(
        default=timedelta(seconds=1),
        ge=timedelta(0),
        description="How long a surplus instance goes on after the gateway was told to leave it.",
    )
    keep_retired: timedelta = Field(
        default=timedelta(hours=72),
        ge=timedelta(0),
        description="How long the folder of a stopped instance, with its journal, is kept.",
    )

    @model_validator(mode="after")
    def _has_one_password(self) -> Self:
        given = [self.nacos_password, self.nacos_password_file]
        if self.nacos_username is not None and given.count(None) != 1:
            raise ValueError("nacos-username takes either nacos-password or nacos-password-file")
        return self

    @model_validator(mode="after")
    def _kubernetes_needs_a_cluster(self) -> Self:
        if self.runner == "kubernetes" and self.kubeconfig is None:
            raise ValueError("--runner kubernetes needs --kubeconfig")
        return self
