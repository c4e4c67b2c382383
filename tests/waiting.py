"""Waiting for what arrives a little later; how long that takes is never what is tested."""

import contextlib
import time
from collections.abc import Callable, Iterable
from typing import TypeVar

import psutil

_T = TypeVar("_T")

_HOUR_SECONDS = 3600.0
_HOUR_MARGIN_SECONDS = 0.5
"""So that no process with an older reading of the clock still counts into the hour before."""


def eventually(look: Callable[[], _T], seconds: float = 60.0, *, pause: float = 0.05) -> _T:
    """Look until something true is seen, and return it; fail when it does not come."""
    end = time.monotonic() + seconds
    while not (seen := look()):
        assert time.monotonic() < end, f"nothing came within {seconds} s"
        time.sleep(pause)
    return seen


def within_the_hour(seconds: float) -> None:
    """Let an hour end that has less left: rows of two hours make two windows, each perhaps too small."""
    left = _HOUR_SECONDS - time.time() % _HOUR_SECONDS
    if left < seconds:
        time.sleep(left + _HOUR_MARGIN_SECONDS)


def alive(pids: Iterable[int]) -> list[int]:
    """Return the processes that still run; one that only waits to be reaped has ended."""
    running = []
    for pid in pids:
        with contextlib.suppress(psutil.NoSuchProcess):
            if psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                running.append(pid)
    return running
