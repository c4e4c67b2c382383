"""The versions that one process serves: the first came with its command, others are loaded into it."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx

from capability_sdk.contracts.nodes import InstanceHealth
from capability_sdk.contracts.repository import (
    LoadParameters,
    LoadRequest,
    UnloadParameters,
    UnloadRequest,
)
from scheduler.domain import Binding

_log = logging.getLogger(__name__)
_FIRST_DELAY = 0.5
_CONFLICT = 409


@dataclass(slots=True)
class _Guest:
    """A version besides the first, as far as its loading has come."""

    binding: Binding
    health: InstanceHealth = InstanceHealth.STARTING
    detail: str = ""
    attempts: int = 0
    loading: asyncio.Task[None] | None = None


class Hosted:
    """Keeps the versions of a process loaded, through its restarts; belongs to one event loop."""

    def __init__(
        self,
        first: Binding,
        admin: Path,
        *,
        load_timeout: float,
        longest_delay: float,
        notify: Callable[[], None],
    ) -> None:
        self.first = first
        self._guests: dict[str, _Guest] = {}
        self._changing = asyncio.Lock()
        """One load or unload at a time: a version may come back while it leaves."""
        self._longest_delay = longest_delay
        self._notify = notify
        self._http = httpx.AsyncClient(
            transport=httpx.AsyncHTTPTransport(uds=str(admin)),
            base_url="http://instance",
            timeout=load_timeout,
            trust_env=False,
        )

    @property
    def ids(self) -> list[str]:
        """Every instance of this process."""
        return [self.first.id, *self._guests]

    def guest(self, instance: str) -> tuple[InstanceHealth, str, int]:
        """Return health, detail and failed attempts of a version that is loaded besides."""
        guest = self._guests[instance]
        return guest.health, guest.detail, max(guest.attempts - 1, 0)

    def add(self, binding: Binding, *, is_up: bool) -> None:
        """Take a version; it is loaded now, or when the process is up."""
        if binding.id in self.ids:
            return
        self._guests[binding.id] = _Guest(binding)
        if is_up:
            self._load(self._guests[binding.id])

    async def leave(self, instance: str) -> None:
        """Unload a version; another one stays. Where the first leaves, the next one becomes it.

        A version that came back meanwhile, as another instance, stays loaded for that.
        """
        if instance == self.first.id:
            gone = self.first
            heir = next(iter(self._guests))
            self.first = self._guests.pop(heir).binding
        else:
            guest = self._guests.pop(instance)
            gone = guest.binding
            await _end(guest)
        async with self._changing:
            if gone.unit.version not in self._versions():
                await self._unload(gone)

    def is_down(self) -> None:
        """The process ended: what was loaded into it is gone."""
        for guest in self._guests.values():
            if guest.loading is not None:
                guest.loading.cancel()
            guest.health, guest.detail, guest.loading = InstanceHealth.STARTING, "", None

    def is_up(self) -> None:
        """The process is ready: load what is missing."""
        for guest in self._guests.values():
            if guest.loading is None:
                self._load(guest)

    async def close(self) -> None:
        """Stop loading."""
        for guest in self._guests.values():
            await _end(guest)
        await self._http.aclose()

    def _versions(self) -> set[str]:
        bindings = (self.first, *(guest.binding for guest in self._guests.values()))
        return {binding.unit.version for binding in bindings}

    def _load(self, guest: _Guest) -> None:
        guest.loading = asyncio.create_task(
            self._keep_loading(guest), name=f"load {guest.binding.id}"
        )

    async def _keep_loading(self, guest: _Guest) -> None:
        delay = _FIRST_DELAY
        while True:
            guest.attempts += 1
            async with self._changing:
                detail = await self._try_to_load(guest.binding)
            guest.health = InstanceHealth.FAILED if detail else InstanceHealth.READY
            guest.detail = detail
            self._notify()
            if not detail:
                return
            await asyncio.sleep(delay)
            delay = min(delay * 2, self._longest_delay)

    async def _try_to_load(self, binding: Binding) -> str:
        """Ask for a load; return a code for what went wrong, empty where nothing did."""
        unit = binding.unit
        body = LoadRequest(
            parameters=LoadParameters(
                version=unit.version,
                folder=str(binding.package_path),
                code_digest=unit.code_digest,
                weights_digest=unit.weights_digest,
            )
        )
        try:
            answer = await self._ask(unit.capability, "load", body.model_dump_json())
        except httpx.HTTPError as error:
            _log.warning("%s: the load was not answered (%s)", binding.id, type(error).__name__)
            return "not-ready"
        if answer.is_success:
            return ""
        _log.error("%s: %s %s is refused", binding.id, unit.capability, unit.version)
        return "not-swappable" if answer.status_code == _CONFLICT else "package-refused"

    async def _unload(self, binding: Binding) -> None:
        unit = binding.unit
        body = UnloadRequest(parameters=UnloadParameters(version=unit.version))
        try:
            answer = await self._ask(unit.capability, "unload", body.model_dump_json())
        except httpx.HTTPError as error:
            # A process that does not answer is started again, without it.
            _log.warning("%s: not unloaded (%s)", binding.id, type(error).__name__)
            return
        if not answer.is_success:
            _log.warning("%s: not unloaded (HTTP %d)", binding.id, answer.status_code)

    async def _ask(self, capability: str, act: str, body: str) -> httpx.Response:
        return await self._http.post(f"/v2/repository/models/{capability}/{act}", content=body)


async def _end(guest: _Guest) -> None:
    if guest.loading is not None:
        guest.loading.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await guest.loading
