"""What a client raises: the server's own problem document, or that nobody answered."""

from typing import Any, Self

import httpx


class ClientError(Exception):
    """A call did not succeed; the message says why."""


class Unreachable(ClientError):
    """Nobody answered at the address."""


class ApiProblem(ClientError):
    """The server refused; carries its RFC 9457 problem document.

    Attributes:
        status: HTTP status.
        code: Stable cause, such as ``quota-exceeded``.
        members: The whole problem document.
    """

    def __init__(self, status: int, code: str, detail: str, members: dict[str, Any]) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.members = members

    @property
    def cure(self) -> str:
        """What the asker can do about it, in the server's words; may be empty."""
        return str(self.members.get("cure") or "")

    @classmethod
    def from_response(cls, response: httpx.Response) -> Self:
        """Read the problem of a failing answer, whoever sent it."""
        try:
            body = response.json()
        except ValueError:
            body = {}
        if not isinstance(body, dict):
            body = {}
        detail = body.get("detail") or body.get("error") or f"HTTP {response.status_code}"
        code = str(body.get("type", "")).rsplit("/", 1)[-1]
        return cls(response.status_code, code, str(detail), body)


def send(client: httpx.Client, request: httpx.Request) -> httpx.Response:
    """Send a request.

    Raises:
        Unreachable: Nobody answered.
        ApiProblem: The answer is an error.
    """
    try:
        response = client.send(request)
    except httpx.HTTPError as error:
        address = f"{request.url.scheme}://{request.url.netloc.decode()}"
        raise Unreachable(f"{address} does not answer ({type(error).__name__}).") from error
    if response.is_error:
        raise ApiProblem.from_response(response)
    return response
