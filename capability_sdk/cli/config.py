"""Where the command keeps who you are: ``$JIUZHOU_CONFIG`` or ``~/.config/jiuzhou``, mode 0700."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from capability_sdk.client import CenterClient
from capability_sdk.kit.files import write_atomically


class NotSignedIn(Exception):
    """No account is known here."""


@dataclass(frozen=True, slots=True)
class Account:
    """One signed-in account."""

    center: str
    name: str
    token: str


def config_folder() -> Path:
    """Return the folder, made if need be."""
    named = os.environ.get("JIUZHOU_CONFIG")
    folder = Path(named) if named else Path.home() / ".config" / "jiuzhou"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def signing_key_path() -> Path:
    """Return where the author's private signing key stands."""
    return config_folder() / "signing.pem"


def save_account(account: Account) -> None:
    """Remember an account."""
    write_atomically(config_folder() / "account.json", json.dumps(asdict(account)).encode())


def forget_account() -> None:
    """Forget the account."""
    (config_folder() / "account.json").unlink(missing_ok=True)


def load_account() -> Account:
    """Return the signed-in account.

    Raises:
        NotSignedIn: There is none.
    """
    try:
        content = (config_folder() / "account.json").read_text()
    except FileNotFoundError as error:
        raise NotSignedIn(
            "You are not signed in: jiuzhou login --center URL --name NAME"
        ) from error
    return Account(**json.loads(content))


def center_client() -> CenterClient:
    """Return a client of the center, as the signed-in account."""
    account = load_account()
    return CenterClient(account.center, account.token)
