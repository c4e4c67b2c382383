"""Daily quotas: counted here between leases from the province's ledger."""

import asyncio
import logging
import math
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from capability_sdk.contracts.state import SubscriptionState
from edge_gateway.errors import LedgerUnavailable, QuotaExceeded
from edge_gateway.ports import QuotaLedger

MAX_LEASE = 500
_LEASES_A_DAY = 50
_RETRY_LEDGER_SECONDS = 1.0

_log = logging.getLogger(__name__)


class _Account:
    """What one worker holds of one subscription's day."""

    __slots__ = ("ask_again_at", "asking", "granted", "remaining", "used_up_limit", "window")

    def __init__(self, window: int) -> None:
        self.window = window
        self.granted = 0
        self.remaining = 0
        self.used_up_limit = -1
        self.ask_again_at = math.inf
        self.asking = asyncio.Lock()


class Quotas:
    """Takes single calls from leases.

    While the ledger is away, this worker goes on alone: up to its share of each subscription's
    limit, what it already was granted included; never without limit.
    """

    def __init__(
        self, ledger: QuotaLedger, *, workers: int = 1, wall: Callable[[], float] = time.time
    ) -> None:
        """Prepare.

        Args:
            ledger: Counts for all workers of the province.
            workers: How many workers there are, for the shares when the ledger is away.
            wall: Seconds since 1970.
        """
        self._ledger = ledger
        self._workers = workers
        self._wall = wall
        self._zone: ZoneInfo | None = None
        self._window = 0
        self._window_ends = 0.0
        self._accounts: dict[str, _Account] = {}
        self._alone_until = 0.0
        self.is_alone = False
        """Whether the ledger did not answer the last time it was asked."""

    def use_zone(self, zone: ZoneInfo) -> None:
        """Count days of this time zone from now on."""
        if zone != self._zone:
            self._zone = zone
            self._window_ends = 0.0

    def take(self, subscription: SubscriptionState) -> bool:
        """Take one call; False where a lease must be asked for first (`acquire`).

        Raises:
            QuotaExceeded: The day's calls are used up.
        """
        account = self._account(subscription.id)
        if account.remaining > 0:
            account.remaining -= 1
            return True
        is_used_up = account.used_up_limit >= subscription.daily_quota
        if is_used_up and self._wall() < account.ask_again_at:
            raise self._exceeded(subscription)
        return False

    async def acquire(self, subscription: SubscriptionState) -> None:
        """Take one call, with a new lease where it needs one.

        Raises:
            QuotaExceeded: The day's calls are used up.
        """
        account = self._account(subscription.id)
        async with account.asking:
            while not self.take(subscription):
                account = self._account(subscription.id)
                await self._lease(subscription, account)

    def give_back(self, subscription: str) -> None:
        """Return a call that does not count."""
        account = self._accounts.get(subscription)
        if account is not None and account.window == self._window:
            account.remaining += 1

    def seconds_left(self) -> int:
        """Return the seconds until the quota day ends, at least 1."""
        return max(1, math.ceil(self._window_ends - self._wall()))

    def known_rest(self, subscription: SubscriptionState) -> int:
        """Return how many calls of the day may be left, as far as this worker knows."""
        account = self._accounts.get(subscription.id)
        if account is None or account.window != self._window:
            return subscription.daily_quota
        if account.used_up_limit >= subscription.daily_quota:
            return account.remaining
        return max(0, subscription.daily_quota - account.granted) + account.remaining

    async def _lease(self, subscription: SubscriptionState, account: _Account) -> None:
        limit = subscription.daily_quota
        want = min(MAX_LEASE, max(1, limit // _LEASES_A_DAY))
        try:
            if self._wall() < self._alone_until:
                granted = self._grant_alone(account, limit, want)
            else:
                granted = await self._ledger.lease(subscription.id, account.window, limit, want)
                self.is_alone = False
        except LedgerUnavailable as error:
            if not self.is_alone:
                _log.error("quotas are counted by this worker alone: %s", error)
            self.is_alone = True
            self._alone_until = self._wall() + _RETRY_LEDGER_SECONDS
            granted = self._grant_alone(account, limit, want)
        except QuotaExceeded:
            self.is_alone = False
            granted = 0
        if granted:
            account.granted += granted
            account.remaining += granted
        else:
            account.used_up_limit = limit
            # What this worker found used up on its own, the ledger may see otherwise.
            account.ask_again_at = self._alone_until if self.is_alone else math.inf

    def _grant_alone(self, account: _Account, limit: int, want: int) -> int:
        share = -(-limit // self._workers)
        return max(0, min(want, share - account.granted))

    def _account(self, subscription: str) -> _Account:
        if self._wall() >= self._window_ends:
            self._begin_window()
        account = self._accounts.get(subscription)
        if account is None or account.window != self._window:
            account = self._accounts[subscription] = _Account(self._window)
        return account

    def _begin_window(self) -> None:
        local = datetime.fromtimestamp(self._wall(), UTC).astimezone(self._zone or UTC)
        midnight = (local + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        self._window = local.toordinal()
        self._window_ends = midnight.timestamp()
        self._accounts = {
            name: account
            for name, account in self._accounts.items()
            if account.window == self._window or account.asking.locked()
        }

    def _exceeded(self, subscription: SubscriptionState) -> QuotaExceeded:
        seconds = self.seconds_left()
        return QuotaExceeded(
            f"All {subscription.daily_quota} calls of the day are used up; "
            f"the next day begins in {seconds} s.",
            headers={"Retry-After": str(seconds)},
            limit=subscription.daily_quota,
        )
