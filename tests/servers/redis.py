"""A real Redis."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.process import accepts, find_program, free_port, running


@contextmanager
def redis_server(folder: Path) -> Iterator[str]:
    """Run Redis without persistence; yields its URL."""
    port = free_port()
    command = [
        find_program("redis-server"),
        *("--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder)),
        *("--save", "", "--appendonly", "no"),
    ]
    with running(command, log=folder / "redis.log", is_ready=lambda: accepts(port)):
        yield f"redis://127.0.0.1:{port}/0"
