"""Imports without what libraries bring along unused: in processes that live long it takes memory (ADR 2)."""

import contextlib
import importlib.util
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Final, cast

_ABSENT: Final = cast("ModuleType", None)
"""What the import system takes for a module that is not installed."""


def leave_out(*modules: str) -> None:
    """Let optional parts of libraries look as if they were not installed, in this process for good.

    For parts that nothing here ever uses; called before anything could import them.
    """
    for name in modules:
        sys.modules.setdefault(name, _ABSENT)


@contextlib.contextmanager
def without(*modules: str) -> Iterator[None]:
    """Let optional libraries look as if they were not installed while something is imported."""
    there = {name: sys.modules[name] for name in modules if name in sys.modules}
    sys.modules.update(dict.fromkeys(modules, _ABSENT))
    try:
        yield
    finally:
        for name in modules:
            del sys.modules[name]
        sys.modules.update(there)


@contextlib.contextmanager
def past_the_door_of(*packages: str) -> Iterator[None]:
    """Import modules from inside packages whose own ``__init__`` does not run.

    For packages whose face brings far more than those modules need. Whoever imports such a package
    itself later finds all of it.

    Args:
        packages: Each after the one that holds it.
    """
    passed = [name for name in packages if name not in sys.modules]
    try:
        for name in passed:
            sys.modules[name] = _unopened(name)
        yield
    finally:
        for name in passed:
            sys.modules.pop(name, None)


def _unopened(package: str) -> ModuleType:
    spec = importlib.util.find_spec(package)
    if spec is None:
        raise ModuleNotFoundError(f"No module named {package!r}", name=package)
    return importlib.util.module_from_spec(spec)
