"""The present endpoints, and everybody who waits for the next change."""

import asyncio
import contextlib
import time
from collections.abc import Sequence

from capability_sdk.contracts.nodes import Endpoint, EndpointList


class EndpointBoard:
    """Holds one list of endpoints; belongs to one event loop, waiting holds no thread.

    Before the first `publish` nothing is known, which is not the same as that nothing is ready.
    """

    def __init__(self) -> None:
        # A restarted scheduler must not come back to a number that a gateway has seen already.
        self._list = EndpointList(revision=time.time_ns() // 1_000_000, endpoints=[])
        self._changed = asyncio.Event()
        self._is_known = False
        self._is_closed = False
        self._loop = asyncio.get_running_loop()

    @property
    def current(self) -> EndpointList:
        """The list now; empty while nothing is known."""
        return self._list

    def publish(self, endpoints: Sequence[Endpoint]) -> bool:
        """Replace the list; the same endpoints again make no new revision."""
        ordered = sorted(endpoints, key=lambda item: (item.capability, item.version, item.instance))
        if self._is_known and ordered == self._list.endpoints:
            return False
        self._is_known = True
        self._list = EndpointList(revision=self._list.revision + 1, endpoints=ordered)
        self._changed.set()
        self._changed = asyncio.Event()
        return True

    async def wait(self, after: int, seconds: float) -> EndpointList | None:
        """Return the list as soon as its revision is not ``after``, at the latest in time.

        Returns:
            The list; None while nothing is known.
        """
        is_news = self._is_known and self._list.revision != after
        if not is_news and seconds > 0 and not self._is_closed:
            changed = self._changed
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await changed.wait()
        return self._list if self._is_known else None

    def close(self) -> None:
        """Answer everybody who waits now and from now on at once; callable from anywhere."""
        self._is_closed = True
        self._loop.call_soon_threadsafe(self._changed.set)
