"""Endpoints from the province's scheduler, by long poll; the last good list outlives restarts."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError

from capability_sdk.contracts.nodes import EndpointList
from capability_sdk.kit.files import write_atomically
from edge_gateway.gateway.fetching import fetch
from edge_gateway.gateway.upstream import Upstream, UpstreamFailed

ENDPOINTS_FILE = "endpoints.json"
WAIT_SECONDS = 20
_RETRY_SECONDS = 1.0
_OK, _NO_CONTENT = 200, 204

_log = logging.getLogger(__name__)


class EndpointWatch:
    """Keeps the gateway's endpoints as the scheduler sees them."""

    def __init__(
        self,
        file: Path,
        scheduler: Upstream,
        credential: bytes,
        changed: Callable[[EndpointList], None],
    ) -> None:
        """Prepare.

        Args:
            file: Where the last good list is kept.
            scheduler: Address of the scheduler; its timeout is longer than `WAIT_SECONDS`.
            credential: Authorization header line of the province's own processes.
            changed: Told of each new list.
        """
        self._file = file
        self._scheduler = scheduler
        self._credential = credential
        self._changed = changed
        self._revision = -1
        self._is_reached = True

    def load(self) -> None:
        """Take over the last good list, if there is a readable one."""
        try:
            kept = EndpointList.model_validate_json(self._file.read_bytes())
        except FileNotFoundError:
            return
        except (OSError, ValidationError) as error:
            _log.error("%s is not used: %s", self._file.name, type(error).__name__)
            return
        self._changed(kept)

    async def run(self) -> None:
        """Follow the scheduler until cancelled."""
        while True:
            try:
                found = await self._ask()
            except (UpstreamFailed, ValidationError) as error:
                if self._is_reached:
                    _log.warning("the scheduler does not tell endpoints: %s", error)
                self._is_reached = False
                await asyncio.sleep(_RETRY_SECONDS)
                continue
            if not self._is_reached:
                _log.info("the scheduler tells endpoints again")
            self._is_reached = True
            if found is None:
                await asyncio.sleep(0)
                continue
            self._revision = found.revision
            self._keep(found)
            self._changed(found)

    async def _ask(self) -> EndpointList | None:
        wait = WAIT_SECONDS if self._is_reached else 0
        path = f"/api/v1/endpoints?after={self._revision}&wait={wait}"
        answer = await fetch(self._scheduler, "GET", path, headers=self._credential)
        if answer.head.status == _NO_CONTENT:
            return None
        if answer.head.status != _OK:
            _log.warning("the scheduler answered %d", answer.head.status)
            await asyncio.sleep(_RETRY_SECONDS)
            return None
        found = EndpointList.model_validate_json(answer.body)
        return None if found.revision == self._revision else found

    def _keep(self, found: EndpointList) -> None:
        try:
            write_atomically(self._file, found.model_dump_json(by_alias=True).encode())
        except OSError as error:
            _log.error("%s cannot be kept: %s", self._file.name, error.strerror)
