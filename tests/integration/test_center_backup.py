"""A center is backed up while it runs, and restored into an empty folder."""

import shutil
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import func, select
from typer.testing import CliRunner

from center.app import create_app
from center.commands import admin
from center.database import Database
from center.identity.audit import verify
from center.identity.store.sign_ins import SessionRow
from center.schema import migrate
from center.settings import CenterSettings
from tests.center_world import PASSWORD, Person
from tests.integration.test_center_start import _prepare

_run = CliRunner().invoke


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Folder of a center with an admin who is signed in, and one package."""
    folder = tmp_path / "data"
    folder.mkdir()
    _prepare(folder)
    made = ["create", "root", "--data", str(folder), "--password-file", "-"]
    assert _run(admin, made, input=f"{PASSWORD}\n").exit_code == 0
    Person(create_app(CenterSettings(data=folder)), "root")
    (folder / "packages" / "ab").mkdir()
    (folder / "packages" / "ab" / "abc.tar.gz").write_bytes(b"a package")
    (folder / "packages" / "drafts" / "half").write_bytes(b"an upload under way")
    return folder


def back_up(data: Path, target: Path) -> None:
    done = _run(admin, ["backup", str(target), "--data", str(data)])
    assert done.exit_code == 0, done.output


def test_E20_a_restored_center_has_everything_and_asks_people_to_sign_in(
    data: Path, tmp_path: Path
) -> None:
    back_up(data, tmp_path / "backup")
    target = tmp_path / "new"

    done = _run(admin, ["restore", str(tmp_path / "backup"), "--data", str(target)])

    assert done.exit_code == 0, done.output
    assert "revocations" in done.output
    assert (target / "packages" / "ab" / "abc.tar.gz").read_bytes() == b"a package"
    assert not (target / "packages" / "drafts" / "half").exists()
    assert (target / "keys" / "master.key").stat().st_mode & 0o777 == 0o600
    app = create_app(CenterSettings(data=target))
    with app.state.database.session(write=False) as session:
        assert session.scalar(select(func.count()).select_from(SessionRow)) == 0
        assert verify(session).intact
    jwks = [create_app(CenterSettings(data=folder)).state for folder in (data, target)]
    assert jwks[0].signer.public_keys("state") == jwks[1].signer.public_keys("state")
    assert Person(app, "root").get("/audit").json()["items"][0]["act"] == "center.restored"


def test_E20_a_backup_is_one_moment_of_a_database_that_is_written(
    data: Path, tmp_path: Path
) -> None:
    with sqlite3.connect(data / "center.db") as writing:
        writing.execute("CREATE TABLE probe (n INTEGER)")
        writing.commit()
        writing.execute("INSERT INTO probe VALUES (1)")
        back_up(data, tmp_path / "backup")
        writing.commit()
    writing.close()
    with sqlite3.connect(tmp_path / "backup" / "center.db") as copy:
        assert copy.execute("SELECT count(*) FROM probe").fetchone() == (0,)
    copy.close()


def test_a_backup_never_overwrites(data: Path, tmp_path: Path) -> None:
    back_up(data, tmp_path / "backup")

    again = _run(admin, ["backup", str(tmp_path / "backup"), "--data", str(data)])
    over = _run(admin, ["restore", str(tmp_path / "backup"), "--data", str(data)])

    assert (again.exit_code, "is there already" in again.output) == (1, True)
    assert (over.exit_code, "holds a center already" in over.output) == (1, True)


@pytest.mark.parametrize("harm", ["unfinished", "damaged", "other-keys", "empty"])
def test_a_backup_that_is_not_whole_is_refused(data: Path, tmp_path: Path, harm: str) -> None:
    backup = tmp_path / "backup"
    back_up(data, backup)
    if harm == "unfinished":
        (backup / "backup.json").unlink()
    elif harm == "damaged":
        with (backup / "center.db").open("r+b") as file:
            file.seek(5000)
            file.write(b"\xff")
    elif harm == "other-keys":
        (backup / "keys" / "master.key").write_text("another")
    else:
        shutil.rmtree(backup)

    done = _run(admin, ["restore", str(backup), "--data", str(tmp_path / "new")])

    assert done.exit_code == 1, done.output
    assert done.exception is None or isinstance(done.exception, SystemExit)


def test_a_database_on_a_server_is_left_to_its_own_tool(
    data: Path, tmp_path: Path, postgresql_url: str
) -> None:
    environment = {"CENTER_DATABASE_URL": postgresql_url}
    target = tmp_path / "backup"
    command = ["backup", str(target), "--data", str(data)]

    refused = _run(admin, command, env=environment)
    copied = _run(admin, [*command, "--files-only"], env=environment)
    without = _run(admin, ["restore", str(target), "--data", str(tmp_path / "new")])

    assert (refused.exit_code, "pg_dump" in refused.output) == (1, True)
    assert copied.exit_code == 0, copied.output
    assert not (target / "center.db").exists()
    assert (without.exit_code, "holds no database" in without.output) == (1, True)
    database = Database(postgresql_url)
    migrate(database)
    database.close()
    fresh = ["restore", str(target), "--data", str(tmp_path / "fresh")]
    restored = _run(admin, fresh, env=environment)
    assert restored.exit_code == 0, restored.output
