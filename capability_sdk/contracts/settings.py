"""Settings: what a package lets each province choose, and what a province has chosen."""

import hashlib
import json
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, StrictBool, StrictFloat, StrictInt, StrictStr, model_validator

from capability_sdk.contracts.model import Digest, Strict, Wire

Value = StrictBool | StrictInt | StrictFloat | Annotated[StrictStr, Field(max_length=1000)]
SettingName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
MAX_SETTINGS = 64


class SettingKind(StrEnum):
    """What a setting's values are."""

    NUMBER = "number"
    INTEGER = "integer"
    TEXT = "text"
    BOOLEAN = "boolean"


_TYPES: dict[SettingKind, tuple[type, ...]] = {
    SettingKind.NUMBER: (int, float),
    SettingKind.INTEGER: (int,),
    SettingKind.TEXT: (str,),
    SettingKind.BOOLEAN: (bool,),
}


class Setting(Strict):
    """One value that a province may choose: ``[settings.NAME]`` of ``capability.toml``."""

    kind: SettingKind
    default: Value
    description: Annotated[str, Field(max_length=500)] = ""
    unit: Annotated[str, Field(max_length=40)] = ""
    least: float | None = Field(default=None, description="Smallest number that is taken.")
    most: float | None = Field(default=None, description="Largest number that is taken.")
    choices: Annotated[list[str], Field(min_length=1, max_length=100)] | None = Field(
        default=None, description="The only texts that are taken."
    )

    @model_validator(mode="after")
    def _takes_its_default(self) -> Self:
        if (reason := self.refusal(self.default)) is not None:
            raise ValueError(f"the default {reason}")
        return self

    def refusal(self, value: Value) -> str | None:
        """Return why a value is not taken, as the end of a sentence; None where it is."""
        is_flag = isinstance(value, bool)
        if not isinstance(value, _TYPES[self.kind]) or is_flag != (
            self.kind is SettingKind.BOOLEAN
        ):
            return f"is not of kind {self.kind}"
        if isinstance(value, str):
            is_known = self.choices is None or value in self.choices
            return None if is_known else f"is none of {', '.join(self.choices or [])}"
        if self.least is not None and value < self.least:
            return f"is less than {self.least:g}"
        if self.most is not None and value > self.most:
            return f"is more than {self.most:g}"
        return None


class Overlay(Wire):
    """What a province chose for a capability; what it does not name keeps its default."""

    version: Annotated[int, Field(ge=1)]
    values: dict[SettingName, Value]
    digest: Digest
    """Of `canonical` values."""


def canonical(values: Mapping[str, Value]) -> bytes:
    """Write values in the one form that is digested, and that stands in the province's file."""
    text = json.dumps(
        values, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return text.encode()


def digest_of(content: bytes) -> str:
    """Return the digest of written values."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def overlay_file(package: Path, digest: str) -> Path:
    """Return where the values of a digest stand: in the folder beside the province's packages."""
    return package.parent.parent / "overlays" / f"{digest.removeprefix('sha256:')}.json"
