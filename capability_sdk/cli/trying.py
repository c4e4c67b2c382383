"""What an author does before a review: call an own version on the proving edge."""

import time
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from capability_sdk.cli.authoring import version_path
from capability_sdk.cli.calling import read_request
from capability_sdk.cli.config import center_client
from capability_sdk.cli.output import AsJson, show_item
from capability_sdk.client import ApiProblem, Unreachable
from capability_sdk.client.problems import send

_PAUSE_SECONDS = 0.2
_NOT_YET = frozenset({401, 403, 404, 502, 503, 504})
"""Until the edge has heard of the draft, fetched and started it."""


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("try")(try_out)


def try_out(
    capability: Annotated[str, typer.Argument(help="Name of the capability.")],
    version: Annotated[str, typer.Argument(help="Version, such as 1.0.0.")],
    sample: Annotated[
        Path, typer.Option("--sample", help="A sample, or a request as JSON (- for stdin).")
    ],
    patience: Annotated[float, typer.Option(help="Seconds to wait for the first answer.")] = 60.0,
    as_json: AsJson = False,
) -> None:
    """Call an own version on the proving edge, before anybody reviews it: answer and timing."""
    request = read_request(sample)
    path = version_path(capability, version)
    with center_client() as client:
        trial = client.post(f"{path}:try")
        try:
            view = _call(
                trial, f"/v2/models/{capability}/versions/{version}/infer", request, patience
            )
        finally:
            client.post(f"{path}:end-try")
    show_item(view, as_json=as_json)


def _call(trial: dict[str, Any], path: str, request: dict[str, Any], patience: float) -> Any:  # noqa: ANN401 - shown as it is
    headers = {"authorization": f"Bearer {trial['access_token']}"}
    began = time.monotonic()
    with httpx.Client(
        base_url=trial["gateway_url"], headers=headers, timeout=30.0, trust_env=False
    ) as http:
        while True:
            sent = time.monotonic()
            try:
                answer = send(http, http.build_request("POST", path, json=request))
            except Unreachable:
                if sent > began + patience:
                    raise
            except ApiProblem as problem:
                if problem.status not in _NOT_YET or sent > began + patience:
                    raise
            else:
                break
            time.sleep(_PAUSE_SECONDS)
        first_answer = time.monotonic() - began
        sent = time.monotonic()
        answer = send(http, http.build_request("POST", path, json=request))
        latency = time.monotonic() - sent
    return {
        "version": answer.headers["x-capability-version"],
        "first_answer_seconds": round(first_answer, 2),
        "latency_ms": round(latency * 1e3, 2),
        "outputs": answer.json()["outputs"],
    }
