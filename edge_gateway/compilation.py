"""``python -m edge_gateway.compilation``: compiles the gateway's hot path with mypyc, where that can be done.

Without a C compiler or mypyc, or where something goes wrong, the gateway runs as plain Python, only slower.
"""

import contextlib
import importlib.util
import io
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from edge_gateway.compiled import MODULES, PLACE, ROOT, folder

_LEVEL = "1"
"""Of the compiler's optimisation: 2 takes half as long again to build, and the calls no less."""


def main() -> int:
    """Compile what is not compiled yet; return the exit code, which plain Python leaves at 0."""
    if folder().is_dir():
        return 0
    reason = lack()
    if reason:
        _say(f"The gateway runs as plain Python here: {reason}.")
        return 0
    _say("Compiling the gateway's hot path (20 s of CPU, once) …")
    remarks = io.StringIO()
    try:
        with contextlib.redirect_stdout(remarks), contextlib.redirect_stderr(remarks):
            _build()
    except (SystemExit, OSError, subprocess.CalledProcessError) as error:
        _say(f"{remarks.getvalue()}It cannot be compiled, so it runs as plain Python: {error}")
    return 0


def lack() -> str:
    """Say what is missing to compile anything; nothing if all is there."""
    compiler = str(sysconfig.get_config_var("CC")).split()[0]
    if shutil.which(compiler) is None:
        return f"there is no C compiler ({compiler})"
    if not Path(sysconfig.get_path("include"), "Python.h").is_file():
        return "there is no Python.h; Debian has it in python3-dev"
    if importlib.util.find_spec("mypyc") is None:
        return "mypyc is not installed (pip install jiuzhou[compiled])"
    return ""


def _build() -> None:
    """Compile, try the result, and put it in the place of what was there before.

    Raises:
        SystemExit: A compiler refused.
        OSError: The environment cannot be written.
        CalledProcessError: What was compiled cannot be imported.
    """
    PLACE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=PLACE) as name, contextlib.chdir(ROOT):
        _compile(Path(name))
        for old in PLACE.glob("gateway-*"):
            shutil.rmtree(old)
        Path(name, "built").rename(folder())
        _try_out()


def _compile(work: Path) -> None:
    from mypyc.build import mypycify  # noqa: PLC0415 - only where there is a compiler
    from setuptools import setup  # noqa: PLC0415 - only where there is a compiler

    options = ["--config-file=", "--ignore-missing-imports", f"--cache-dir={work / 'types'}"]
    library = mypycify(
        [*options, *MODULES],
        opt_level=_LEVEL,
        debug_level="0",
        target_dir=str(work / "c"),
        group_name="jiuzhou_gateway",
    )
    places = [f"--build-lib={work / 'built'}", f"--build-temp={work / 'objects'}"]
    setup(
        name="jiuzhou",
        packages=[],
        ext_modules=library,
        script_args=["--quiet", "build_ext", *places],
    )


def _try_out() -> None:
    """Import what was built in a process of its own; what cannot be imported is removed."""
    check = "import edge_gateway.gateway.server; from edge_gateway.compiled import is_loaded; assert is_loaded()"
    try:
        subprocess.run([sys.executable, "-c", check], check=True)  # noqa: S603 - our own text
    except subprocess.CalledProcessError:
        shutil.rmtree(folder())
        raise


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
