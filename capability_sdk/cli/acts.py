"""What most commands do: one act at the center, as the signed-in account."""

from typing import Any

from capability_sdk.cli.config import center_client
from capability_sdk.cli.output import show_item


def act(path: str, body: dict[str, Any] | None = None, *, as_json: bool) -> None:
    """Post to the center and show the item that came of it.

    Args:
        path: Below ``/api/v1``, such as ``/subscriptions/ID:revoke``.
        body: JSON of the request; None for an act that takes none.
        as_json: Whether to print JSON instead of lines for people.

    Raises:
        NotSignedIn: Nobody is signed in.
        ApiProblem: The center refused.
        Unreachable: The center does not answer.
    """
    with center_client() as client:
        show_item(client.post(path, body), as_json=as_json)
