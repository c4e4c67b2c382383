"""The base install is light: contracts, client, command and check work in an empty environment."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UV = Path(sys.executable).with_name("uv")


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with nothing in it but the base install."""
    folder = tmp_path_factory.mktemp("base")
    python = folder / "bin" / "python"
    subprocess.run([UV, "venv", "--quiet", "--python", sys.executable, folder], check=True)
    subprocess.run(
        [
            *(UV, "pip", "install", "--quiet", "--python", python),
            *("--constraint", ROOT / "requirements" / "platform.txt", ROOT),
        ],
        check=True,
    )
    return folder


def run(environment: Path, *arguments: str) -> str:
    done = subprocess.run(
        [environment / "bin" / arguments[0], *arguments[1:]],
        capture_output=True,
        text=True,
        check=False,
        cwd=environment,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_command_contracts_and_clients_work(environment: Path) -> None:
    assert "publish" in run(environment, "jiuzhou", "--help")
    run(
        environment,
        *("python", "-c", "import capability_sdk.client, capability_sdk.contracts.manifest"),
    )


def test_it_brings_the_console_as_it_was_built_and_none_of_its_sources(environment: Path) -> None:
    inside = "center/console/dist/index.html"
    folder = next(environment.glob("lib/python*/site-packages"))

    assert (folder / inside).read_text() == (ROOT / inside).read_text()
    assert not (folder / "center" / "console" / "src").exists()


def test_it_brings_no_server_and_no_framework(environment: Path) -> None:
    installed = run(environment, "python", "-c", _LIST).split()

    heavy = {"fastapi", "numpy", "onnxruntime", "sqlalchemy", "whylogs", "model-signing"}
    assert heavy.isdisjoint(installed)


def test_a_project_can_be_started_and_checked(environment: Path) -> None:
    run(environment, "jiuzhou", "init", "first-try")

    done = subprocess.run(
        [environment / "bin" / "jiuzhou", "check", "first-try", "--json"],
        capture_output=True,
        text=True,
        check=False,
        cwd=environment,
    )
    assert '"manifest"' in done.stdout


_LIST = "from importlib.metadata import distributions as d; print(*(x.name for x in d()))"
