"""The newest head of the trail, kept in a file outside of the database.

Whoever can write to the database can cut the trail off and set its head back, or compute a new
chain; they cannot reach this file. It is written after the commit, so it is never ahead of the
trail, and behind it by what was being committed at most.
"""

import fcntl
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.orm import Session

from capability_sdk.kit.files import write_atomically
from center.database import after_commit
from center.identity.audit.trail import Act, Head

FILE = "audit-anchor.json"
_log = logging.getLogger(__name__)


class Anchor:
    """The file, written by every process of the center that records acts."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._lock = folder / f".{FILE}.lock"

    def read(self) -> Head | None:
        """Return the newest head that was committed; None before the first one.

        Raises:
            ValueError: The file is not one of ours.
        """
        try:
            content = self._path.read_text()
        except FileNotFoundError:
            return None
        return read_head(content)

    def follow(self, session: Session, act: Act) -> None:
        """Keep the head of a transaction's acts, once they are committed."""
        after_commit(session, FILE, partial(self._keep, Head(act.seq, act.hash)))

    def _keep(self, head: Head) -> None:
        try:
            self.advance(head)
        except (OSError, ValueError):
            # The act happened; the next one anchors it with itself.
            _log.exception("the audit trail's head %s was not anchored", head.seq)

    def advance(self, head: Head) -> None:
        """Keep a head, unless a newer one is kept."""
        with self._alone():
            kept = self.read()
            if kept is None or kept.seq < head.seq:
                content = json.dumps({"seq": head.seq, "hash": head.hash})
                write_atomically(self._path, content.encode())

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with self._lock.open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _anchor(request: Request) -> Anchor:
    anchor: Anchor = request.app.state.anchor
    return anchor


AnchorDep = Annotated[Anchor, Depends(_anchor)]
"""The center's own anchor of its trail."""


def read_head(text: str) -> Head:
    """Read a head from JSON with ``seq`` and ``hash``.

    Raises:
        ValueError: It is not one.
    """
    try:
        content = json.loads(text)
        return Head(int(content["seq"]), str(content["hash"]))
    except (KeyError, TypeError) as error:
        raise ValueError("no audit head: seq and hash are missing") from error
