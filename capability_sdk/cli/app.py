"""Puts the command together: own commands, those of other packages, and what errors look like."""

import sys
from collections.abc import Callable, Sequence
from importlib.metadata import entry_points
from typing import Final

import typer

from capability_sdk.cli import (
    account,
    administration,
    authoring,
    calling,
    converting,
    doctor,
    documents,
    exporting,
    gating,
    marketplace,
    operating,
    plans,
    reviewing,
    revoking,
    trying,
)
from capability_sdk.cli.config import NotSignedIn
from capability_sdk.cli.output import complain
from capability_sdk.client import ApiProblem, Unreachable
from capability_sdk.contracts.errors import ServiceError

EXIT_REFUSED: Final = 1
EXIT_NOT_SIGNED_IN: Final = 3
EXIT_UNREACHABLE: Final = 4

_MODULES: Final = (
    account,
    authoring,
    gating,
    reviewing,
    marketplace,
    plans,
    documents,
    operating,
    revoking,
    calling,
    trying,
    converting,
    doctor,
    exporting,
    administration,
)

_HELP = """Jiuzhou: publish, subscribe, serve and watch AI capabilities across provinces.

Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 not signed in, 4 nobody answers.
"""


def build_app(arguments: Sequence[str]) -> typer.Typer:
    """Collect the commands of this package and of the entry points ``jiuzhou.commands``.

    Args:
        arguments: The command line. Where it names a command, the others' packages are not
            loaded: some of them stand on a whole service, and a second is long at a prompt.
    """
    app = typer.Typer(
        help=_HELP, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None
    )
    for module in _MODULES:
        module.register(app)
    if names_own_command(app, arguments):
        return app
    entries = entry_points(group="jiuzhou.commands")
    asked = [entry for entry in entries if arguments and entry.name == arguments[0]]
    for entry in asked or entries:
        try:
            command = entry.load()
        except ModuleNotFoundError as error:
            command = _missing(entry.name, str(error.name))
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=entry.name)
        else:
            app.command(entry.name)(command)
    return app


def names_own_command(app: typer.Typer, arguments: Sequence[str]) -> bool:
    """Tell whether a command line asks for a command that the application has already."""
    commands = {command.name or _name_of(command.callback) for command in app.registered_commands}
    groups = {group.name for group in app.registered_groups}
    return bool(arguments) and arguments[0] in commands | groups


def _name_of(callback: Callable[..., object] | None) -> str:
    return callback.__name__.replace("_", "-") if callback is not None else ""


def _missing(name: str, module: str) -> Callable[[], None]:
    """Make the command of a part that this light install does not carry."""

    def explain() -> None:
        complain(f"`jiuzhou {name}` needs {module}: pip install 'jiuzhou[all]'")
        raise typer.Exit(EXIT_REFUSED)

    explain.__doc__ = "Not in this light install; pip install 'jiuzhou[all]' brings it."
    return explain


def main() -> None:
    """Run the command line; expected failures become one line and an exit code."""
    try:
        build_app(sys.argv[1:])()
    except NotSignedIn as error:
        complain(str(error))
        sys.exit(EXIT_NOT_SIGNED_IN)
    except Unreachable as error:
        complain(f"{error} Is the platform running? `jiuzhou status` tells.")
        sys.exit(EXIT_UNREACHABLE)
    except ApiProblem as error:
        complain(f"{error} [{error.status} {error.code}] {error.cure}".rstrip())
        sys.exit(EXIT_NOT_SIGNED_IN if error.status == 401 else EXIT_REFUSED)  # noqa: PLR2004 - HTTP
    except ServiceError as error:
        complain(f"{error} [{error.code}]")
        sys.exit(EXIT_REFUSED)
    except OSError as error:
        complain(f"{error.filename or 'a file'}: {error.strerror or error}")
        sys.exit(EXIT_REFUSED)
