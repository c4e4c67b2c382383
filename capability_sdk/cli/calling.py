"""What a calling system does: call a capability, and tell what was true."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from capability_sdk.cli.output import AsJson, show_item
from capability_sdk.client import GatewayClient
from capability_sdk.contracts.errors import InvalidRequest
from capability_sdk.contracts.feedback import FeedbackItem

Gateway = Annotated[
    str, typer.Option(envvar="JIUZHOU_GATEWAY", help="Address of the province's gateway.")
]
ClientId = Annotated[
    str, typer.Option(envvar="JIUZHOU_CLIENT_ID", help="Client id of the application.")
]
Secret = Annotated[
    str,
    typer.Option(
        envvar="JIUZHOU_CLIENT_SECRET",
        prompt=True,
        hide_input=True,
        help="Its secret; better by the environment variable than by this option.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(call)
    app.command()(feedback)


def call(
    capability: Annotated[str, typer.Argument(help="Name of the capability.")],
    request: Annotated[
        Path, typer.Option("--input", help="Open Inference Protocol request as JSON (- for stdin).")
    ],
    gateway: Gateway,
    client_id: ClientId,
    client_secret: Secret,
    version: Annotated[str | None, typer.Option(help="Exact or major version.")] = None,
    as_json: AsJson = False,
) -> None:
    """Call a capability through a province's gateway."""
    with GatewayClient(gateway, client_id, client_secret) as client:
        answer = client.infer(capability, read_request(request), version=version)
    view = {
        "request_id": answer.request_id,
        "version": answer.version,
        "outputs": answer["outputs"],
    }
    show_item(view, as_json=as_json)


def feedback(
    request_id: Annotated[str, typer.Argument(help="Request id of the answer.")],
    truth: Annotated[str, typer.Argument(help="The true value, such as a label.")],
    gateway: Gateway,
    client_id: ClientId,
    client_secret: Secret,
    row: Annotated[int, typer.Option(help="Row within the request.")] = 0,
) -> None:
    """Tell the true value of an answer; it stays in the province."""
    with GatewayClient(gateway, client_id, client_secret) as client:
        client.feedback([FeedbackItem(request_id=request_id, row=row, truth=truth)])
    print("Thank you: the feedback is recorded.")


def read_request(file: Path) -> dict[str, Any]:
    """Read a request from a file, or from a package's sample.

    Raises:
        InvalidRequest: The file holds neither.
    """
    text = typer.get_text_stream("stdin").read() if str(file) == "-" else file.read_text()
    try:
        body = json.loads(text)
    except ValueError as error:
        raise InvalidRequest(f"{file} is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise InvalidRequest(f"{file} is not an Open Inference Protocol request.")
    # A sample of a package holds the request beside the expected answer.
    inner: dict[str, Any] = body.get("request", body)
    return inner
