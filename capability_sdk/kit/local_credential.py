"""The shared secret of one province's own processes: no call is anonymous, not even on loopback."""

import hmac
from collections.abc import Callable
from typing import Annotated

from fastapi import Header

from capability_sdk.contracts.errors import NotAuthenticated

INTERNAL_TOKEN_FILE = "internal.token"  # noqa: S105 - a file's name


def require_local_credential(secret: str) -> Callable[[str], None]:
    """Make the FastAPI dependency that admits only the province's own processes."""
    expected = f"Bearer {secret}".encode()

    def check(authorization: Annotated[str, Header()] = "") -> None:
        if not hmac.compare_digest(authorization.encode(), expected):
            raise NotAuthenticated("This address serves the province's own processes only.")

    return check
