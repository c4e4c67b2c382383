"""Who is at the console: the demo's people, and one whom it has not."""

import secrets
from dataclasses import replace
from typing import Final

from capability_sdk.client import ApiProblem, CenterClient
from tests.browser.platform import Demo, as_admin

REGIONAL: Final = "sun-mei"
"""Admin of one province alone."""


def with_regional_admin(demo: Demo) -> Demo:
    """Invite an admin of Zhejiang, or let the one of an earlier walk choose another password."""
    password = secrets.token_urlsafe(16)
    with as_admin(demo) as admin:
        code = _invitation(admin)
        admin.post("/invitations:accept", {"code": code, "password": password})
    return replace(demo, passwords={**demo.passwords, REGIONAL: password})


def _invitation(admin: CenterClient) -> str:
    body = {
        "name": REGIONAL,
        "role": "admin",
        "organisation": "center",
        "provinces": ["zhejiang"],
    }
    try:
        made = admin.post("/users", body)
    except ApiProblem as problem:
        if problem.code != "name-taken":
            raise
        made = admin.post(f"/users/{REGIONAL}:reset")
    return str(made["invitation"]["code"])
