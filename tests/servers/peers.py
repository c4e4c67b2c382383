"""Programs of others that need an environment of their own: each is built once from its lock.

``python -m tests.servers.peers`` (``make peers``) builds those that are missing, outside of the work
tree. The folder's name holds the lock's digest, so that a changed lock makes a new one.
"""

import hashlib
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

from tests.servers.process import refuse_or_skip

_ROOT = Path(__file__).parents[2]
_CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "jiuzhou"
NAMES = ("tritonserver", "kserve")


def environment(name: str) -> Path:
    """Return the folder of an environment; skip the test where it was not built, fail it in CI."""
    folder = _folder(name)
    if not _is_built(folder):
        refuse_or_skip(name, "make peers")
    return folder


def site_packages(folder: Path) -> Path:
    """Return the folder of an environment's packages."""
    return Path(sysconfig.get_path("purelib", "venv", {"base": str(folder)}))


def _folder(name: str) -> Path:
    lock = (_ROOT / "requirements" / f"{name}.txt").read_bytes()
    key = hashlib.sha256(lock + sys.version.encode()).hexdigest()[:16]
    return _CACHE / f"{name}-{key}"


def _is_built(folder: Path) -> bool:
    return (folder / ".built").exists()


def _build(name: str) -> None:
    folder = _folder(name)
    if _is_built(folder):
        return
    _say(f"Installing {name} into {folder} …")
    uv = str(Path(sys.executable).with_name("uv"))
    lock = str(_ROOT / "requirements" / f"{name}.txt")
    subprocess.run(
        [uv, "venv", "--quiet", "--clear", "--no-config", "--python", sys.executable, str(folder)],
        check=True,
    )
    options = ["--quiet", "--no-config", "--no-deps", "--require-hashes"]
    python = str(folder / "bin" / "python")
    subprocess.run([uv, "pip", "install", *options, "--python", python, "-r", lock], check=True)
    (folder / ".built").touch()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    for peer in NAMES:
        _build(peer)
