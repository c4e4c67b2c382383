"""A platform to test against, and people who use it through the command line."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

JIUZHOU = [sys.executable, "-m", "capability_sdk.cli"]
ROOT = Path(__file__).parents[2]

T = TypeVar("T")


@dataclass(frozen=True)
class Outcome:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:  # noqa: ANN401 - whatever the command printed
        return json.loads(self.out)


@dataclass(frozen=True)
class Person:
    """Somebody at a terminal, with an account of their own."""

    home: Path
    environment: dict[str, str] = field(default_factory=dict)

    def tries(self, *arguments: str, stdin: str = "") -> Outcome:
        """Run a command, whatever comes of it."""
        done = subprocess.run(
            [*JIUZHOU, *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
            env={**os.environ, "JIUZHOU_CONFIG": str(self.home), **self.environment},
            timeout=300,
        )
        return Outcome(done.returncode, done.stdout, done.stderr)

    def does(self, *arguments: str, stdin: str = "") -> str:
        """Run a command that must succeed; returns what it printed."""
        outcome = self.tries(*arguments, stdin=stdin)
        assert outcome.code == 0, f"{arguments}: {outcome.err or outcome.out}"
        return outcome.out

    def reads(self, *arguments: str) -> Any:  # noqa: ANN401 - whatever the command printed
        """Run a command that must succeed with ``--json``; returns the value."""
        return json.loads(self.does(*arguments, "--json"))


def eventually(what: str, look: Callable[[], T | None], seconds: float = 180.0) -> T:
    """Look until something is there; how long that takes is not what is tested."""
    deadline = time.monotonic() + seconds
    while (found := look()) is None:
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.1)
    return found


@contextmanager
def running(
    log: Path, *arguments: str, environment: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command in the background; it must stop cleanly on SIGTERM."""
    with (
        log.open("ab") as output,
        subprocess.Popen(
            [*JIUZHOU, *arguments],
            stdout=output,
            stderr=output,
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
        ) as process,
    ):
        try:
            yield process
        finally:
            process.terminate()
            process.wait(60)
