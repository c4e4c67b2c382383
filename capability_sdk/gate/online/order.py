"""What is to be judged, and what came of it; both cross the border of a process as JSON."""

from typing import Annotated

from pydantic import Field

from capability_sdk.contracts.model import Wire
from capability_sdk.contracts.packages import Check, PackageDigests


class Order(Wire):
    """One version behind one gateway."""

    gateway_url: str
    token: Annotated[str, Field(repr=False)]
    """Access token with the scope of the capability; the gateway has it verified before."""
    archive: str
    """Path of the package's archive: its manifest and samples."""
    digests: PackageDigests
    """What the answers' headers must name."""


class Outcome(Wire):
    """What the calls showed."""

    checks: list[Check]
    answered: list[str]
    """Request ids of the calls that an instance answered: usage must count every one of them."""
