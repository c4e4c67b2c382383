"""Signing in and out, and accepting an invitation."""

import socket
from pathlib import Path
from typing import Annotated

import typer

from capability_sdk.cli.config import Account, center_client, forget_account, save_account
from capability_sdk.cli.output import AsJson, show_item
from capability_sdk.client import CenterClient

PasswordFile = Annotated[
    Path | None,
    typer.Option(help="Read the password from this file (- for standard input)."),
]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(login)
    app.command()(logout)
    app.command()(whoami)


def login(
    center: Annotated[str, typer.Option(help="Address of the center.")],
    name: Annotated[str, typer.Option(help="Account.")],
    password_file: PasswordFile = None,
    invitation: Annotated[
        str | None, typer.Option(help="Code of an invitation; sets the password first.")
    ] = None,
) -> None:
    """Sign in at a center; the password is asked for, never an argument."""
    password = read_password(password_file)
    with CenterClient(center) as client:
        if invitation is not None:
            client.post("/invitations:accept", {"code": invitation, "password": password})
        token = client.sign_in(name, password, label=f"jiuzhou on {socket.gethostname()}")
    save_account(Account(center=center, name=name, token=token))
    print(f"Signed in at {center} as {name}.")


def logout() -> None:
    """Forget the account on this machine and withdraw its token."""
    with center_client() as client:
        client.delete("/api-tokens/current")
    forget_account()
    print("Signed out.")


def whoami(as_json: AsJson = False) -> None:
    """Show who is signed in."""
    with center_client() as client:
        show_item(client.get("/me"), as_json=as_json)


def read_password(file: Path | None) -> str:
    """Return the password from a file, from standard input, or asked for."""
    if file is None:
        return str(typer.prompt("Password", hide_input=True))
    text = typer.get_text_stream("stdin").read() if str(file) == "-" else file.read_text()
    return text.strip()
