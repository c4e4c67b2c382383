"""``jiuzhou admin``: what only whoever holds the center's data folder may do."""

import getpass
import sys
from pathlib import Path
from typing import Annotated

import typer

from capability_sdk.contracts.errors import ServiceError
from capability_sdk.kit.clock import system_clock
from center.access.errors import MasterKeyMismatch
from center.audit_commands import audit
from center.backup import back_up, dump_command, read_backup
from center.backup import restore as restore_backup
from center.database import Database
from center.identity.audit import follow_acts, verify
from center.identity.audit.anchor import Anchor
from center.identity.service.users import create_first_admin
from center.proving.enrolment import make_proving_code
from center.schema import DatabaseTooNew, MigrationBroken, migrate
from center.settings import CenterSettings

_LEAST_LENGTH = 12
_AFTER_RESTORE = """The center is as it was at {at}. Start it; then:
- Provinces send again by themselves what they had delivered since.
- Do again what people did since, revocations and suspensions first: the center does not know it.
- A province that enrolled since is unknown: make it a code and enrol its folder again.
- Look at `jiuzhou province uncounted` for records of what the center does not know any more.
- People sign in again; invitations and enrolment codes are void; the token keys are new."""

admin = typer.Typer(
    help="Administer the center's data folder directly.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)
admin.add_typer(audit, name="audit")

DataOption = Annotated[
    Path | None,
    typer.Option(
        "--data", help="The center's data folder; CENTER_DATABASE_URL names another database."
    ),
]


@admin.command("create")
def create(
    name: Annotated[str, typer.Argument(help="Name of the first admin, such as li-na.")],
    data: DataOption = None,
    password_file: Annotated[
        Path | None,
        typer.Option(help="File that holds the password; `-` reads it from standard input."),
    ] = None,
) -> None:
    """Make the first admin, who then invites everybody else."""
    password = _password(password_file)
    database = _open(data)
    try:
        user = create_first_admin(database, name, password, system_clock())
    except ServiceError as error:
        raise _fail(str(error)) from error
    finally:
        database.close()
    typer.echo(f"{user.name} is the admin of this platform: sign in with `jiuzhou login`.")


@admin.command("proving-code")
def proving_code(
    name: Annotated[str, typer.Argument(help="Name of the proving province.")] = "proving",
    data: DataOption = None,
) -> None:
    """Make a code by which a proving edge enrols beside this center; found its province if needed."""
    database = _open(data)
    try:
        code = make_proving_code(database, name, system_clock(), _settings(data).enrolment_lifetime)
    except ServiceError as error:
        raise _fail(str(error)) from error
    finally:
        database.close()
    typer.echo(code)


@admin.command("verify-audit")
def verify_audit(data: DataOption = None) -> None:
    """Check that no act of the audit trail was changed, removed, reordered or cut off."""
    database = _open(data)
    try:
        seen = Anchor(_settings(data).data).read()
        with database.session(write=False) as session:
            verdict = verify(session, seen)
    finally:
        database.close()
    if not verdict.intact:
        raise _fail(f"The audit trail is broken at act {verdict.broken_at}.")
    typer.echo(f"The audit trail is whole: {verdict.rows} acts.")


@admin.command("backup")
def backup(
    target: Annotated[Path, typer.Argument(help="New folder that takes the backup.")],
    data: DataOption = None,
    files_only: Annotated[
        bool, typer.Option(help="The database is dumped by its server's own tool.")
    ] = False,
) -> None:
    """Back the center up while it runs: database, packages and keys. Guard it like the center."""
    settings = _settings(data)
    dump = dump_command(settings)
    if dump and not files_only:
        raise _fail(
            f"The database is on a server: dump it first (`{dump}`), then copy packages and keys"
            " with --files-only. In this order, so that every package the dump names is copied."
        )
    try:
        made = back_up(settings, target, system_clock())
    except (ServiceError, OSError) as error:
        raise _fail(str(error)) from error
    what = "database, packages and keys" if made.database else "packages and keys"
    typer.echo(f"{target} holds {what} as of {made.at:%FT%TZ}.")


@admin.command("restore")
def restore(
    source: Annotated[Path, typer.Argument(help="Folder of a backup.")], data: DataOption = None
) -> None:
    """Restore a backup into an empty data folder; a server's database is restored before."""
    settings = _settings(data)
    try:
        found = read_backup(source)
        if not found.database and not dump_command(settings):
            raise _fail("The backup holds no database: name the server, CENTER_DATABASE_URL.")
        restore_backup(settings, found, system_clock())
    except (ServiceError, OSError, DatabaseTooNew, MigrationBroken, MasterKeyMismatch) as error:
        raise _fail(str(error)) from error
    typer.echo(_AFTER_RESTORE.format(at=f"{found.at:%FT%TZ}"))


def _password(file: Path | None) -> str:
    if file is None:
        password = getpass.getpass("Password: ")
        if getpass.getpass("Again: ") != password:
            raise _fail("The two passwords differ.")
    elif str(file) == "-":
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        try:
            password = file.read_text(encoding="utf-8").rstrip("\r\n")
        except OSError as error:
            raise _fail(f"The password file cannot be read: {error}.") from error
    if len(password) < _LEAST_LENGTH:
        raise _fail(f"The password needs {_LEAST_LENGTH} characters or more.")
    return password


def _settings(data: Path | None) -> CenterSettings:
    return CenterSettings() if data is None else CenterSettings(data=data)


def _open(data: Path | None) -> Database:
    settings = _settings(data)
    database = Database(settings.sqlalchemy_url)
    try:
        migrate(database)
    except (DatabaseTooNew, MigrationBroken) as error:
        database.close()
        raise _fail(str(error)) from error
    follow_acts(database, Anchor(settings.data).follow)
    return database


def _fail(message: str) -> typer.Exit:
    typer.echo(message, err=True)
    return typer.Exit(1)
