"""Makes the demo's people and provinces at a running center; taken up again after a break."""

import subprocess
import sys
from pathlib import Path
from typing import Any

from capability_sdk.client import ApiProblem, CenterClient
from deploy.embedded.demo import ADMIN, PROVINCES, DemoRecord
from deploy.embedded.platform import AccountView

_CONFLICT = 409


def create_people(
    center_url: str, center_data: Path, record: DemoRecord, *, is_again: bool
) -> None:
    """Make every account of the record with its password, and the provinces.

    ``is_again`` says that an earlier attempt was interrupted: what it made stays, and each account
    ends with the record's password.
    """
    admin = record.account(ADMIN)
    if not (is_again and _can_sign_in(center_url, admin)):
        _create_admin(admin, center_data)
    with sign_in(center_url, admin) as client:
        for province in PROVINCES:
            titles = {"zh": province.zh, "en": province.en}
            body = {"name": province.name, "titles": titles, "zone": "Asia/Shanghai"}
            _post_once(client, "/provinces", body)
        for person in record.accounts:
            if person.name == ADMIN or (is_again and _can_sign_in(center_url, person)):
                continue
            _create_person(client, center_url, person)


def enrolment_code(center_url: str, admin: AccountView, province: str) -> str:
    """Make a province's single-use enrolment code."""
    with sign_in(center_url, admin) as client:
        return str(client.post(f"/provinces/{province}/enrolment-codes")["code"])


def sign_in(center_url: str, account: AccountView) -> CenterClient:
    """Return a client of the center that acts as one account; the caller closes it."""
    with CenterClient(center_url) as anonymous:
        token = anonymous.sign_in(account.name, account.password, label="demo")
    return CenterClient(center_url, token)


def _can_sign_in(center_url: str, account: AccountView) -> bool:
    try:
        sign_in(center_url, account).close()
    except ApiProblem:
        return False
    return True


def _create_admin(admin: AccountView, center_data: Path) -> None:
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


def _create_person(client: CenterClient, center_url: str, person: AccountView) -> None:
    body = {"name": person.name, "role": person.role, "organisation": person.organisation}
    invited = _post_once(client, "/users", body)
    if invited is None:
        invited = client.post(f"/users/{person.name}:reset")
    code = invited["invitation"]["code"]
    with CenterClient(center_url) as anonymous:
        anonymous.post("/invitations:accept", {"code": code, "password": person.password})


def _post_once(client: CenterClient, path: str, body: dict[str, Any]) -> Any:  # noqa: ANN401 - a JSON answer
    """Create something; None where it is there already."""
    try:
        return client.post(path, body)
    except ApiProblem as problem:
        if problem.status != _CONFLICT:
            raise
        return None
