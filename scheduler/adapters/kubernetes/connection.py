"""The API server, spoken to in JSON through the client's own session, sign-in and TLS."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import aiohttp
from kubernetes.aio.client.api_client import ApiClient
from kubernetes.aio.client.rest import RESTResponse
from kubernetes.aio.config import ConfigException, new_client_from_config

from scheduler.adapters.kubernetes.drift import FIELD_MANAGER
from scheduler.adapters.kubernetes.kinds import Object
from scheduler.errors import ClusterUnusable

_CONNECT_SECONDS = 5
_ANSWER_SECONDS = 20
_WATCH_SECONDS = 60
"""After this the server ends a watch and it is begun anew: a dead line is not held for good."""
_GONE = 410
_NOT_FOUND = 404
_FIRST_REFUSAL = 400
_APPLY = "application/apply-patch+yaml"
_JSON = "application/json"

Query = Mapping[str, str | int | bool]


class ClusterUnreachable(Exception):
    """The API server did not answer, or stopped in the middle of it."""


class ClusterRefused(Exception):
    """The API server answered, and refused.

    Attributes:
        status: HTTP status.
        reason: Kubernetes' own word for it, such as ``Forbidden``.
    """

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message or f"HTTP {status}")
        self.status = status
        self.reason = reason


class WatchExpired(Exception):
    """The server no longer knows what happened since that version: list again."""


class Cluster:
    """One API server; requests raise `ClusterUnreachable` or `ClusterRefused`, nothing else."""

    def __init__(self, client: ApiClient) -> None:
        self._client = client

    @property
    def address(self) -> str:
        """Where it is."""
        return str(self._client.configuration.host)

    async def get(self, path: str, query: Query | None = None) -> Object:
        """Read an object or a collection."""
        return await self._answer("GET", path, query)

    async def find(self, path: str) -> Object | None:
        """Read an object; None where it is not there."""
        try:
            return await self.get(path)
        except ClusterRefused as refusal:
            if refusal.status == _NOT_FOUND:
                return None
            raise

    async def create(self, path: str, body: Object, *, is_trial: bool = False) -> Object:
        """Create an object in a collection; a trial tells what would become of it."""
        return await self._answer("POST", path, {"dryRun": "All"} if is_trial else None, body)

    async def apply(self, path: str, body: Object) -> Object:
        """Have an object hold what is given here, server-side: our fields are ours again."""
        query: Query = {"fieldManager": FIELD_MANAGER, "force": True}
        return await self._answer("PATCH", path, query, body, _APPLY)

    async def replace(self, path: str, body: Object) -> Object:
        """Have an object be what is given here; it must not have changed since it was read."""
        return await self._answer("PUT", path, {"fieldManager": FIELD_MANAGER}, body)

    async def delete(self, path: str, uid: str) -> None:
        """Delete the very object of a uid with all that it owns; one that is gone is no failure."""
        options = {"propagationPolicy": "Background", "preconditions": {"uid": uid}}
        try:
            await self._answer("DELETE", path, None, options)
        except ClusterRefused as refusal:
            if refusal.status != _NOT_FOUND:
                raise

    async def watch(self, path: str, selector: str, version: str) -> AsyncIterator[Object]:
        """Yield the events of a collection since a version, until the server ends the watch.

        Raises:
            WatchExpired: The version is too old.
        """
        query: Query = {
            "watch": True,
            "allowWatchBookmarks": True,
            "labelSelector": selector,
            "resourceVersion": version,
            "timeoutSeconds": _WATCH_SECONDS,
        }
        try:
            answer = await self._send("GET", path, query, None, _JSON, _WATCH_SECONDS + 15)
            try:
                await _check(answer)
                while line := await answer.response.content.readline():
                    yield _event(line)
            finally:
                answer.response.close()
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise _unreachable(error) from error
        except ClusterRefused as refusal:
            if refusal.status == _GONE:
                raise WatchExpired(str(refusal)) from refusal
            raise

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.close()

    async def _answer(
        self,
        method: str,
        path: str,
        query: Query | None = None,
        body: Object | None = None,
        content: str = _JSON,
    ) -> Object:
        try:
            answer = await self._send(method, path, query, body, content, _ANSWER_SECONDS)
            found: Object = json.loads(await _check(answer) or b"{}")
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise _unreachable(error) from error
        return found

    async def _send(
        self,
        method: str,
        path: str,
        query: Query | None,
        body: Object | None,
        content: str,
        seconds: float,
    ) -> RESTResponse:
        request = await self._client.param_serialize(
            method=method,
            resource_path=path,
            query_params=[(name, _text(value)) for name, value in (query or {}).items()],
            header_params={"Accept": _JSON, "Content-Type": content},
            body=body,
            auth_settings=["BearerToken"],
        )
        limit = aiohttp.ClientTimeout(sock_connect=_CONNECT_SECONDS, sock_read=seconds)
        return await self._client.call_api(*request, _request_timeout=limit)


async def connect(kubeconfig: Path) -> Cluster:
    """Read a kubeconfig and prepare to speak to its cluster; nothing is asked yet.

    Raises:
        ClusterUnusable: It cannot be read, or names no cluster.
    """
    if not await asyncio.to_thread(kubeconfig.is_file):
        raise ClusterUnusable(f"{kubeconfig} is no file: --kubeconfig names a kubeconfig.")
    try:
        client = await new_client_from_config(str(kubeconfig), persist_config=False)
    except (ConfigException, OSError, ValueError, TypeError, KeyError) as error:
        raise ClusterUnusable(f"{kubeconfig} is no usable kubeconfig: {error}") from error
    return Cluster(client)


async def _check(answer: RESTResponse) -> bytes:
    """Return the body of an answer that is no refusal; that of a watch is left unread."""
    if answer.status < _FIRST_REFUSAL:
        is_stream = answer.response.url.query.get("watch") == "true"
        return b"" if is_stream else await answer.read()
    raise _refusal(answer.status, await answer.read())


def _refusal(status: int, body: bytes) -> ClusterRefused:
    try:
        content = json.loads(body)
        return ClusterRefused(status, str(content["reason"]), str(content["message"]))
    except (ValueError, TypeError, KeyError):
        return ClusterRefused(status, "", body[:200].decode(errors="replace"))


def _event(line: bytes) -> Object:
    event: Object = json.loads(line)
    if event["type"] == "ERROR":
        status: dict[str, Any] = event["object"]
        raise ClusterRefused(
            int(status.get("code", 0)), str(status.get("reason", "")), str(status.get("message"))
        )
    return event


def _unreachable(error: Exception) -> ClusterUnreachable:
    return ClusterUnreachable(f"{type(error).__name__}: {error}".rstrip(": "))


def _text(value: str | int | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
