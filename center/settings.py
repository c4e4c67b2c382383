"""What an operator of the center can set; read once, by ``__main__`` and the commands."""

from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from fastapi import Depends, Request
from pydantic import BaseModel, ConfigDict, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from capability_sdk.packaging.layout import MAX_ARCHIVE_BYTES
from center.permissions import CENTER, Role

MEBIBYTE = 1 << 20


PeopleRole = Literal[Role.ADMIN, Role.OPERATOR, Role.ENGINEER]


class OidcSettings(BaseModel):
    """Sign-in through an OpenID Connect provider (``CENTER_OIDC__…``)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    issuer: Annotated[str, Field(pattern=r"^(https://|http://(127\.0\.0\.1|localhost)[:/])")] = (
        Field(description="The provider's issuer; https, but on loopback.")
    )
    client_id: str = Field(description="What the provider knows the center as.")
    client_secret: SecretStr = Field(description="The center's secret there.")
    title: str = Field(default="SSO", description="What the button of the sign-in page says.")
    contact: str = Field(default="", description="Who can grant a role, for those without one.")
    scope: str = Field(default="openid profile", description="Scopes that are asked for.")
    name_claim: str = Field(default="preferred_username", description="Claim that names people.")
    role_claim: str = Field(
        default="realm_access.roles", description="Claim that lists roles; dots go into objects."
    )
    roles: dict[str, PeopleRole] = Field(description="The provider's roles, and what each is here.")
    organisation_claim: str = Field(
        default="organisation", description="Claim with the organisation's name."
    )
    organisation: str = Field(default=CENTER, description="Of people without that claim.")
    provinces_claim: str = Field(
        default="provinces", description="Claim that lists the provinces that the role is for."
    )
    clock_skew: timedelta = Field(
        default=timedelta(seconds=60),
        ge=timedelta(0),
        le=timedelta(minutes=5),
        description="How far the two clocks may differ.",
    )


class CenterSettings(BaseSettings):
    """Settings of the center and its worker, from the environment (``CENTER_…``)."""

    model_config = SettingsConfigDict(
        env_prefix="CENTER_", env_nested_delimiter="__", frozen=True, extra="forbid"
    )

    data: Path = Field(
        default=Path("center-data"),
        description="Folder of the database, the packages and the master key.",
    )
    database_url: SecretStr | None = Field(
        default=None,
        description="SQLAlchemy URL of PostgreSQL, MySQL or MariaDB; SQLite in the folder if unset.",
    )
    host: str = Field(default="127.0.0.1", description="Address that the center listens on.")
    port: Annotated[int, Field(ge=0, le=65535)] = Field(
        default=8400, description="Port that the center listens on; 0 takes a free one."
    )
    public_url: str = Field(
        default="http://127.0.0.1:8400",
        description="Where people and edges reach the center; https makes cookies `Secure`.",
    )
    console_origins: tuple[str, ...] = Field(
        default=(),
        description="Further web origins whose pages may call gateways to try capabilities, such "
        "as a developer's console; that of `public_url` always may.",
    )
    log_level: str = Field(default="INFO", description="Least level of the log.")

    session_lifetime: timedelta = Field(
        default=timedelta(hours=12), gt=timedelta(0), description="Life of a person's sign-in."
    )
    invitation_lifetime: timedelta = Field(
        default=timedelta(hours=72), gt=timedelta(0), description="Life of an invitation code."
    )
    enrolment_lifetime: timedelta = Field(
        default=timedelta(minutes=15), gt=timedelta(0), description="Life of an enrolment code."
    )
    local_accounts: bool = Field(
        default=True,
        description="Whether people may sign in with a password; off, the provider alone lets them in.",
    )
    oidc: OidcSettings | None = Field(
        default=None, description="Sign-in through a provider; off where it is not set."
    )
    sign_in_attempts: Annotated[int, Field(ge=1)] = Field(
        default=10, description="Failed sign-ins of one account within the window."
    )
    sign_in_attempts_per_address: Annotated[int, Field(ge=1)] = Field(
        default=50, description="Failed sign-ins from one network address within the window."
    )
    sign_in_window: timedelta = Field(
        default=timedelta(minutes=15), gt=timedelta(0), description="Window of failed sign-ins."
    )

    token_lifetime: timedelta = Field(
        default=timedelta(minutes=15),
        gt=timedelta(0),
        le=timedelta(minutes=15),
        description="Life of an access token; gateways refuse more than 15 minutes.",
    )
    edge_token_lifetime: timedelta = Field(
        default=timedelta(minutes=15),
        gt=timedelta(0),
        le=timedelta(minutes=15),
        description="Life of the token that an edge presents to the center.",
    )
    issuer_lifetime: timedelta = Field(
        default=timedelta(hours=72),
        ge=timedelta(minutes=1),
        le=timedelta(days=7),
        description="How long provinces may issue tokens themselves while the center is away.",
    )
    key_publish_lead: timedelta = Field(
        default=timedelta(minutes=2),
        ge=timedelta(0),
        description="How long a new token key is published before it signs.",
    )
    max_body_bytes: Annotated[int, Field(gt=0)] = Field(
        default=4 * MEBIBYTE, description="Largest request body but packages."
    )
    token_key_age: timedelta = Field(
        default=timedelta(days=30),
        gt=timedelta(0),
        description="Age at which the worker replaces the key that signs access tokens.",
    )
    proving_required: bool = Field(
        default=False,
        description="Whether a version can pass its gate only on a proving edge; where one is "
        "enrolled, it always has to.",
    )
    proving_patience: timedelta = Field(
        default=timedelta(minutes=2),
        gt=timedelta(0),
        le=timedelta(minutes=5),
        description="How long the gate waits for a silent proving edge before it refuses.",
    )
    max_package_bytes: Annotated[int, Field(gt=0, le=MAX_ARCHIVE_BYTES)] = Field(
        default=MAX_ARCHIVE_BYTES, description="Largest package archive."
    )

    @property
    def origins(self) -> tuple[str, ...]:
        """Web origins of the console: scheme, host and port."""
        parts = urlsplit(self.public_url)
        return (f"{parts.scheme}://{parts.netloc}", *self.console_origins)

    smtp_host: str | None = Field(
        default=None, description="Server that sends e-mails; none are sent if unset."
    )
    smtp_port: Annotated[int, Field(ge=1, le=65535)] = Field(
        default=587, description="Port of the mail server."
    )
    smtp_user: str | None = Field(default=None, description="Account at the mail server.")
    smtp_password: SecretStr | None = Field(
        default=None, description="Password at the mail server."
    )
    smtp_from: str = Field(
        default="jiuzhou@localhost", description="Address that e-mails come from."
    )
    smtp_starttls: bool = Field(
        default=True, description="Whether the mail server must encrypt before anything is said."
    )
    smtp_authorities: Path | None = Field(
        default=None, description="PEM file of certificates to trust; the machine's own if unset."
    )
    webhooks: bool = Field(
        default=False, description="Whether people may have notifications posted to addresses."
    )
    webhook_networks: tuple[IPv4Network | IPv6Network, ...] = Field(
        default=(),
        description="Networks that webhooks may be in although they are not public, as a JSON "
        "list; within these, http is allowed too.",
    )

    @property
    def sqlalchemy_url(self) -> str:
        """The database's URL, with its password: never log it."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.data / 'center.db'}"


def _settings(request: Request) -> CenterSettings:
    settings: CenterSettings = request.app.state.settings
    return settings


SettingsDep = Annotated[CenterSettings, Depends(_settings)]
"""The settings that the application was made with."""
