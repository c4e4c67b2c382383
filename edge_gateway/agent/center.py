"""The one client of the center: every request carries the agent's own credential."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import httpx

from edge_gateway.agent.credential import Credential
from edge_gateway.agent.errors import CenterAway
from edge_gateway.agent.refusals import check, problem_of

_TIMEOUT = httpx.Timeout(15.0, connect=5.0)


def open_http(center_url: str) -> httpx.AsyncClient:
    """Open connections to a center; the environment's proxies do not apply."""
    return httpx.AsyncClient(base_url=center_url, timeout=_TIMEOUT, trust_env=False)


def open_line(center_url: str, silence: timedelta) -> httpx.AsyncClient:
    """Open what rights come by: every request has a new connection, and none outlives a silence.

    A connection that a broken network forgot would look idle, and swallow the next request.
    """
    return httpx.AsyncClient(
        base_url=center_url,
        timeout=silence.total_seconds(),
        limits=httpx.Limits(max_keepalive_connections=0),
        trust_env=False,
    )


class Center:
    """Sends requests on behalf of one edge, over a bounded pool of connections."""

    def __init__(self, http: httpx.AsyncClient, credential: Credential, edge: str) -> None:
        self._http = http
        self._credential = credential
        self.edge = edge

    async def send(self, method: str, path: str, **options: Any) -> httpx.Response:  # noqa: ANN401 - httpx's own options
        """Send a request and return its successful answer.

        Args:
            method: HTTP method.
            path: Path and query, from ``/``.
            options: As of `httpx.AsyncClient.request`.

        Raises:
            CenterAway: Nobody answers, or not now.
            CenterRefused: The center refuses.
        """
        response = await self._attempt(method, path, options)
        if _is_bearer_refused(response):
            # The key of the token may just have been replaced: one more try with a new token.
            response = await self._attempt(method, path, options)
        check(response)
        return response

    @asynccontextmanager
    async def download(self, path: str) -> AsyncIterator[AsyncIterator[bytes]]:
        """Give out the bytes of a resource as they come.

        Raises:
            CenterAway: Nobody answers, not now, or the connection breaks.
            CenterRefused: The center refuses.
        """
        headers = {"authorization": f"Bearer {await self._credential.bearer()}"}
        try:
            async with self._http.stream("GET", path, headers=headers) as response:
                if not response.is_success:
                    await response.aread()
                    check(response)
                yield response.aiter_bytes()
        except httpx.HTTPError as error:
            raise CenterAway(f"The download broke off ({type(error).__name__}).") from error

    async def _attempt(self, method: str, path: str, options: dict[str, Any]) -> httpx.Response:
        bearer = await self._credential.bearer()
        headers = {**options.get("headers", {}), "authorization": f"Bearer {bearer}"}
        try:
            response = await self._http.request(method, path, **{**options, "headers": headers})
        except httpx.HTTPError as error:
            raise CenterAway(f"The center does not answer ({type(error).__name__}).") from error
        if _is_bearer_refused(response):
            self._credential.forget(bearer)
        return response


def _is_bearer_refused(response: httpx.Response) -> bool:
    """Tell a refused edge from a refused caller, whose credentials an edge relays."""
    if response.status_code != HTTPStatus.UNAUTHORIZED:
        return False
    return not str(problem_of(response).get("type", "")).endswith("/invalid-client")
