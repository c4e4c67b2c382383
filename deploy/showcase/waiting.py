"""Waiting for what arrives a little later, such as a counted call."""

import time
from collections.abc import Callable
from typing import Final, TypeVar

_POLL_SECONDS: Final = 0.2

T = TypeVar("T")


class TookTooLong(Exception):
    """Something that was to happen did not."""


def wait_for(what: str, look: Callable[[], T | None], *, seconds: float = 90.0) -> T:
    """Look again and again until there is something to see.

    Args:
        what: What is waited for, for the error.
        look: Returns it, or None while it is not there yet.
        seconds: How long to wait.

    Raises:
        TookTooLong: It did not come.
    """
    deadline = time.monotonic() + seconds
    while (found := look()) is None:
        if time.monotonic() > deadline:
            raise TookTooLong(f"Waited {seconds:.0f} s in vain for {what}.")
        time.sleep(_POLL_SECONDS)
    return found
