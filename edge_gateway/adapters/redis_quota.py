"""Quotas counted in Redis: shared by every gateway of a province."""

from datetime import timedelta
from typing import Any, cast

from redis.asyncio import Redis
from redis.exceptions import RedisError

from edge_gateway.errors import LedgerUnavailable, QuotaExceeded

KEPT = timedelta(days=3)
"""How long a window's count stays: longer than any gateway works on a window."""

# One script is one atomic step: two gateways never see the same count.
_LEASE = """
local granted = tonumber(redis.call('GET', KEYS[1]) or '0')
local share = math.min(tonumber(ARGV[2]), tonumber(ARGV[1]) - granted)
if share <= 0 then return 0 end
redis.call('SET', KEYS[1], string.format('%.0f', granted + share), 'EX', ARGV[3])
return share
"""


class RedisQuotaLedger:
    """Counts what was granted, by subscription and window."""

    def __init__(
        self, url: str, *, prefix: str = "jiuzhou:quota", timeout: timedelta = timedelta(seconds=1)
    ) -> None:
        seconds = timeout.total_seconds()
        self._redis = Redis.from_url(url, socket_timeout=seconds, socket_connect_timeout=seconds)
        self._prefix = prefix
        self._script = self._redis.register_script(_LEASE)

    async def lease(self, subscription: str, window: int, limit: int, want: int) -> int:
        """Grant calls; see `edge_gateway.ports.QuotaLedger`."""
        key = f"{self._prefix}:{subscription}:{window}"
        arguments: list[Any] = [limit, want, int(KEPT.total_seconds())]
        try:
            granted = cast("int", await self._script(keys=[key], args=arguments))
        except (RedisError, OSError) as error:
            raise LedgerUnavailable("Redis does not answer.") from error
        if granted <= 0:
            raise QuotaExceeded(f"All {limit} calls of the day are used up.", limit=limit)
        return granted

    async def close(self) -> None:
        """Give the connections back."""
        await self._redis.aclose()
