"""What the edge needs from engines that differ in kind."""

from typing import Protocol


class QuotaLedger(Protocol):
    """Grants shares of a subscription's quota to the gateways of a province."""

    async def lease(self, subscription: str, window: int, limit: int, want: int) -> int:
        """Take up to ``want`` calls of a window and return how many were granted, at least 1.

        Args:
            subscription: Whose quota.
            window: Number of the day, in the province's zone.
            limit: Calls that the window allows, over all gateways.
            want: Calls to take, at least 1.

        Raises:
            QuotaExceeded: ``limit`` calls were already granted in this window.
            LedgerUnavailable: The counter store does not answer; nothing is known to be granted.
        """
        ...
