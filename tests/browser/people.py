"""Who is at the console: the demo's people, and one whom it has not."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from capability_sdk.client import ApiProblem, CenterClient
from tests.browser.platform import Demo

REGIONAL: Final = "sun-mei"
"""Admin of one province alone."""


@contextmanager
def as_admin(demo: Demo) -> Iterator[CenterClient]:
    """Speak to the center as its admin."""
    with CenterClient(demo.center) as stranger:
        token = stranger.sign_in("li-na", demo.passwords["li-na"], label="the browser's harness")
    with CenterClient(demo.center, token) as admin:
        yield admin


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
        "organisation": "zhejiang",
        "provinces": ["zhejiang"],
    }
    try:
        made = admin.post("/users", body)
    except ApiProblem as problem:
        if problem.code != "name-taken":
            raise
        made = admin.post(f"/users/{REGIONAL}:reset")
    return str(made["invitation"]["code"])
