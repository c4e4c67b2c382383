"""Passwords: Argon2id, at a bounded cost in memory, and the same time for unknown names."""

import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# Every hash takes 19 MiB: a flood of sign-ins queues here instead of filling the memory.
_AT_ONCE = threading.BoundedSemaphore(2)
_NOBODY = _HASHER.hash("no account has this password")


def hash_password(password: str) -> str:
    """Return what is kept of a password."""
    with _AT_ONCE:
        return _HASHER.hash(password)


def verify_password(kept: str | None, password: str) -> bool:
    """Tell whether a password is the one; takes as long where there is none to compare with."""
    with _AT_ONCE:
        try:
            _HASHER.verify(kept or _NOBODY, password)
        except (VerificationError, InvalidHashError):
            return False
    return kept is not None
