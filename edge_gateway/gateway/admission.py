"""Rate and concurrency of each subscription."""

import math

import orjson

from capability_sdk.contracts.state import SubscriptionState
from edge_gateway.errors import ConcurrencyLimited, RateLimited

BURST_SECONDS = 0.25
"""How much of its rate a subscription may use at once after a pause."""

_ROUNDING_SECONDS = 1e-6


class Gate:
    """Admits calls of one subscription: smoothly by rate (GCRA), and up to its concurrency.

    Attributes:
        units: What a call counts against the quota that is billed.
    """

    units = 1

    __slots__ = (
        "_books", "_due", "_interval", "_tolerance", "in_flight", "policy", "subscription",
    )  # fmt: skip

    def __init__(self, subscription: SubscriptionState, due: float = 0.0) -> None:
        self.subscription = subscription
        rate = subscription.rate_per_second
        self._interval = 1.0 / rate
        burst = max(1, math.floor(rate * BURST_SECONDS))
        self._tolerance = (burst - 1) * self._interval
        self._due = due
        self.in_flight = 0
        self._books: dict[str, bytes] = {}
        self.policy = (
            f'ratelimit-policy: "rate";q={max(1, math.floor(rate))};w=1, '
            f'"day";q={subscription.daily_quota};w=86400\r\n'
        ).encode()

    def enter(self, now: float) -> None:
        """Admit a call; it must `leave` when it is over.

        Args:
            now: Seconds on a monotonic clock.

        Raises:
            ConcurrencyLimited: As many calls as allowed are in flight.
            RateLimited: The call comes too early.
        """
        limit = self.subscription.concurrency
        if self.in_flight >= limit:
            raise ConcurrencyLimited(
                f"{limit} calls are in flight, and no more are allowed at once.",
                headers={"Retry-After": "1"},
                limit=limit,
            )
        self.pace(now)
        self.in_flight += 1

    def pace(self, now: float) -> None:
        """Count a call against the rate alone.

        Raises:
            RateLimited: The call comes too early.
        """
        early = self._due - self._tolerance - now
        if early > _ROUNDING_SECONDS:
            seconds = max(1, math.ceil(early))
            raise RateLimited(
                f"At most {self.subscription.rate_per_second:g} calls a second are allowed.",
                headers={"Retry-After": str(seconds)},
                limit=self.subscription.rate_per_second,
            )
        self._due = max(self._due, now) + self._interval

    def leave(self) -> None:
        """Note that an admitted call is over."""
        self.in_flight -= 1

    def books_of(self, version: str) -> bytes:
        """Begin the usage record of a call for a version: a JSON object that is still open."""
        books = self._books.get(version)
        if books is None:
            subscription = self.subscription
            whose = {
                "application": subscription.application,
                "subscription": subscription.id,
                "capability": subscription.capability,
                "version": version,
            }
            books = self._books[version] = orjson.dumps(whose).removesuffix(b"}")
        return books

    def adopt(self, subscription: SubscriptionState) -> None:
        """Take over changed limits; what is in flight, and how early it is, stays counted."""
        fresh = Gate(subscription, self._due)
        self.subscription = subscription
        self._interval, self._tolerance = fresh._interval, fresh._tolerance
        self.policy = fresh.policy
        self._books.clear()


class Gates:
    """The gates of all subscriptions."""

    def __init__(self) -> None:
        self._gates: dict[str, Gate] = {}

    def of(self, subscription: SubscriptionState) -> Gate:
        """Return the gate of a subscription in force."""
        gate = self._gates.get(subscription.id)
        if gate is None:
            gate = self._gates[subscription.id] = Gate(subscription)
        elif gate.subscription is not subscription:
            gate.adopt(subscription)
        return gate

    def keep_only(self, ids: set[str]) -> None:
        """Forget the gates of subscriptions that are gone."""
        for name in [n for n, gate in self._gates.items() if n not in ids and not gate.in_flight]:
            del self._gates[name]
