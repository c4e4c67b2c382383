"""Trials: a few calls of somebody who has not subscribed, kept apart from all subscriptions."""

import time

from capability_sdk.contracts.state import SubscriptionState, TrialRules
from edge_gateway.errors import ConcurrencyLimited, RateLimited, TrialsBusy, TrialsOff
from edge_gateway.gateway.admission import Gate
from edge_gateway.gateway.tokens import Caller, Trial
from edge_gateway.state import StateView

_AT_ONCE_PER_TOKEN = 1


class TrialGate(Gate):
    """Admits calls with one trial token, within what all trials of the province may take."""

    __slots__ = ("_everybody", "ends_at")

    units = 0

    def __init__(self, terms: SubscriptionState, everybody: Gate, ends_at: float) -> None:
        """Prepare.

        Args:
            terms: What the token allows.
            everybody: What all trials of the province together may take.
            ends_at: When the token falls, on the monotonic clock.
        """
        super().__init__(terms)
        self._everybody = everybody
        self.ends_at = ends_at

    def enter(self, now: float) -> None:
        """Admit a call; it must `leave` when it is over.

        Raises:
            ConcurrencyLimited: A call with this token is in flight.
            RateLimited: The call comes too early after the one before it.
            TrialsBusy: Others try as much as the province lets all of them try.
        """
        super().enter(now)
        try:
            self._everybody.enter(now)
        except (ConcurrencyLimited, RateLimited) as error:
            super().leave()
            raise TrialsBusy(
                "Others are trying capabilities here: try again in a moment.",
                headers=error.headers,
            ) from None

    def leave(self) -> None:
        """Note that an admitted call is over."""
        super().leave()
        self._everybody.leave()

    def books_of(self, version: str) -> bytes:
        """Begin the usage record of a trial call: a JSON object that is still open."""
        return super().books_of(version) + b',"trial":true'


class Trials:
    """The gates of all trial tokens that are in use."""

    def __init__(self) -> None:
        self._rules: TrialRules | None = None
        self._everybody: Gate | None = None
        self._gates: dict[str, TrialGate] = {}

    def use_state(self, view: StateView | None) -> None:
        """Take over what the state in force says about trials."""
        rules = None if view is None else view.state.trials
        if rules != self._rules:
            self._rules = rules
            self._everybody = None if rules is None else Gate(_terms("trials", "", rules))
            self._gates.clear()

    def gate_of(self, caller: Caller, trial: Trial) -> Gate:
        """Return the gate of a verified caller's token.

        Raises:
            TrialsOff: Nothing is tried in this province.
        """
        rules, everybody = self._rules, self._everybody
        if rules is None or everybody is None:
            raise TrialsOff("The center does not let anybody try capabilities in this province.")
        gate = self._gates.get(caller.jti)
        if gate is None:
            self._forget_expired()
            terms = _terms(caller.jti, caller.application, rules, trial)
            gate = self._gates[caller.jti] = TrialGate(terms, everybody, caller.stale_at)
        return gate

    def _forget_expired(self) -> None:
        now = time.monotonic()
        for jti in [jti for jti, gate in self._gates.items() if gate.ends_at < now]:
            del self._gates[jti]


def _terms(
    name: str, application: str, rules: TrialRules, trial: Trial | None = None
) -> SubscriptionState:
    """Put what trials may take into the words that gates and quotas understand."""
    return SubscriptionState(
        id=name,
        application=application or name,
        capability="trials" if trial is None else trial.capability,
        active=True,
        daily_quota=0 if trial is None else trial.calls,
        rate_per_second=rules.rate_per_second,
        concurrency=rules.concurrency if trial is None else _AT_ONCE_PER_TOKEN,
    )
