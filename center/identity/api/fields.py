"""Fields that several routes of the identity domain take or show."""

from collections.abc import Collection
from typing import Annotated

from fastapi import Path
from pydantic import Field, StringConstraints

from capability_sdk.contracts.model import PLAIN_LINE, Identifier, ProvinceName

UserName = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z][a-z0-9._-]{1,62}$"),
    Field(description="Lower-case letters, digits, dot, dash.", examples=["li-na"]),
]
Password = Annotated[
    str, Field(min_length=12, max_length=200, repr=False, examples=["a sentence is a good one"])
]
Label = Annotated[
    str,
    StringConstraints(pattern=PLAIN_LINE, min_length=1, max_length=100),
    Field(examples=["nightly report"]),
]

CostCentre = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$"),
    Field(description="What usage is booked on.", examples=["CC-3300"]),
]


def sorted_names(names: Collection[str] | None) -> list[str] | None:
    """Show a set of names in their order."""
    return None if names is None else sorted(names)


UserPath = Annotated[UserName, Path()]
ProvincePath = Annotated[ProvinceName, Path()]
IdPath = Annotated[Identifier, Path()]
