"""What can be set for an agent, by ``AGENT_*`` variables."""

from datetime import timedelta

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from capability_sdk.packaging.layout import MAX_ARCHIVE_BYTES


class AgentSettings(BaseSettings):
    """Read once in ``__main__``; passed down, never imported as a global."""

    model_config = SettingsConfigDict(env_prefix="AGENT_", frozen=True, extra="forbid")

    profile_flush: timedelta = Field(
        default=timedelta(seconds=60),
        ge=timedelta(seconds=2),
        description="Age at which a window's data profile is sent, once it has 50 rows.",
    )
    profile_grace: timedelta = Field(
        default=timedelta(hours=1),
        description="How long after its hour a window waits for 50 rows before it is suppressed.",
    )
    prediction_retention: timedelta = Field(
        default=timedelta(days=7),
        gt=timedelta(0),
        description="How long predictions stay in the province for feedback to be joined.",
    )
    journal_retention: timedelta = Field(
        default=timedelta(hours=1),
        description="How long read journal segments of instances are kept.",
    )
    spool_retention: timedelta = Field(
        default=timedelta(hours=72),
        ge=timedelta(hours=1),
        description="How long acknowledged segments are kept for a center restored from backup.",
    )
    package_limit_bytes: int = Field(
        default=MAX_ARCHIVE_BYTES, gt=0, description="Largest package archive that is downloaded."
    )
    long_poll: timedelta = Field(
        default=timedelta(seconds=25),
        gt=timedelta(0),
        le=timedelta(seconds=60),
        description="How long one request for desired state waits at the center.",
    )
    longest_silence: timedelta = Field(
        default=timedelta(seconds=3),
        ge=timedelta(seconds=2),
        description="Silence of the center after which a request for desired state is given up.",
    )
    longest_delay: timedelta = Field(
        default=timedelta(seconds=15),
        gt=timedelta(0),
        description="Longest pause between two attempts to send the center something; to ask for "
        "desired state it is one second.",
    )
