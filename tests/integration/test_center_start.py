"""The center starts, migrates, makes its first admin, and stops, as a process."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from center import rows
from center.access.errors import MasterKeyMismatch
from center.app import create_app
from center.commands import admin
from center.database import Database
from center.schema import DatabaseTooNew, migrate
from center.settings import CenterSettings
from tests.center_world import PASSWORD, running_center
from tests.servers.process import START_SECONDS, free_port

_run = CliRunner().invoke


def _prepare(data: Path) -> None:
    database = Database(f"sqlite:///{data / 'center.db'}")
    migrate(database)
    rows.metadata.create_all(database.engine)
    database.close()


def test_the_first_admin_is_made_from_standard_input_and_only_once(tmp_path: Path) -> None:
    _prepare(tmp_path)
    command = ["create", "root", "--data", str(tmp_path), "--password-file", "-"]

    first = _run(admin, command, input=f"{PASSWORD}\n")
    second = _run(admin, ["create", "other", *command[2:]], input=f"{PASSWORD}\n")
    short = _run(admin, command, input="short\n")

    assert first.exit_code == 0, first.output
    assert PASSWORD not in first.output
    assert second.exit_code == 1
    assert "active admin already" in second.output
    assert short.exit_code == 1
    assert "12 characters" in short.output


def test_the_audit_trail_is_checked_by_a_command(tmp_path: Path) -> None:
    _prepare(tmp_path)
    data = ["--data", str(tmp_path)]
    _run(admin, ["create", "root", *data, "--password-file", "-"], input=f"{PASSWORD}\n")

    whole = _run(admin, ["verify-audit", *data])
    database = Database(f"sqlite:///{tmp_path / 'center.db'}")
    with database.session() as session:
        session.execute(text("UPDATE audit SET act='nothing'"))
    database.close()
    broken = _run(admin, ["verify-audit", *data])

    assert (whole.exit_code, "whole: 1 acts" in whole.output) == (0, True)
    assert (broken.exit_code, "broken at act 1" in broken.output) == (1, True)


def test_a_database_from_a_later_release_is_refused(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    migrate(database)
    with database.session() as session:
        session.execute(text("DROP TABLE IF EXISTS alembic_version"))
        session.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
        session.execute(text("INSERT INTO alembic_version VALUES ('from_tomorrow')"))

    with pytest.raises(DatabaseTooNew, match=r"from_tomorrow.*later release"):
        migrate(database)
    database.close()


def test_keys_sealed_with_another_master_key_stop_the_start(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'c.db'}"
    with running_center(url, tmp_path) as world:
        settings = world.settings
    (tmp_path / "data" / "keys" / "master.key").unlink()

    with pytest.raises(MasterKeyMismatch, match=r"keys/master\.key"):
        create_app(settings)


def test_the_keys_stay_the_same_over_a_restart(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'c.db'}"
    with running_center(url, tmp_path) as world:
        before = world.app.state.signer.public_keys("state")
        again = create_app(world.settings)

    assert again.state.signer.public_keys("state") == before
    again.state.database.close()


def test_a_database_that_is_away_is_answered_with_503(tmp_path: Path) -> None:
    with running_center(f"sqlite:///{tmp_path / 'c.db'}", tmp_path) as world:
        with world.database.session() as session:
            session.execute(text("ALTER TABLE province RENAME TO elsewhere"))

        answer = world.admin.get("/provinces")

        assert answer.status_code == 503
        assert answer.json()["type"] == "/problems/unavailable"
        assert answer.headers["retry-after"] == "2"
        assert "SELECT" not in answer.text


def test_a_transaction_that_only_reads_refuses_to_write(tmp_path: Path) -> None:
    with running_center(f"sqlite:///{tmp_path / 'c.db'}", tmp_path) as world:
        with (
            pytest.raises(Exception, match="readonly"),
            world.database.session(write=False) as session,
        ):
            session.execute(text("DELETE FROM audit"))
        assert world.admin.get("/audit").json()["total"] == 1


def test_the_process_serves_and_stops_on_sigterm(tmp_path: Path) -> None:
    port = free_port()
    settings = CenterSettings(data=tmp_path, port=port)
    _prepare(tmp_path)
    environment = {**os.environ, "CENTER_DATA": str(tmp_path), "CENTER_PORT": str(settings.port)}
    log = tmp_path / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "center"], env=environment, stdout=output, stderr=output
        )
    try:
        _wait_until_ready(f"http://127.0.0.1:{port}/health/ready", process)
        process.send_signal(signal.SIGTERM)
        code = process.wait(60)
    finally:
        process.kill()
        process.wait()

    assert code in (0, -signal.SIGTERM), log.read_text()


def test_a_center_without_its_database_says_so_and_stops(tmp_path: Path) -> None:
    url = f"postgresql+psycopg://center:secret-of-the-database@127.0.0.1:{free_port()}/center"
    environment = {**os.environ, "CENTER_DATA": str(tmp_path), "CENTER_DATABASE_URL": url}

    process = subprocess.run(
        [sys.executable, "-m", "center"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert process.returncode == 1
    assert "the database cannot be used" in process.stderr
    assert "Traceback" not in process.stderr
    assert "secret-of-the-database" not in process.stderr


def _wait_until_ready(url: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            if httpx.get(url, timeout=2).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    pytest.fail("the center did not become ready")


def test_a_damaged_database_is_named_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "center.db").write_bytes(b"this is no database, not even a little" * 40)

    done = subprocess.run(
        [sys.executable, "-m", "center"],
        env={**os.environ, "CENTER_DATA": str(tmp_path), "CENTER_PORT": "0"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 1
    assert "the database cannot be used" in done.stderr
    assert "Traceback" not in done.stderr
