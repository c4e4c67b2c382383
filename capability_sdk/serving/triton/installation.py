"""Finds the tritonserver of a Python environment that holds the wheel nvidia-pytriton."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from capability_sdk.contracts.errors import ServiceError

_FACTS = """
import sys, sysconfig
print(sysconfig.get_path("purelib"))
print(sysconfig.get_config_var("LIBDIR"))
print(f"{sys.version_info.major}.{sys.version_info.minor}")
"""
_ASK_SECONDS = 30


class TritonMissing(ServiceError):
    """No tritonserver is configured, or none is where the setting says."""

    code = "triton-missing"
    title = "There is no tritonserver"


@dataclass(frozen=True, slots=True)
class TritonInstallation:
    """A tritonserver and the Python that its models run on.

    Attributes:
        environment: Root of the Python environment; its packages are what models import.
        home: The server's own folder in it.
        stub: Program that runs a model on that Python.
        libraries: Folders of shared libraries that server and stub are linked with.
    """

    environment: Path
    home: Path
    stub: Path
    libraries: tuple[Path, ...]

    @property
    def program(self) -> Path:
        """The server."""
        return self.home / "bin" / "tritonserver"

    @property
    def variables(self) -> dict[str, str]:
        """What server and stub need in their environment.

        The stub ignores every variable of Python; it finds its packages by the ``python`` on PATH.
        """
        return {
            "PATH": f"{self.environment / 'bin'}:/usr/bin:/bin",
            "LD_LIBRARY_PATH": ":".join(map(str, self.libraries)),
        }

    def lay_out_backend(self, folder: Path) -> None:
        """Write the Python backend into a folder of ours: the stub must stand beside its library."""
        backend = folder / "python"
        shutil.copytree(self.home / "backends" / "python", backend)
        shutil.copy2(self.stub, backend)


def find_triton(environment: Path | None) -> TritonInstallation:
    """Look for the server in an environment.

    Args:
        environment: Root of a Python environment; None where nobody set one.

    Raises:
        TritonMissing: There is none, or it has no backend for the environment's Python.
    """
    if environment is None:
        raise TritonMissing(
            "No tritonserver is configured: set SERVING_TRITON (an instance) or SCHEDULER_TRITON"
            " (a node) to a Python environment that holds the wheel nvidia-pytriton."
        )
    site, libdir, version = _ask(environment)
    home = Path(site) / "pytriton" / "tritonserver"
    stub = home / "python_backend_stubs" / version / "triton_python_backend_stub"
    for path in (home / "bin" / "tritonserver", stub):
        if not path.is_file():
            raise TritonMissing(f"{environment} has no {path.name} for its Python {version}.")
    libraries = (Path(site) / "nvidia_pytriton.libs", Path(libdir))
    return TritonInstallation(environment, home, stub, libraries)


def _ask(environment: Path) -> list[str]:
    command = [str(environment / "bin" / "python"), "-c", _FACTS]
    try:
        done = subprocess.run(  # noqa: S603 - the operator names the environment
            command, capture_output=True, text=True, timeout=_ASK_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise TritonMissing(f"{environment} is no Python environment that works.") from error
    return done.stdout.split("\n")[:3]
