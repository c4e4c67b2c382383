"""The service directory on a Nacos 3 server."""

import asyncio
import contextlib
import hashlib
import logging
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from capability_sdk.directory.errors import EntryRefused
from capability_sdk.directory.nacos.client import Host, NacosClient, Place
from capability_sdk.directory.nacos.envelope import enclose, open_envelope
from capability_sdk.directory.nacos.errors import NacosUnavailable
from capability_sdk.directory.nacos.login import Login
from capability_sdk.directory.ports import DirectoryHealth, Entry, check_entry
from capability_sdk.kit.clock import Clock, system_clock

_log = logging.getLogger(__name__)
_TICK_SECONDS: Final = 1.0
_LONGEST_EXCHANGE_SECONDS: Final = 20.0
_MAX_REFUSED: Final = 50
"""So many refused entries are named; more of them are no news."""


class NacosDirectory:
    """Belongs to one event loop, where one task keeps server and memory alike, once a second.

    Each round publishes what is not there as it should be, and asks for what others published. So it
    makes no difference what happened to the server meanwhile: stopped, frozen, emptied, overwritten.
    """

    def __init__(
        self,
        place: Place,
        login: Login | None,
        key: bytes,
        folder: Path,
        clock: Clock = system_clock,
    ) -> None:
        """Prepare; nothing is sent before the first use.

        Args:
            place: The server.
            login: Gives access tokens; None for a server that asks for none.
            key: Seals entries; all programs of a province share it and nobody else has it.
            folder: Of the SDK's own files.
            clock: The present moment, for ages.
        """
        self._place = place
        self._login = login
        self._key = key
        self._folder = folder
        self._clock = clock
        self._own: dict[str, dict[str, Entry]] = {}
        self._heard: dict[str, dict[str, Entry]] = {}
        self._refused: dict[str, dict[str, str]] = {}
        self._client: NacosClient | None = None
        self._published: dict[str, list[Host]] = {}
        self._incarnation = ""
        self._answered_at: datetime | None = None
        self._detail = "it was not asked yet"
        self._news = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None

    async def register(self, entry: Entry) -> None:
        """Add or replace an entry: here at once, on the server within the next round that succeeds."""
        check_entry(entry)
        own = self._own.setdefault(entry.service, {})
        known = own.get(entry.instance)
        if known is None or known.epoch <= entry.epoch:
            own[entry.instance] = entry
        self._wake(entry.service)

    async def deregister(self, service: str, instance: str) -> None:
        """Remove an own entry; those of other programs are theirs."""
        if self._own.get(service, {}).pop(instance, None) is not None:
            self._heard.get(service, {}).pop(instance, None)
            self._wake(service)

    async def entries(self, service: str) -> list[Entry]:
        """Return own entries and those last heard of; of two with one name the later start's."""
        self._wake(service, is_news=service not in self._own)
        found = dict(self._heard.get(service, {}))
        for instance, entry in self._own.get(service, {}).items():
            if instance not in found or found[instance].epoch <= entry.epoch:
                found[instance] = entry
        return sorted(found.values(), key=lambda entry: entry.instance)

    def health(self) -> DirectoryHealth:
        """Tell when the server last answered a whole round."""
        refused = {host: why for by_host in self._refused.values() for host, why in by_host.items()}
        return DirectoryHealth("nacos", self._answered_at, self._detail, refused)

    async def close(self) -> None:
        """Stop, and cut the connection: the server drops within a second what came over it."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        await self._disconnect()

    def _wake(self, service: str, *, is_news: bool = True) -> None:
        self._own.setdefault(service, {})
        if is_news:
            self._news.set()
        if self._keeper is None:
            self._keeper = asyncio.create_task(self._keep(), name="nacos directory")

    async def _keep(self) -> None:
        while True:
            self._news.clear()
            try:
                async with asyncio.timeout(_LONGEST_EXCHANGE_SECONDS):
                    await self._exchange()
            except NacosUnavailable as error:
                await self._lose(str(error))
            except Exception as error:  # noqa: BLE001 - whatever the SDK failed of, the next round is needed
                # The words of a stranger's failure may quote what was sent.
                await self._lose(f"a round failed of {type(error).__name__}")
            # No `wait_for`: in 3.11 it loses a cancellation that comes together with the news.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_TICK_SECONDS):
                    await self._news.wait()

    async def _exchange(self) -> None:
        if self._client is None:
            self._client = await NacosClient.connect(self._place, self._login, self._folder)
            self._begin_anew()
        for service in list(self._own):
            await self._publish(self._client, service)
            hosts = await self._client.hosts(service)
            self._hear(service, hosts)
            self._compare(service, hosts)
        if self._detail:
            _log.info("nacos at %s answers", self._place.address)
        self._answered_at, self._detail = self._clock(), ""

    def _begin_anew(self) -> None:
        """Take new names for own hosts.

        For a minute Nacos gives an instance of the same address, port and cluster what somebody set
        on the one before it; of a name that never was there is nothing to inherit.
        """
        self._incarnation = secrets.token_hex(4)
        self._published.clear()

    async def _publish(self, client: NacosClient, service: str) -> None:
        wanted = [self._host(entry) for entry in self._own[service].values()]
        if self._published.get(service, []) != wanted:
            await client.publish(service, wanted)
            self._published[service] = wanted

    def _host(self, entry: Entry) -> Host:
        host, _, port = entry.address.rpartition(":")
        is_tcp = bool(host) and port.isdigit() and entry.address.isascii()
        digest = hashlib.sha256(entry.instance.encode()).hexdigest()
        return Host(
            ip=host if is_tcp else "0.0.0.0",  # noqa: S104 - says that nobody connects to it
            port=int(port) if is_tcp else 0,
            cluster=f"{digest[:12]}-{self._incarnation}",
            metadata=enclose(entry, self._key),
        )

    def _hear(self, service: str, hosts: Sequence[Host]) -> None:
        heard: dict[str, Entry] = {}
        refused: dict[str, str] = {}
        for host in hosts:
            try:
                entry = open_envelope(service, host.metadata, self._key)
            except EntryRefused as error:
                if len(refused) < _MAX_REFUSED:
                    refused[f"{host.ip}:{host.port}"[:100]] = str(error)[:200]
                continue
            if entry.instance not in heard or heard[entry.instance].epoch < entry.epoch:
                heard[entry.instance] = entry
        self._note_refused(service, refused)
        self._heard[service] = heard

    def _note_refused(self, service: str, refused: Mapping[str, str]) -> None:
        news = {
            host: why for host, why in refused.items() if host not in self._refused.get(service, {})
        }
        if news:
            host, why = next(iter(news.items()))
            _log.warning(
                "%d new entries of %s are refused, such as %r: %s", len(news), service, host, why
            )
        self._refused[service] = dict(refused)

    def _compare(self, service: str, hosts: Sequence[Host]) -> None:
        """Have the next round publish again what the server lost or somebody overwrote."""
        there: dict[tuple[str, int, str], list[Host]] = {}
        for host in hosts:
            there.setdefault(host.identity, []).append(host)
        wanted = self._published.get(service, [])
        lost = [host for host in wanted if host not in there.get(host.identity, [])]
        if any(host.identity in there for host in lost):
            _log.warning("somebody overwrote our entries of %s; they get new names", service)
            self._begin_anew()
        elif lost:
            self._published.pop(service)

    async def _lose(self, why: str) -> None:
        if why != self._detail:
            _log.warning(
                "nacos at %s cannot be used: %s; what it last said holds", self._place.address, why
            )
        self._detail = why
        if self._login is not None:
            self._login.forget()
        await self._disconnect()

    async def _disconnect(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(NacosUnavailable):
                await client.close()
