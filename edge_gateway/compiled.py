"""The modules that every call passes through, as machine code: which they are, and where they lie.

``python -m edge_gateway.compilation`` makes them from the same sources, into the environment. Its folder's name
is a digest of all that the compiler reads of ours: after any change of a source, nothing is found, and the
gateway runs as plain Python.
"""

import hashlib
import os
import sys
import sysconfig
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
"""Folder of our packages."""
PLACE: Final = Path(sys.prefix) / "lib" / "jiuzhou"
OFF: Final = "JIUZHOU_PLAIN_PYTHON"
"""Environment variable that keeps to plain Python, whatever its value."""

_PACKAGE: Final = "edge_gateway/gateway"
_HOT: Final = (
    "admission", "app", "connection", "dispatch/choice", "dispatch/pool", "dispatch/retries",
    "dispatch/target", "forwarding", "framing", "heads", "inference", "messages", "metering",
    "metrics", "paths", "quota", "routing", "targets", "tokens", "trials", "turned_away", "upstream",
)  # fmt: skip
MODULES: Final = tuple(f"{_PACKAGE}/{name}.py" for name in _HOT)
"""Paths of their sources. No error with a `cure` stands in them: compiled, it would keep that of its base."""
_READ: Final = (
    f"{_PACKAGE}/**/*.py",
    "edge_gateway/*.py",
    "capability_sdk/contracts/*.py",
    "capability_sdk/spool/*.py",
)
"""All that these import of ours: the compiler takes constants over."""


@cache
def folder() -> Path:
    """Return where the compiled form of these very sources belongs, for this interpreter."""
    digest = hashlib.sha256(sys.version.encode())
    for pattern in _READ:
        for path in sorted(ROOT.glob(pattern)):
            digest.update(b"%b\0%b\0" % (path.name.encode(), path.read_bytes()))
    return PLACE / f"gateway-{digest.hexdigest()[:16]}"


def places(package: str) -> list[str]:
    """Return where a package's modules are looked for before its sources; nowhere if not compiled."""
    if OFF in os.environ or not folder().is_dir():
        return []
    if str(folder()) not in sys.path:
        # Last: it holds the one library that the compiled modules are parts of.
        sys.path.append(str(folder()))
    return [str(folder().joinpath(*package.split(".")))]


def is_loaded() -> bool:
    """Tell whether calls pass through machine code in this process."""
    file = sys.modules["edge_gateway.gateway.connection"].__file__ or ""
    return file.endswith(str(sysconfig.get_config_var("EXT_SUFFIX")))
