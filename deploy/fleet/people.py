"""The accounts that act for the fleet; their passwords are made at each run and kept nowhere."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from capability_sdk.client import ApiProblem, CenterClient

ENGINEER: Final = "fleet-engineer"
_PASSWORD_BYTES: Final = 24
_CONFLICT: Final = 409


def operator_of(province: str) -> str:
    """Return the name of a simulated province's operator."""
    return f"fleet-{province}"


@contextmanager
def acting(
    admin: CenterClient, url: str, name: str, role: str, organisation: str
) -> Iterator[CenterClient]:
    """Sign in as an account of the fleet, which an admin makes, or resets, for this run."""
    password = secrets.token_urlsafe(_PASSWORD_BYTES)
    code = _invitation(admin, name, role, organisation)
    with CenterClient(url) as person:
        person.post("/invitations:accept", {"code": code, "password": password})
        token = person.sign_in(name, password, label="fleet")
    with CenterClient(url, token) as signed_in:
        yield signed_in


def _invitation(admin: CenterClient, name: str, role: str, organisation: str) -> str:
    body = {"name": name, "role": role, "organisation": organisation}
    try:
        made = admin.post("/users", body)
    except ApiProblem as problem:
        if problem.code != "name-taken":
            raise
        _enable(admin, name)
        made = admin.post(f"/users/{name}:reset")
    return str(made["invitation"]["code"])


def _enable(admin: CenterClient, name: str) -> None:
    """Let somebody in again whom an earlier removal of the fleet kept out."""
    try:
        admin.post(f"/users/{name}:enable")
    except ApiProblem as problem:
        if problem.status != _CONFLICT:
            raise
