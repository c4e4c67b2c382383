"""Ways to take a right away at the center, and what a caller then hears."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tests.campaigns.callers import Caller
from tests.campaigns.country import Country


@dataclass
class Subject:
    """An application with its subscription, its secret and a caller of it."""

    province: str
    client_id: str
    secret: str
    subscription: str
    caller: Caller


Act = Callable[[Country, Subject], None]
TOKEN_REFUSED = "invalid-token"
NOT_GRANTED = "capability-not-granted"


def claims(token: str) -> dict[str, Any]:
    """Read a token's claims, unverified."""
    part = token.split(".")[1]
    read: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return read


def _suspend_subscription(country: Country, subject: Subject) -> None:
    country.root.post(f"/subscriptions/{subject.subscription}:suspend")


def _revoke_subscription(country: Country, subject: Subject) -> None:
    country.root.post(f"/subscriptions/{subject.subscription}:revoke")


def _resume_and_suspend_subscription(country: Country, subject: Subject) -> None:
    for act in ("suspend", "resume", "suspend"):
        country.root.post(f"/subscriptions/{subject.subscription}:{act}")


def _suspend_application(country: Country, subject: Subject) -> None:
    country.root.post(f"/applications/{subject.client_id}:suspend")


def _revoke_application(country: Country, subject: Subject) -> None:
    country.root.post(f"/applications/{subject.client_id}:revoke")


def _remove_secret(country: Country, subject: Subject) -> None:
    """Change over to a second secret; tokens of the first one fall with it."""
    path = f"/applications/{subject.client_id}"
    old = country.root.get(path)["secrets"][0]["id"]
    country.root.post(f"{path}/secrets")
    country.root.delete(f"{path}/secrets/{old}")


def _revoke_token(country: Country, subject: Subject) -> None:
    read = claims(subject.caller.token)
    expires_at = datetime.fromtimestamp(read["exp"], UTC).isoformat()
    country.root.post("/token-revocations", {"jti": read["jti"], "expires_at": expires_at})


ACTS: dict[str, tuple[Act, str]] = {
    "subscription-suspended": (_suspend_subscription, NOT_GRANTED),
    "subscription-revoked": (_revoke_subscription, NOT_GRANTED),
    "subscription-suspended-again": (_resume_and_suspend_subscription, NOT_GRANTED),
    "application-suspended": (_suspend_application, NOT_GRANTED),
    "application-revoked": (_revoke_application, TOKEN_REFUSED),
    "secret-removed": (_remove_secret, TOKEN_REFUSED),
    "token-revoked": (_revoke_token, TOKEN_REFUSED),
}
"""Acts on one application, with the cause that its calls are refused for."""


def _revoke_keys(country: Country) -> None:
    country.root.post("/token-keys:rotate", {"leaked": True})


def _revoke_edges(country: Country) -> None:
    for province in country.provinces:
        country.root.post(f"/edges/edge-{province}:revoke")


WIDE_ACTS: dict[str, tuple[Callable[[Country], None], str]] = {
    "keys-leaked": (_revoke_keys, TOKEN_REFUSED),
    "edges-revoked": (_revoke_edges, NOT_GRANTED),
}
"""Acts on every application at once; no edge serves again after the last one."""
