"""What the command says where something is wrong: one line, the right exit code, no traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

NOBODY = "http://127.0.0.1:1"
CALLER = ["--gateway", NOBODY, "--client-id", "a", "--client-secret", "b"]


def jiuzhou(home: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "capability_sdk.cli", *arguments],
        env={**os.environ, "JIUZHOU_CONFIG": str(home)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["store"], 3, "jiuzhou login --center URL"),
        (["login", "--center", NOBODY, "--name", "a", "--password-file", "none"], 1, "none"),
        (["call", "x", "--input", "missing.json", *CALLER], 1, "missing.json"),
        (["check", "no-such-folder"], 1, "is no folder"),
        (["publish", "."], 3, "not signed in"),
        (["deploy", "x"], 2, "--province"),
        (["init", "NOT A NAME"], 1, "name"),
        (["status", "--data", "nowhere"], 1, "jiuzhou up --data"),
    ],
)
def test_a_refusal_is_one_line_with_its_exit_code(
    tmp_path: Path, arguments: list[str], code: int, says: str
) -> None:
    done = jiuzhou(tmp_path, *arguments)

    assert done.returncode == code, done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_a_call_with_no_gateway_says_that_nobody_answers(tmp_path: Path) -> None:
    request = tmp_path / "request.json"
    request.write_text('{"inputs": []}')

    done = jiuzhou(tmp_path, "call", "x", "--input", str(request), *CALLER)

    assert done.returncode == 4
    assert "does not answer" in done.stderr


def test_a_request_that_is_no_json_is_named(tmp_path: Path) -> None:
    request = tmp_path / "request.json"
    request.write_text("{")

    done = jiuzhou(tmp_path, "call", "x", "--input", str(request), *CALLER)

    assert done.returncode == 1
    assert "is not JSON" in done.stderr


def test_the_folder_of_the_account_is_private(tmp_path: Path) -> None:
    home = tmp_path / "home"
    jiuzhou(home, "store")

    assert home.stat().st_mode & 0o077 == 0
