"""Who takes part in the showcase, and where."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from capability_sdk.client import CenterClient

Say = Callable[[str], None]
"""Prints one line of progress."""


@dataclass(frozen=True, slots=True)
class Person:
    """A demo account."""

    name: str
    password: str


@dataclass(frozen=True, slots=True)
class DemoProvince:
    """A province of the demo and its people."""

    name: str
    gateway_url: str
    operator: Person
    noise: float
    """Standard deviation of its scanner's noise, in grey levels of 16."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that the walk needs to know."""

    center_url: str
    admin: Person
    engineer: Person
    provinces: tuple[DemoProvince, ...]
    folder: Path
    """For the project, the author's signing key and the held-back images."""
    say: Say

    def sign_in(self, person: Person) -> CenterClient:
        """Return a client of the center that acts as one person; the caller closes it."""
        with CenterClient(self.center_url) as anonymous:
            token = anonymous.sign_in(person.name, person.password, label="showcase")
        return CenterClient(self.center_url, token)


@dataclass(frozen=True, slots=True)
class DemoApplication:
    """A calling system that the showcase registered; its secret is known to the demo alone."""

    client_id: str
    client_secret: str
    province: str
