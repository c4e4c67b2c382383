"""Bugs that the campaign must find before its word counts."""

from tests.campaigns.harness import PlantedBug

_SYNC = "edge_gateway/agent/sync.py"
_DELEGATION = "edge_gateway/delegation.py"
_SERVER = "edge_gateway/gateway/server.py"
_REFRESH = "self._loop.create_task(_every(_STATE_SECONDS, self.app.refresh_state)),"

BUGS = (
    PlantedBug(
        "authorisation-is-cached",
        "edge_gateway/gateway/inference.py",
        """        grant = view.grants.get((caller.application, capability))
""",
        """        seen = self.__dict__.setdefault("_seen", {})
        at, grant = seen.get((caller.application, capability), (0.0, None))
        if grant is None or self.loop.time() > at + 30.0:
            grant = view.grants.get((caller.application, capability))
            seen[caller.application, capability] = self.loop.time(), grant
""",
    ),
    PlantedBug(
        "revoked-tokens-stay-in-the-cache",
        "edge_gateway/gateway/tokens.py",
        "elif self._is_revoked(caller):",
        "elif not caller.jti:",
        # Otherwise the new end of the certificate in each state empties the cache.
        along=((_DELEGATION, "(self.max_lifetime, self.not_before, self.expires_at)", "()"),),
    ),
    PlantedBug(
        "subscriptions-wake-no-long-poll",
        "center/instance/document.py",
        "*(CapabilityVersionRow, SubscriptionRow, SigningKeyRow,",
        "*(CapabilityVersionRow, SigningKeyRow,",
    ),
    PlantedBug("gateway-looks-rarely", _SERVER, "_STATE_SECONDS = 0.2", "_STATE_SECONDS = 15.0"),
    PlantedBug(
        "one-worker-never-looks-again",
        _SERVER,
        _REFRESH,
        f"*([{_REFRESH[:-1]}] if self._settings.worker == 0 else []),",
        shows_by_waiting=True,
    ),
    PlantedBug(
        "leaked-keys-overlap",
        "center/access/service.py",
        "last = now if leaked else new.active_from + OVERLAP",
        "last = new.active_from + OVERLAP",
    ),
    PlantedBug(
        "long-pauses-after-a-cut",
        _SYNC,
        "BackOff(min(longest_delay, _LONGEST_DELAY_SECONDS))",
        "BackOff(60.0, first=20.0)",
        shows_by_waiting=True,
    ),
    PlantedBug(
        "a-dead-line-is-waited-for",
        "edge_gateway/agent/center.py",
        "timeout=silence.total_seconds(),",
        "timeout=35.0,",
        shows_by_waiting=True,
    ),
)
