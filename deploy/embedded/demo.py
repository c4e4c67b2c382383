"""The demo platform's first start: accounts, two provinces, enrolled through the real protocol."""

import secrets
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from pydantic import BaseModel

from capability_sdk.client import CenterClient
from capability_sdk.kit.files import write_atomically
from deploy.embedded.platform import AccountView, ApplicationView

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
    """``demo.json``, mode 0600: what the first start made, kept for the next ones."""

    accounts: list[AccountView] = []
    applications: list[ApplicationView] = []
    is_walked: bool = False

    @classmethod
    def load(cls, data: Path) -> Self:
        """Read the record; an empty one where the first start did not come that far."""
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


def create_accounts(center_url: str, center_data: Path) -> list[AccountView]:
    """Make the demo's people, each with a random password of their own."""
    admin = _account(ADMIN, "admin", "center")
    subprocess.run(  # noqa: S603 - our own command line
        [
            *(sys.executable, "-m", "capability_sdk.cli", "admin", "create", admin.name),
            *("--data", str(center_data), "--password-file", "-"),
        ],
        input=admin.password,
        text=True,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    with sign_in(center_url, admin) as client:
        for province in PROVINCES:
            titles = {"zh": province.zh, "en": province.en}
            body = {"name": province.name, "titles": titles, "zone": "Asia/Shanghai"}
            client.post("/provinces", body)
        people = [_account(ENGINEER, "engineer", "center")]
        people += [_account(p.operator, "operator", p.name) for p in PROVINCES]
        for person in people:
            invited = client.post(
                "/users",
                {"name": person.name, "role": person.role, "organisation": person.organisation},
            )
            code = invited["invitation"]["code"]
            with CenterClient(center_url) as anonymous:
                anonymous.post("/invitations:accept", {"code": code, "password": person.password})
    return [admin, *people]


def enrolment_codes(center_url: str, admin: AccountView) -> dict[str, str]:
    """Make each demo province's single-use enrolment code."""
    with sign_in(center_url, admin) as client:
        return {
            province.name: client.post(f"/provinces/{province.name}/enrolment-codes")["code"]
            for province in PROVINCES
        }


def sign_in(center_url: str, account: AccountView) -> CenterClient:
    """Return a client of the center that acts as one account."""
    with CenterClient(center_url) as anonymous:
        token = anonymous.sign_in(account.name, account.password, label="demo")
    return CenterClient(center_url, token)


def _account(name: str, role: str, organisation: str) -> AccountView:
    password = secrets.token_urlsafe(_PASSWORD_BYTES)
    return AccountView(name=name, role=role, organisation=organisation, password=password)
