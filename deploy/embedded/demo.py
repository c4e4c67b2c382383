"""What the demo consists of, and what its first start leaves for the next ones."""

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from pydantic import BaseModel

from capability_sdk.kit.files import write_atomically
from deploy.embedded.platform import AccountView, ApplicationView

PROVING: Final = "proving"
"""The province whose edge proves drafts; every platform has it."""
DEMO_FILE: Final = "demo.json"
ADMIN: Final = "li-na"
ENGINEER: Final = "wang-wei"
_PASSWORD_BYTES: Final = 15


@dataclass(frozen=True, slots=True)
class DemoProvinceSpec:
    """A province of the demo."""

    name: str
    zh: str
    en: str
    operator: str
    noise: float
    """Standard deviation of its scanner's noise, grey levels of 16."""


PROVINCES: Final = (
    DemoProvinceSpec("zhejiang", "浙江", "Zhejiang", "chen-jing", 0.0),
    DemoProvinceSpec("guizhou", "贵州", "Guizhou", "zhao-min", 4.0),
)


class DemoRecord(BaseModel):
    """``demo.json``, mode 0600: the passwords are in it before the accounts are made."""

    accounts: list[AccountView] = []
    applications: list[ApplicationView] = []
    is_begun: bool = False
    """Some of the accounts may be there."""
    is_peopled: bool = False
    """All of them are."""
    is_walked: bool = False

    @classmethod
    def load(cls, data: Path) -> Self:
        """Read the record; an empty one where there is none."""
        try:
            return cls.model_validate_json((data / DEMO_FILE).read_bytes())
        except FileNotFoundError:
            return cls()

    def save(self, data: Path) -> None:
        """Write the record as a whole."""
        write_atomically(data / DEMO_FILE, self.model_dump_json(indent=2).encode())

    def account(self, name: str) -> AccountView:
        """Return an account by name."""
        return next(account for account in self.accounts if account.name == name)


def folder_of(data: Path, province: str) -> Path:
    """Return the folder of a province of the platform."""
    return data / "provinces" / province


def mark_as_demo(data: Path) -> None:
    """Say that this folder is the demo's, so that an interrupted first start is taken up again."""
    if not (data / DEMO_FILE).exists():
        DemoRecord(accounts=_people()).save(data)


def _people() -> list[AccountView]:
    roles = [(ADMIN, "admin", "center"), (ENGINEER, "engineer", "center")]
    roles += [(province.operator, "operator", province.name) for province in PROVINCES]
    return [
        AccountView(
            name=name,
            role=role,
            organisation=organisation,
            password=secrets.token_urlsafe(_PASSWORD_BYTES),
        )
        for name, role, organisation in roles
    ]
