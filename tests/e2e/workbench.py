"""A center and its proving edge without provinces: what an engineer needs to publish."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.harness import Person, eventually, running
from tests.e2e.platform import invite, sign_in, status
from tests.servers.process import free_port


@contextmanager
def running_workbench(folder: Path) -> Iterator[Person]:
    """Start ``jiuzhou up --no-showcase`` and yield a signed-in engineer."""
    data = folder / "center"
    up = ("up", "--no-showcase", "--data", str(data), "--port-base", str(free_port()))
    with running(folder / "up.log", *up):
        center = eventually("the platform", lambda: status(folder), 120.0)["center"]["url"]
        password = secrets.token_urlsafe(16)
        Person(folder / "homes" / "nobody").does(
            *("admin", "create", "li-na", "--data", str(data / "center"), "--password-file", "-"),
            stdin=password,
        )
        admin = sign_in(folder, center, "li-na", password)
        yield invite(admin, folder, center, "wang-wei", "engineer", "center")
