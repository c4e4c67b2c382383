"""Settings of an instance; the scheduler gives them on the command line."""

from pathlib import Path
from typing import Literal, Self

from pydantic import AnyHttpUrl, Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from capability_sdk.contracts.manifest import Engine
from capability_sdk.contracts.model import Digest, Identifier


class ServingSettings(BaseSettings):
    """Read once in ``__main__``; ``--max-waiting 10`` or ``SERVING_MAX_WAITING=10``."""

    model_config = SettingsConfigDict(
        env_prefix="SERVING_",
        frozen=True,
        extra="forbid",
        cli_kebab_case=True,
        cli_prog_name="python -m capability_sdk.serving",
        cli_hide_none_type=True,
    )

    package: Path = Field(description="Folder of the unpacked, verified package.")
    socket: Path = Field(description="Unix socket to listen on; made with mode 0600.")
    admin: Path | None = Field(
        default=None,
        description="Unix socket of the model repository extension; made with mode 0600.",
    )
    listen: str | None = Field(
        default=None,
        description="Address of this machine to listen on over TCP as well, on a free port, for a"
        " gateway on another machine; needs --access and --lease.",
    )
    access: Path | None = Field(
        default=None, description="File that tells port and credential, made with mode 0600."
    )
    lease: Path | None = Field(
        default=None, description="File of the node's lease, without which nothing is answered."
    )
    grpc: Path | None = Field(
        default=None, description="Unix socket to answer gRPC on as well; made with mode 0600."
    )
    otlp_endpoint: AnyHttpUrl | None = Field(
        default=None,
        description="Where traces are sent, by OTLP over HTTP, such as"
        " http://collector:4318/v1/traces; without it nothing is traced.",
    )
    trace_ratio: float = Field(
        default=1.0, ge=0, le=1, description="Share of calls without a traceparent that are traced."
    )
    journal: Path = Field(description="Spool folder of predictions and profile deltas.")
    samples: Path | None = Field(
        default=None, description="Folder of the inference log; none is kept if unset."
    )
    sample_share: float = Field(
        default=0.01, ge=0, le=1, description="Share of the answered calls that the log keeps."
    )
    sample_limit_bytes: int = Field(
        default=64 << 20, ge=1 << 20, description="What the inference log may take on the disk."
    )
    instance: Identifier = Field(description="Name of this instance in the province.")
    code_digest: Digest = Field(description="Digest that the code must have.")
    weights_digest: Digest = Field(description="Digest that the weights must have.")
    overlay: Path | None = Field(
        default=None, description="File of what the province chose of the package's settings."
    )
    overlay_digest: Digest | None = Field(
        default=None, description="Digest that the file must have."
    )
    threads: int = Field(default=1, ge=1, le=256, description="Threads that one batch may use.")
    batch_rows: int | None = Field(
        default=None,
        ge=1,
        description="Rows that are computed together at most, the best batch of the measured"
        " passport; the manifest's max_batch_size if unset.",
    )
    engine: Literal[Engine.TRITON] | None = Field(
        default=None, description="Server to put around the model; the runtime itself if unset."
    )
    triton: Path | None = Field(
        default=None,
        description="Python environment that holds the wheel nvidia-pytriton, for engine triton.",
    )
    max_waiting: int = Field(
        default=1024, ge=1, le=100_000, description="Calls that may wait; more are answered 503."
    )

    @model_validator(mode="after")
    def _guarded_or_not_at_all(self) -> Self:
        if len({self.listen is None, self.access is None, self.lease is None}) > 1:
            raise ValueError("--listen, --access and --lease go together")
        if (self.overlay is None) != (self.overlay_digest is None):
            raise ValueError("--overlay and --overlay-digest go together")
        return self
