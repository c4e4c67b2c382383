"""Settings of a gateway worker."""

from datetime import timedelta
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class GatewaySettings(BaseSettings):
    """Read once, at the start of the process; passed down, never imported."""

    model_config = SettingsConfigDict(
        env_prefix="GATEWAY_",
        frozen=True,
        extra="forbid",
        cli_kebab_case=True,
        cli_implicit_flags=True,
    )

    data: Path = Field(description="The province's folder.")
    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(ge=0, le=65535, description="TCP port to listen on; 0 takes a free one.")
    worker: int = Field(default=0, ge=0, le=255, description="Number of this worker.")
    workers: int = Field(
        default=1,
        ge=1,
        le=256,
        description="Workers that share the port and the province's quotas.",
    )
    strict: bool = Field(
        default=False, description="Whether an answer waits until the disk holds its record."
    )
    sync_window: timedelta = Field(
        default=timedelta(milliseconds=50),
        gt=timedelta(0),
        le=timedelta(seconds=5),
        description="What a power cut may cost of the metered calls, at most.",
    )
    max_body_bytes: int = Field(
        default=16 << 20,
        ge=1024,
        le=1 << 30,
        description="Largest body of an infer call, in bytes.",
    )
    instance_timeout: timedelta = Field(
        default=timedelta(seconds=30), gt=timedelta(0), description="What an instance may take."
    )
    wake_patience: timedelta = Field(
        default=timedelta(seconds=20),
        ge=timedelta(0),
        description="How long a call of a capability that sleeps waits for its first replica.",
    )
    head_timeout: timedelta = Field(
        default=timedelta(seconds=10),
        gt=timedelta(0),
        description="What a caller may take to send a request's head.",
    )
    body_timeout: timedelta = Field(
        default=timedelta(seconds=60),
        gt=timedelta(0),
        description="What a caller may take to send a request's body.",
    )
    idle_timeout: timedelta = Field(
        default=timedelta(seconds=75),
        gt=timedelta(0),
        description="What a caller may take between requests, and to read answers.",
    )
    redis_url: str | None = Field(
        default=None,
        description="Redis that counts quotas for all gateways; without it, the agent does.",
    )
