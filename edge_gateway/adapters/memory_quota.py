"""Quotas counted in this process: one gateway worker, nothing kept over a restart."""

from edge_gateway.errors import QuotaExceeded

_KEPT_WINDOWS = 2


class MemoryQuotaLedger:
    """Counts what was granted, by subscription and window."""

    def __init__(self) -> None:
        self._granted: dict[tuple[str, int], int] = {}

    async def lease(self, subscription: str, window: int, limit: int, want: int) -> int:
        """Grant calls; see `edge_gateway.ports.QuotaLedger`."""
        before = self._granted.get((subscription, window), 0)
        granted = min(want, limit - before)
        if granted <= 0:
            raise QuotaExceeded(f"All {limit} calls of the day are used up.", limit=limit)
        if before == 0:
            self._forget(window - _KEPT_WINDOWS)
        self._granted[subscription, window] = before + granted
        return granted

    def _forget(self, through: int) -> None:
        for key in [key for key in self._granted if key[1] <= through]:
            del self._granted[key]
