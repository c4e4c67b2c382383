"""The scheduler's addresses for machines that joined, as one of them asks them."""

import asyncio
from pathlib import Path
from typing import TypeVar

import httpx
from pydantic import ValidationError

from capability_sdk.contracts.joining import Assignment, NodeReport, ReportAnswer
from capability_sdk.contracts.model import Wire
from capability_sdk.contracts.nodes import NodeMetadata
from capability_sdk.directory.errors import NodeRejected
from scheduler.node_agent.joined.errors import CredentialRefused, NotRegistered, SchedulerAway
from scheduler.node_agent.joined.site import NodeSite

WAIT_SECONDS = 20
_TIMEOUT = httpx.Timeout(10.0, connect=3.0)
_POLL_TIMEOUT = httpx.Timeout(WAIT_SECONDS + 10.0, connect=3.0)
_LARGEST_ARCHIVE_BYTES = 8 << 30
_REFUSED, _NOT_FOUND, _INVALID, _PARTIAL = 401, 404, 422, 206
_Answer = TypeVar("_Answer", bound=Wire)


class SchedulerLink:
    """Asks with this machine's credential; every failure is one of three."""

    def __init__(self, site: NodeSite, credential: str) -> None:
        self._own = f"/{site.node}"
        self._http = httpx.AsyncClient(
            base_url=f"{site.scheduler_url}/api/v1/joined-nodes",
            headers={"authorization": f"Bearer {credential}"},
            timeout=_TIMEOUT,
            trust_env=False,
        )

    async def register(self, metadata: NodeMetadata) -> None:
        """Say what this machine offers.

        Raises:
            NodeRejected: The scheduler does not believe it; the reason is the scheduler's.
            SchedulerAway: It does not answer.
            CredentialRefused: It does not know this machine.
        """
        body = metadata.model_dump(mode="json", by_alias=True)
        response = await self._ask("PUT", self._own, json=body)
        if response.status_code == _INVALID:
            raise NodeRejected(_detail(response), node=metadata.node)
        _require_success(response)

    async def report(self, report: NodeReport) -> ReportAnswer:
        """Tell load and instances, and return the lease.

        Raises:
            NotRegistered: The scheduler has started anew: register first.
            SchedulerAway: It does not answer.
            CredentialRefused: It does not know this machine.
        """
        body = report.model_dump(mode="json", by_alias=True)
        response = await self._ask("PUT", f"{self._own}/report", json=body)
        if response.status_code == _NOT_FOUND:
            raise NotRegistered(_detail(response))
        return _read(ReportAnswer, response)

    async def assignment(self, after: int, *, wait: bool) -> Assignment:
        """Return what this machine shall run; wait for another revision than ``after`` if asked to.

        Raises:
            SchedulerAway: It does not answer.
            CredentialRefused: It does not know this machine.
        """
        asked = {"after": after, "wait": WAIT_SECONDS if wait else 0}
        path = f"{self._own}/assignment"
        return _read(Assignment, await self._ask("GET", path, params=asked, timeout=_POLL_TIMEOUT))

    async def download(self, digest: str, file: Path) -> None:
        """Fetch a package's archive, going on where an earlier try broke off.

        Raises:
            SchedulerAway: It broke off again; what came is kept for the next try.
            CredentialRefused: The scheduler does not know this machine.
        """
        have = await asyncio.to_thread(_size, file)
        path = f"{self._own}/packages/{digest}"
        headers = {"range": f"bytes={have}-"} if have else {}
        try:
            async with self._http.stream("GET", path, headers=headers) as response:
                if not response.is_success:
                    # Where the rest cannot be had, the next try begins anew.
                    await asyncio.to_thread(file.unlink, missing_ok=True)
                    await response.aread()
                    _require_success(response)
                is_rest = response.status_code == _PARTIAL
                with file.open("ab" if is_rest else "wb") as out:
                    async for chunk in response.aiter_raw():
                        out.write(chunk)
                        if out.tell() > _LARGEST_ARCHIVE_BYTES:
                            raise SchedulerAway("The archive is larger than any package.")
        except httpx.HTTPError as error:
            raise SchedulerAway(f"The download broke off ({type(error).__name__}).") from error

    async def settings(self, digest: str) -> bytes:
        """Fetch what the province chose of the settings, as it is digested.

        Raises:
            SchedulerAway: It does not answer, or does not have them.
            CredentialRefused: It does not know this machine.
        """
        response = await self._ask("GET", f"{self._own}/overlays/{digest}")
        _require_success(response)
        return response.content

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _ask(
        self,
        method: str,
        path: str,
        *,
        json: object = None,
        params: dict[str, int] | None = None,
        timeout: httpx.Timeout = _TIMEOUT,  # noqa: ASYNC109 - httpx's own, of each phase
    ) -> httpx.Response:
        try:
            return await self._http.request(method, path, json=json, params=params, timeout=timeout)
        except httpx.HTTPError as error:
            raise SchedulerAway(
                f"The scheduler does not answer ({type(error).__name__})."
            ) from error


def _read(kind: type[_Answer], response: httpx.Response) -> _Answer:
    _require_success(response)
    try:
        return kind.model_validate_json(response.content)
    except ValidationError:
        raise SchedulerAway("The scheduler's answer is not understood.") from None


def _require_success(response: httpx.Response) -> None:
    if response.status_code == _REFUSED:
        raise CredentialRefused(
            "The scheduler does not know this machine any more: join again with a new code."
        )
    if not response.is_success:
        raise SchedulerAway(f"The scheduler refuses (HTTP {response.status_code}).")


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def _detail(response: httpx.Response) -> str:
    try:
        return str(response.json()["detail"])
    except (ValueError, LookupError, TypeError):
        return f"The scheduler refuses (HTTP {response.status_code})."
