"""A center that dies at the n-th step of what it is asked: ``python -m ….nursery`` reads n a line.

A step is whatever may leave something behind: a file opened for writing, renamed or removed, a folder
made, a process started, a statement that writes, a commit, a connection given back after it. The
process imports the center once and forks for each n, so that a death costs no second start. A child
counts between SIGUSR1 and SIGUSR1; the second one writes the names of the steps to ``STEPS``.
"""

import os
import signal
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.pool import Pool

from center.__main__ import main as serve_center

_FILES = frozenset(
    {"os.rename", "os.remove", "os.mkdir", "os.utime", "os.truncate", "subprocess.Popen"}
)
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


class Death:
    """Counts steps while it is armed, and ends the process at one of them."""

    def __init__(self, at: int) -> None:
        self._at = at
        self._names: list[str] = []
        self._is_armed = False

    def toggle(self, *_: object) -> None:
        """Begin to count, or tell which steps there were."""
        self._is_armed = not self._is_armed
        if not self._is_armed:
            Path(os.environ["STEPS"]).write_text("\n".join(self._names))

    def step(self, name: str) -> None:
        """Take a step, perhaps the last one."""
        if not self._is_armed:
            return
        self._names.append(name)
        if len(self._names) == self._at:
            os.kill(os.getpid(), signal.SIGKILL)

    def commit(self, _: object) -> None:
        """Take a step right before a commit."""
        self.step("commit")

    def checkin(self, *_: object) -> None:
        """Take a step right after what a connection was for."""
        self.step("checkin")

    def audit(self, name: str, arguments: tuple[Any, ...]) -> None:
        """Take a step where the interpreter is about to touch a file or start a process."""
        if name in _FILES or (name == "open" and (arguments[2] or 0) & _WRITING):
            self.step(name)

    def statement(self, _: object, __: object, text: str, *___: object) -> None:
        """Take a step before a statement that writes."""
        if not text.lstrip().upper().startswith(("SELECT", "PRAGMA", "BEGIN")):
            self.step(text.partition("\n")[0][:60])


def _serve(at: int) -> None:
    death = Death(at)
    signal.signal(signal.SIGUSR1, death.toggle)
    event.listen(Engine, "before_cursor_execute", death.statement)
    event.listen(Engine, "commit", death.commit)
    event.listen(Pool, "checkin", death.checkin)
    sys.addaudithook(death.audit)
    os._exit(serve_center())


def main() -> None:
    """Fork a center for each line, one after the other."""
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _serve(int(line))
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()
        os.waitpid(child, 0)


if __name__ == "__main__":
    main()
