"""The one program that holds the control plane: built from Go modules, once, into a cache.

The cache lies outside of the work tree. The file's name holds the digest of sources, module sums and
Go's version, so that a change to any of them makes a new one.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from tests.servers.process import refuse_or_skip

KUBERNETES = "v1.36.3"
_SOURCES = Path(__file__).parent / "controlplane"
_CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "jiuzhou"
_VERSIONED = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
"""Packages that hold the version; without these variables the server calls itself v0.0.0-master."""


def program() -> Path:
    """Return the program, built if need be; skip the test where Go is missing, fail it in CI.

    A build that another process has begun, such as CI's in the background, is waited for.
    """
    if shutil.which("go") is None:
        refuse_or_skip("go", "https://go.dev/doc/install")
    file = _file()
    if not file.exists() and build() != 0:
        refuse_or_skip("kubernetes", "make control-plane")
    return file


def build() -> int:
    """Build it unless it is there; 7 to 15 minutes of two cores where nothing is cached.

    Returns:
        Go's exit code; 0 where there was nothing to do, 1 where there is no Go.
    """
    if shutil.which("go") is None:
        _say("no Go on this machine: the tests against Kubernetes cannot run")
        return 1
    file = _file()
    with _alone(file):
        if file.exists():
            return 0
        _say(f"Building {file} …")
        coming = file.with_suffix(".coming")
        command = ["go", "build", "-mod=readonly", "-trimpath", "-ldflags", _link_flags()]
        environment = {**os.environ, "CGO_ENABLED": "0", "GOGC": "400"}
        done = subprocess.run(
            [*command, "-o", str(coming), "."], cwd=_SOURCES, env=environment, check=False
        )
        if done.returncode == 0:
            coming.rename(file)
        return done.returncode


@cache
def _file() -> Path:
    digest = hashlib.sha256(_go("env", "GOVERSION"))
    for source in sorted(_SOURCES.iterdir()):
        digest.update(source.name.encode() + source.read_bytes())
    digest.update(_link_flags().encode())
    return _CACHE / f"controlplane-{digest.hexdigest()[:16]}"


def _link_flags() -> str:
    _, major, minor = f"v.{KUBERNETES[1:]}".split(".")[:3]
    values = {
        "gitVersion": KUBERNETES,
        "gitMajor": major,
        "gitMinor": minor,
        "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z",
    }
    settings = [
        f"-X {package}.{name}={value}" for package in _VERSIONED for name, value in values.items()
    ]
    return " ".join(["-s -w", *settings])


def _go(*arguments: str) -> bytes:
    return subprocess.run(["go", *arguments], cwd=_SOURCES, check=True, capture_output=True).stdout


@contextmanager
def _alone(file: Path) -> Iterator[None]:
    """Have one process build, and the others wait for it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
