"""``jiuzhou up`` and ``jiuzhou status``."""

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from capability_sdk.kit.processes import python

DEFAULT_DATA = Path(".data")

Data = Annotated[Path, typer.Option(help="Folder of the platform.", file_okay=False)]


class Runner(StrEnum):
    """Engines that run instances."""

    PROCESS = "process"
    KUBERNETES = "kubernetes"


def up(
    data: Data = DEFAULT_DATA,
    showcase: Annotated[
        bool, typer.Option(help="Start the demo; without it an empty center.")
    ] = True,
    proving: Annotated[
        bool, typer.Option(help="Start the proving edge; without it no version is proven online.")
    ] = True,
    nacos: Annotated[
        bool, typer.Option("--nacos", help="Run a Nacos server beside it as the directory.")
    ] = False,
    runner: Annotated[
        Runner, typer.Option(help="Where the first province's instances run.")
    ] = Runner.PROCESS,
    kubeconfig: Annotated[
        Path | None, typer.Option(help="Runner kubernetes: names cluster and credential.")
    ] = None,
    port_base: Annotated[int, typer.Option(help="First port to try.", min=1024, max=65000)] = 8400,
) -> None:
    """Run the platform until Ctrl-C; the first start walks the showcase."""
    if (runner is Runner.KUBERNETES) != (kubeconfig is not None):
        raise _fail("--runner kubernetes and --kubeconfig go together")
    arguments = ["--data", str(data), "--port-base", str(port_base)]
    if not showcase:
        arguments.append("--no-showcase")
    if not proving:
        arguments.append("--no-proving")
    if nacos:
        arguments.append("--nacos")
    if kubeconfig is not None:
        arguments += ["--kubeconfig", str(kubeconfig.absolute())]
    command = python("deploy.embedded", *arguments)
    sys.stdout.flush()
    # The supervisor takes over this process, and with it signals and exit code, but none of the
    # memory that the command line's imports hold.
    os.execv(command[0], command)  # noqa: S606 - our own interpreter and module


def status(
    data: Data = DEFAULT_DATA,
    as_json: Annotated[bool, typer.Option("--json", help="Everything, for scripts.")] = False,
    env: Annotated[
        str | None,
        typer.Option(help="Shell assignments GATEWAY, CLIENT_ID, CLIENT_SECRET of a province."),
    ] = None,
) -> None:
    """Describe the running platform."""
    # Every command of the CLI imports this module; what only `status` needs comes with it alone.
    from deploy.embedded import printing  # noqa: PLC0415 - a light start
    from deploy.embedded.platform import NotRunning, directory_of, instances_of, read_status  # noqa: PLC0415 - a light start

    try:
        found = read_status(data.resolve())
    except NotRunning as error:
        raise _fail(str(error)) from error
    for province in (*found.provinces, *filter(None, [found.proving])):
        found.processes += instances_of(province)
        province.directory = directory_of(province)
    if env is not None:
        assignments = printing.environment(found, env)
        if assignments is None:
            raise _fail(f"{env} is no province of the demo")
        print(assignments)
    else:
        print(found.model_dump_json(indent=2) if as_json else printing.overview(found))


def _fail(message: str) -> typer.Exit:
    print(f"jiuzhou: {message}", file=sys.stderr)
    return typer.Exit(1)
