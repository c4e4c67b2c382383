"""The two kinds of contract model, and the identifiers they share."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

SCHEMA = 1
"""Version of every center-to-edge contract that this release writes."""


class Wire(BaseModel):
    """Travels between programs: additive, so unknown members are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)


class Versioned(Wire):
    """A contract between center and edge: it names the version of its schema."""

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    schema_: Annotated[int, Field(alias="schema", ge=1)] = SCHEMA


class Strict(BaseModel):
    """Written by people: a misspelt member is an error, not a silent default."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def _as_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("lies outside of the years 1 to 9999 in UTC") from error


UtcTime = Annotated[AwareDatetime, AfterValidator(_as_utc)]
"""An aware time, turned to UTC."""

PLAIN_LINE = (
    "^[^\\x00-\\x1f\\x7f-\\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]*$"
)
"""Pattern of one line that shows all that it says: no control, invisible or direction-changing character."""

CapabilityName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,62}$")]
ProvinceName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,30}$")]
SemanticVersion = Annotated[
    str,
    StringConstraints(pattern=r"^(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})$"),
]
Digest = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]
Identifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$")]
Count = Annotated[int, Field(ge=0, le=2**53)]


def major(version: str) -> str:
    """Return the major part of a semantic version, ``"1"`` of ``"1.4.0"``."""
    return version.split(".", 1)[0]
