"""Remembers that the center is away, so that no caller waits for what just failed."""

import asyncio
import logging

import httpx

_PROBE_SECONDS = 1.0
_PATIENCE_SECONDS = 2.0

_log = logging.getLogger(__name__)


class CenterReach:
    """Whether callers should turn to the center now; looks in the background when it is back."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self._lost = asyncio.Event()

    @property
    def is_away(self) -> bool:
        """Whether the center did not answer last, and has not shown itself since."""
        return self._lost.is_set()

    def lost(self) -> None:
        """Note that the center did not answer; that it refused is an answer."""
        if not self._lost.is_set():
            _log.warning("the center is away: the province goes on by itself")
        self._lost.set()

    async def run(self) -> None:
        """Look for a lost center until it is there again, for good."""
        while True:
            await self._lost.wait()
            if await self._answers():
                self._lost.clear()
                _log.warning("the center is there again")
            else:
                await asyncio.sleep(_PROBE_SECONDS)

    async def _answers(self) -> bool:
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                return (await self._http.get("/health/ready")).is_success
        except (httpx.HTTPError, TimeoutError):
            return False
