"""Remembers that the center is away, so that no caller waits for what just failed."""

import asyncio
import logging
import time

import httpx

_HOLD_SECONDS = 1.0
_LONGEST_HOLD_SECONDS = 15.0
_STEADY_SECONDS = 60.0
_PATIENCE_SECONDS = 2.0

_log = logging.getLogger(__name__)


class CenterReach:
    """Whether callers should turn to the center now; looks in the background when it is back."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self._lost = asyncio.Event()
        self._hold = _HOLD_SECONDS
        self._found_at = float("-inf")

    @property
    def is_away(self) -> bool:
        """Whether the center did not answer last, and has not shown itself since."""
        return self._lost.is_set()

    def lost(self) -> None:
        """Note that the center did not answer; that it refused is an answer."""
        if self._lost.is_set():
            return
        _log.warning("the center is away: the province goes on by itself")
        # A center whose health is well and whose tokens are not is asked less and less often.
        was_wrong = time.monotonic() - self._found_at < _STEADY_SECONDS
        self._hold = min(2 * self._hold, _LONGEST_HOLD_SECONDS) if was_wrong else _HOLD_SECONDS
        self._lost.set()

    async def run(self) -> None:
        """Look for a lost center until it is there again, for good."""
        while True:
            await self._lost.wait()
            await asyncio.sleep(self._hold)
            if await self._answers():
                self._found_at = time.monotonic()
                self._lost.clear()
                _log.warning("the center is there again")

    async def _answers(self) -> bool:
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                return (await self._http.get("/health/ready")).is_success
        except (httpx.HTTPError, TimeoutError):
            return False
