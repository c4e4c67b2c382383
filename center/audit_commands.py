"""``jiuzhou admin audit``: the trail as a file that proves itself without the center."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from capability_sdk.kit.clock import system_clock
from center.access.keys import KeyRing
from center.access.vault import Vault
from center.database import Database
from center.identity.audit import Head, acts, proof, verify
from center.identity.audit.anchor import Anchor, read_head
from center.settings import CenterSettings

audit = typer.Typer(help="Prove the audit trail, and verify proofs.", no_args_is_help=True)

DataOption = Annotated[Path | None, typer.Option("--data", help="The center's data folder.")]


@audit.command("export")
def export(
    target: Annotated[Path, typer.Argument(help="New file that takes the trail.")],
    data: DataOption = None,
) -> None:
    """Write the whole trail, signed, as a file that is verified offline."""
    settings = CenterSettings() if data is None else CenterSettings(data=data)
    seen = Anchor(settings.data).read()
    database = Database(settings.sqlalchemy_url)
    keys = KeyRing(Vault(settings.data / "keys"))
    keys.prepare(database, system_clock())
    try:
        with database.session(write=False) as session, target.open("xb") as file:
            verdict = verify(session, seen)
            if not verdict.intact:
                raise _fail(f"The trail is broken at act {verdict.broken_at}: it proves nothing.")
            file.writelines(proof.write(acts(session), keys, system_clock()))
    except FileExistsError as error:
        raise _fail(f"{target} is there already: name a new file.") from error
    finally:
        database.close()
    typer.echo(f"{target} holds {verdict.rows} acts. Verify it with the key of `audit key`.")


@audit.command("key")
def key(data: DataOption = None) -> None:
    """Print the public keys that verify proofs: keep them where nobody of the center writes."""
    settings = CenterSettings() if data is None else CenterSettings(data=data)
    database = Database(settings.sqlalchemy_url)
    keys = KeyRing(Vault(settings.data / "keys"))
    keys.prepare(database, system_clock())
    database.close()
    typer.echo(json.dumps({"keys": keys.public_keys("state")}, indent=2))


@audit.command("verify")
def verify_file(
    file: Annotated[Path, typer.Argument(help="What `export` or the console wrote.")],
    key_file: Annotated[
        Path,
        typer.Option(
            "--key", help="The center's public keys: of `audit key`, or an edge's identity."
        ),
    ],
    anchor: Annotated[
        Path | None,
        typer.Option(
            help="An earlier proof, or an audit-anchor.json: it must be part of this one."
        ),
    ] = None,
) -> None:
    """Check a proof offline: every act, their order, their number, and the center's signature."""
    try:
        keys = _keys(json.loads(key_file.read_text()))
        seen = None if anchor is None else _head_of(anchor, keys)
        found = proof.verify(file.read_bytes(), keys, seen)
    except (OSError, ValueError) as error:
        raise _fail(f"A file cannot be read: {error}.") from error
    except proof.ProofBroken as broken:
        raise _fail(str(broken)) from broken
    head = found.head
    typer.echo(f"Whole: {head.seq} acts, signed {found.exported_at:%FT%TZ}; head {head.hash}.")


def _head_of(anchor: Path, keys: list[Mapping[str, Any]]) -> Head:
    content = anchor.read_bytes()
    try:
        return read_head(content.decode())
    except ValueError:
        return proof.verify(content, keys).head


def _keys(content: Any) -> list[Mapping[str, Any]]:  # noqa: ANN401 - any JSON
    """Read a JWK set, an edge's identity, or a single JWK."""
    if not isinstance(content, dict):
        raise ValueError("no key: a JWK set is a JSON object")  # noqa: TRY004 - said to a person
    found = content.get("keys") or content.get("state_keys") or [content]
    return list(found)


def _fail(message: str) -> typer.Exit:
    typer.echo(message, err=True)
    return typer.Exit(1)
