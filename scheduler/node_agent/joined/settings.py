"""What can be set for a machine that joined, by ``NODE_*`` variables."""

from datetime import timedelta
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from capability_sdk.contracts.manifest import AlgorithmFamily, Engine


class NodeSettings(BaseSettings):
    """Read once when the agent starts; passed down, never imported as a global."""

    model_config = SettingsConfigDict(env_prefix="NODE_", frozen=True, extra="ignore")

    engines: tuple[Engine, ...] | None = Field(
        default=None, description="Engines that this machine offers; what is installed if unset."
    )
    families: tuple[AlgorithmFamily, ...] = Field(
        default=tuple(AlgorithmFamily), description="Algorithm families that this machine offers."
    )
    triton: Path | None = Field(
        default=None,
        description="Python environment with the wheel nvidia-pytriton: what engine triton needs.",
    )
    labels: dict[str, str] = Field(default={}, description="Labels of this machine, as JSON.")
    load_interval: timedelta = Field(
        default=timedelta(seconds=1),
        gt=timedelta(0),
        description="How often it reports load and instances.",
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
    serving_module: str = Field(
        default="capability_sdk.serving", description="Python module that serves an instance."
    )
    keep_retired: timedelta = Field(
        default=timedelta(hours=72),
        ge=timedelta(0),
        description="How long the folder of a stopped instance, with its journal, is kept.",
    )
