"""``jiuzhou revoke``, ``jiuzhou token-key`` and ``jiuzhou plan`` against a running center."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.campaigns.country import PASSWORD, Center


class Terminal:
    """The command, signed in as an admin."""

    def __init__(self, folder: Path) -> None:
        self._environment = {**os.environ, "JIUZHOU_CONFIG": str(folder)}

    def run(self, *words: str, given: str = "") -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "capability_sdk.cli", *words],
            env=self._environment,
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )

    def show(self, *words: str) -> dict[str, Any]:
        done = self.run(*words, "--json")
        assert done.returncode == 0, done.stderr
        shown: dict[str, Any] = json.loads(done.stdout)
        return shown


@pytest.fixture
def center(tmp_path: Path) -> Iterator[Center]:
    center = Center(tmp_path)
    center.prepare()
    center.start()
    yield center
    center.close()


def test_an_admin_revokes_an_application_a_secret_and_leaked_keys_by_command(
    center: Center, tmp_path: Path
) -> None:
    terminal = Terminal(tmp_path / "config")
    login = ("login", "--center", center.url, "--name", "root", "--password-file", "-")
    assert terminal.run(*login, given=PASSWORD).returncode == 0
    terminal.show("province", "create", "zhejiang", "--zh", "浙江", "--en", "Zhejiang")
    client_id = terminal.show("application", "create", "desk", "--province", "zhejiang")[
        "client_id"
    ]
    second = terminal.show("application", "rotate", client_id)["id"]

    removed = terminal.run("revoke", "secret", client_id, second)
    revoked = terminal.show("revoke", "application", client_id)
    again = terminal.run("revoke", "application", client_id)
    keys = [terminal.show("token-key", "rotate", *more)["kid"] for more in ([], ["--leaked"])]
    nobody = terminal.run("revoke", "edge", "edge-zhejiang")

    assert removed.returncode == 0, removed.stderr
    assert revoked["is_revoked"]
    assert (again.returncode, "already-revoked" in again.stderr) == (1, True)
    assert len(set(keys)) == 2
    assert (nobody.returncode, "There is no edge edge-zhejiang" in nobody.stderr) == (1, True)


def test_an_admin_makes_changes_and_closes_a_plan_by_command(
    center: Center, tmp_path: Path
) -> None:
    terminal = Terminal(tmp_path / "config")
    login = ("login", "--center", center.url, "--name", "root", "--password-file", "-")
    assert terminal.run(*login, given=PASSWORD).returncode == 0
    titles = ("--title-zh", "夜间", "--title-en", "Night")
    figures = ("--daily-quota", "50", "--rate", "1", "--concurrency", "2")

    made = terminal.show("plan", "put", "night", *titles, "--approval", "self", *figures)
    dearer = terminal.show("plan", "put", "night", "--price", "5 yuan", "--title-en", "Nights")
    closed = terminal.show("plan", "close", "night")
    unknown = terminal.run("plan", "close", "day")

    assert (made["revision"], made["is_open"], made["subscriptions"]) == (1, True, 0)
    assert dearer["titles"] == {"zh": "夜间", "en": "Nights"}
    assert (dearer["daily_quota"], dearer["price_label"]) == (50, "5 yuan")
    assert (closed["revision"], closed["is_open"]) == (3, False)
    assert (unknown.returncode, "There is no plan day" in unknown.stderr) == (1, True)
