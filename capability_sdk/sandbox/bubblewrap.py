"""The command line of bubblewrap: what a confined process sees of this machine."""

import functools
import os
import shutil
import site
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import capability_sdk

_SYSTEM = (
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/etc/ld.so.cache",
    "/etc/alternatives",
)
_ISOLATED = ("bwrap", "--unshare-all", "--unshare-user", "--die-with-parent", "--new-session")
# It may make no namespace of its own, in which it would be somebody.
_POWERLESS = ("--disable-userns", "--cap-drop", "ALL", "--clearenv")


@functools.cache
def has_sandbox() -> bool:
    """Say whether this host can confine a process (bubblewrap and the right to use it)."""
    if shutil.which("bwrap") is None:
        return False
    probe = [*_ISOLATED, *_POWERLESS, "--ro-bind", "/", "/", "--proc", "/proc", "/bin/true"]
    try:
        done = subprocess.run(probe, capture_output=True, timeout=10, check=False)  # noqa: S603 - fixed
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def bubblewrap(
    command: Sequence[str],
    *,
    visible: Mapping[Path, Path],
    writable: Sequence[Path] = (),
    scratch_bytes: int,
    options: Sequence[str] = (),
) -> list[str]:
    """Put a sandbox around a command.

    Args:
        command: Program and arguments.
        visible: Folders and files that it may read: where it sees them, and what they are.
        writable: Folders that it may also write to, at their own paths.
        scratch_bytes: Size of its ``/tmp``, which is in memory and its own.
        options: Further options of ``bwrap``.
    """
    return [
        *(*_ISOLATED, *_POWERLESS, *options),
        *_system(scratch_bytes),
        *_binds(visible, writable),
        *_links(),
        *("--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/tmp"),  # noqa: S108 - the sandbox's own
        *command,
    ]


def _system(scratch_bytes: int) -> Iterator[str]:
    for name, value in clean_environment().items():
        yield from ("--setenv", name, value)
    for folder in _SYSTEM:
        yield from ("--ro-bind-try", folder, folder)
    yield from ("--dev", "/dev", "--proc", "/proc", "--size", str(scratch_bytes), "--tmpfs", "/tmp")  # noqa: S108 - the sandbox's own


def _binds(visible: Mapping[Path, Path], writable: Sequence[Path]) -> Iterator[str]:
    seen = {path: path for path in _python()} | dict(visible)
    for place, path in seen.items():
        yield from ("--ro-bind", str(path), str(place))
    for path in writable:
        yield from ("--bind", str(path), str(path))


def clean_environment() -> dict[str, str]:
    """Return all that a process of a package may know of this process's environment."""
    paths = [str(_project_root()), *map(str, _library_folders())]
    return {
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": os.pathsep.join(paths),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONNOUSERSITE": "1",
        "HOME": "/tmp",  # noqa: S108 - the sandbox's own, empty
        "LANG": "C.UTF-8",
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
    }


def _python() -> Iterator[Path]:
    """Yield what this interpreter needs, wherever it lives: pyenv, a venv, a system Python."""
    for prefix in _prefixes():
        if not prefix.is_relative_to("/usr"):
            yield prefix
    yield from _library_folders()
    # Of the project its package alone: beside it may lie a platform's data.
    yield Path(capability_sdk.__file__).parent


def _prefixes() -> list[Path]:
    return [Path(p) for p in (sys.base_prefix, sys.prefix, sys.base_exec_prefix, sys.exec_prefix)]


def _links() -> Iterator[str]:
    """Yield the links by which the interpreter is called and that lie outside of its folders."""
    known_folders = [*_prefixes(), Path("/usr"), Path("/bin")]
    path = Path(sys.executable)
    while path.is_symlink():
        target = path.readlink()
        if not any(path.is_relative_to(known) for known in known_folders):
            yield from ("--symlink", str(target), str(path))
        path = path.parent / target


def _library_folders() -> list[Path]:
    return [Path(item) for item in site.getsitepackages() if Path(item).is_dir()]


def _project_root() -> Path:
    return Path(capability_sdk.__file__).parents[1]
