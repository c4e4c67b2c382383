"""Waiting for what arrives a little later; how long that takes is never what is tested."""

import time
from collections.abc import Callable
from typing import TypeVar

_T = TypeVar("_T")


def eventually(look: Callable[[], _T], seconds: float = 30.0) -> _T:
    """Look until something true is seen, and return it; fail when it does not come."""
    end = time.monotonic() + seconds
    while not (seen := look()):
        assert time.monotonic() < end, f"nothing came within {seconds} s"
        time.sleep(0.05)
    return seen
