"""A backup of the center: database, packages and keys in one folder, taken while it runs.

The database comes first: what it names is then in the packages, which are never changed in place.
``backup.json`` is written last, so that a backup without it is known to be unfinished.
"""

import hashlib
import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import delete
from sqlalchemy.engine import make_url

from capability_sdk.contracts.errors import Conflict
from capability_sdk.kit.files import sync_folder, write_atomically
from center.access import service as access
from center.access.keys import KeyRing
from center.access.vault import Vault
from center.database import Database
from center.identity.audit import record
from center.identity.store.places import EnrolmentCodeRow
from center.identity.store.sign_ins import SessionRow
from center.identity.store.users import InvitationRow
from center.permissions import WORKER
from center.schema import migrate
from center.settings import CenterSettings

DATABASE, PACKAGES, KEYS, MANIFEST = "center.db", "packages", "keys", "backup.json"
_DRAFTS = "drafts"
_DUMPS = {
    "postgresql": "pg_dump --format=custom",
    "mysql": "mysqldump --single-transaction",
    "mariadb": "mariadb-dump --single-transaction",
}


class BackupRefused(Conflict):
    """A backup cannot be made here, or not be restored here; the message says what to do."""

    code = "backup-refused"
    title = "The backup is refused"


@dataclass(frozen=True, slots=True)
class Backup:
    """A finished backup.

    Attributes:
        at: Before this moment everything is in it.
        database: Whether the database is in it; that of a server is dumped by its own tool.
    """

    folder: Path
    at: datetime
    database: bool


def dump_command(settings: CenterSettings) -> str:
    """Name the command that dumps a database server; empty for SQLite, which is in the backup."""
    backend = make_url(settings.sqlalchemy_url).get_backend_name()
    return _DUMPS.get(backend, "")


def back_up(settings: CenterSettings, target: Path, at: datetime) -> Backup:
    """Copy a center, running or not, into a new folder.

    Raises:
        BackupRefused: The target is there already, or this is no center's data folder.
    """
    if target.exists():
        raise BackupRefused(f"{target} is there already: name a new folder.")
    if not (settings.data / KEYS).is_dir():
        raise BackupRefused(f"{settings.data} holds no center: name its data folder with --data.")
    draft = target.with_name(f".{target.name}.unfinished")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700, parents=True)
    digest = ""
    if not dump_command(settings):
        _copy_database(Path(make_url(settings.sqlalchemy_url).database or ""), draft / DATABASE)
        digest = _digest(draft / DATABASE)
    _copy_files(settings.data, draft)
    told = {"schema": 1, "at": at.isoformat(), "database": digest}
    write_atomically(draft / MANIFEST, json.dumps(told).encode())
    draft.rename(target)
    sync_folder(target.parent)
    return Backup(target, at, bool(digest))


def read_backup(folder: Path) -> Backup:
    """Read what a backup says about itself.

    Raises:
        BackupRefused: It is none, is unfinished, or its database is damaged.
    """
    try:
        told: dict[str, Any] = json.loads((folder / MANIFEST).read_bytes())
        found = Backup(folder, datetime.fromisoformat(told["at"]), bool(told["database"]))
    except (OSError, ValueError, KeyError) as error:
        raise BackupRefused(f"{folder} holds no finished backup of a center.") from error
    if found.database and _digest(folder / DATABASE) != told["database"]:
        raise BackupRefused(f"{folder / DATABASE} is damaged: use another backup.")
    return found


def restore(settings: CenterSettings, backup: Backup, now: datetime) -> None:
    """Put a backup into an empty data folder, and make it safe to start.

    What ended since the backup must not come to life again: people sign in anew, open codes and
    invitations are void, and the token keys are replaced at once.

    Raises:
        BackupRefused: The data folder holds a center already, or the database is missing.
        MasterKeyMismatch: The keys do not belong to the database.
    """
    data = settings.data
    if any((data / name).exists() for name in (DATABASE, PACKAGES, KEYS)):
        raise BackupRefused(f"{data} holds a center already: stop it and move the folder away.")
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    if backup.database and not dump_command(settings):
        shutil.copyfile(backup.folder / DATABASE, data / DATABASE)
    _copy_files(backup.folder, data)
    database = Database(settings.sqlalchemy_url)
    try:
        migrate(database)
        _make_safe(database, settings, backup, now)
    finally:
        database.close()


def _make_safe(database: Database, settings: CenterSettings, backup: Backup, now: datetime) -> None:
    keys = KeyRing(Vault(settings.data / KEYS))
    keys.prepare(database, now)
    with database.session() as session:
        for row in (SessionRow, EnrolmentCodeRow, InvitationRow):
            session.execute(delete(row))
        access.rotate(session, WORKER, keys, now, timedelta(0))
        detail = {"backup_at": backup.at.isoformat()}
        record(session, WORKER, "center.restored", "center", detail, at=now)


def _copy_database(source: Path, target: Path) -> None:
    """Copy a database as one moment saw it, while others write to it.

    Raises:
        BackupRefused: There is no database, or it is damaged.
    """
    if not source.is_file():
        raise BackupRefused(f"{source} is not there: start the center once.")
    with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(target)) as copy:
        live.backup(copy)
        (verdict,) = copy.execute("PRAGMA integrity_check").fetchone()
        # A file alone: no write-ahead log belongs to it.
        copy.execute("PRAGMA journal_mode=DELETE")
    if verdict != "ok":
        raise BackupRefused(f"The database is damaged: {verdict}")
    target.chmod(0o600)


def _copy_files(source: Path, target: Path) -> None:
    for name in (PACKAGES, KEYS):
        if (source / name).is_dir():
            ignored = shutil.ignore_patterns(_DRAFTS)
            shutil.copytree(source / name, target / name, ignore=ignored)
    for folder in _folders(target):
        sync_folder(folder)


def _folders(top: Path) -> Iterator[Path]:
    yield top
    yield from (path for path in top.rglob("*") if path.is_dir())


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
