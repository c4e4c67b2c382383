"""What long-lived processes leave out of their memory (ADR 2): each name here is some MiB of each of them."""

import subprocess
import sys

import pytest

_TERMINAL = {"rich", "pygments"}
_WHYLOGS_FACE = {"PIL", "pandas", "sklearn", "requests", "whylabs_client"}
_LIGHT = {
    "scheduler.__main__": _TERMINAL | {"numpy", "whylogs"},
    "edge_gateway.gateway.__main__": _TERMINAL | {"fastapi", "sqlalchemy", "httpx", "numpy"},
    "edge_gateway.agent.__main__": _TERMINAL | {"numpy", "whylogs"},
    # With the first profile.
    "edge_gateway.agent.__main__, capability_sdk.profiling.carrier": (
        _TERMINAL | _WHYLOGS_FACE | {"scipy", "onnxruntime"}
    ),
    "center.__main__": _TERMINAL | {"alembic", "numpy", "onnxruntime", "whylogs"},
    "center.worker": (
        _TERMINAL
        | _WHYLOGS_FACE
        | {"alembic", "numpy.testing", "onnxruntime", "scipy.special", "scipy.stats"}
    ),
}


@pytest.mark.parametrize("process", _LIGHT)
def test_a_long_lived_process_imports_nothing_that_it_does_not_use(process: str) -> None:
    script = f"import sys, {process}; print(*(name for name in sys.modules if sys.modules[name]))"
    modules = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    ).stdout.split()

    assert _LIGHT[process].isdisjoint(modules), sorted(_LIGHT[process].intersection(modules))


def test_whoever_imports_whylogs_itself_has_all_of_it() -> None:
    script = (
        "from capability_sdk.profiling import carrier; import whylogs, scipy.special;"
        " whylogs.log(row={'x': 1.5}); scipy.special.expit(0.0)"
    )

    subprocess.run([sys.executable, "-c", script], check=True)
