"""Says beforehand what would happen if the center went now; what is incomplete is named at once."""

import asyncio
import logging
import shutil
import time
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from capability_sdk.contracts.autonomy import AutonomyReason, AutonomyReport, VersionAutonomy
from capability_sdk.contracts.nodes import InstanceHealth, InstanceStatus
from capability_sdk.kit.clock import Clock
from capability_sdk.packaging.digests import files_of
from edge_gateway.agent.contents import Contents
from edge_gateway.agent.credential import Credential
from edge_gateway.agent.errors import StateUnwritable
from edge_gateway.agent.issuer import DelegatedIssuer
from edge_gateway.agent.packages import Packages
from edge_gateway.agent.scheduler_link import SchedulerAway, SchedulerLink
from edge_gateway.agent.state_on_disk import Candidate, StateOnDisk

_LOOK_SECONDS = 2.0
_SOON = timedelta(hours=24)
_LEAST_SPOOL_HOURS = 24.0
_A_YEAR_HOURS = 8760.0
_SAMPLES = 1800

_log = logging.getLogger(__name__)


class Autonomy:
    """Looks every few seconds; the last look is the answer."""

    def __init__(
        self,
        province: Path,
        states: StateOnDisk,
        issuer: DelegatedIssuer,
        packages: Packages,
        credential: Credential,
        contents: Contents,
        *,
        clock: Clock,
    ) -> None:
        self._spool = province / "spool"
        self._states = states
        self._issuer = issuer
        self._packages = packages
        self._credential = credential
        self._clock = clock
        self._contents = contents
        self._sizes: deque[tuple[float, int]] = deque(maxlen=_SAMPLES)
        self.report = AutonomyReport(
            at=clock(), autonomous=False, summary="The agent has not looked yet."
        )

    async def run(self, scheduler: SchedulerLink) -> None:
        """Look for good."""
        while True:
            try:
                instances: list[InstanceStatus] | None = await scheduler.instances()
            except SchedulerAway:
                instances = None
            before = {reason.code for reason in self.report.reasons}
            self.report = await asyncio.to_thread(self._look, instances)
            for reason in self.report.reasons:
                if reason.code not in before:
                    _log.error("without the center: %s", reason.detail)
            await asyncio.sleep(_LOOK_SECONDS)

    def _look(self, instances: list[InstanceStatus] | None) -> AutonomyReport:
        now, current = self._clock(), self._states.current
        versions = [] if current is None else list(self._versions(current, instances))
        reasons = [*self._state_reasons(current, now), *_version_reasons(versions)]
        if instances is None:
            reasons.append(_blocks("scheduler-away", "The scheduler does not answer: look at it."))
        trouble = self._issuer.refusal()
        if trouble is not None:
            reasons.append(_blocks("no-tokens", f"The province could issue no tokens: {trouble}"))
        reasons += self._limit_reasons(current)
        free, hours = self._headroom()
        if hours is not None and hours < _LEAST_SPOOL_HOURS:
            reasons.append(
                _warns("spool-short", f"The disk takes {hours:.1f} h of usage: free it.")
            )
        delegation = None if current is None else current.view.delegation
        limit = None if delegation is None else delegation.capabilities
        return AutonomyReport(
            at=now,
            autonomous=not any(reason.blocks for reason in reasons),
            until=None if current is None else current.state.expires_at,
            tokens_until=_tokens_until(current) if trouble is None else None,
            summary=_summary(reasons, versions, current),
            reasons=reasons,
            state_revision=0 if current is None else current.view.revision,
            versions=versions,
            delegated=None if limit is None else sorted(limit),
            bearer_seconds=self._credential.seconds_left,
            spool_free_bytes=free,
            spool_hours=hours,
        )

    def _versions(
        self, current: Candidate, instances: list[InstanceStatus] | None
    ) -> Iterator[VersionAutonomy]:
        for deployment in current.state.deployments:
            for share in deployment.versions:
                is_whole = self._contents.is_whole(share)
                if not is_whole:
                    # While the center is still there, the rollout fetches it anew.
                    self._packages.forget(share)
                ready = sum(
                    (item.capability, item.version) == (deployment.capability, share.version)
                    and item.health is InstanceHealth.READY
                    for item in instances or ()
                )
                yield VersionAutonomy(
                    capability=deployment.capability,
                    version=share.version,
                    package_verified=is_whole,
                    instances_ready=ready,
                    would_serve=is_whole and ready > 0,
                )

    def _state_reasons(self, current: Candidate | None, now: datetime) -> Iterator[AutonomyReason]:
        if current is None or current.view.is_expired(now):
            yield _blocks("no-state", "There is no desired state in force: reach the center first.")
            return
        if not current.view.token_keys:
            yield _blocks("no-token-keys", "The desired state has no key that verifies tokens.")
        if not self._states.is_stored(current):
            yield _blocks("state-damaged", "The desired state on disk was lost or changed.")
            # Where the disk refuses, the agent's status says so, and the next look tries again.
            with suppress(StateUnwritable):
                self._states.store_again(current)
        if current.state.expires_at - now < _SOON:
            yield _warns("state-expires", f"The state ends at {current.state.expires_at:%FT%TZ}.")

    def _limit_reasons(self, current: Candidate | None) -> Iterator[AutonomyReason]:
        if current is None or current.view.delegation is None:
            return
        limit = current.view.delegation.capabilities
        left_out = {name for _, name in current.view.grants} - (limit or set())
        if limit is not None and left_out:
            names = ", ".join(sorted(left_out))
            yield _warns("not-delegated", f"Only the center issues tokens for {names}.")

    def _headroom(self) -> tuple[int, float | None]:
        """Return the free bytes, and the hours that they last at the present rate."""
        size = sum(path.stat().st_size for path in files_of(self._spool).values() if path.exists())
        self._sizes.append((time.monotonic(), size))
        free = shutil.disk_usage(self._spool).free
        (began, first), (ended, last) = self._sizes[0], self._sizes[-1]
        grown = last - first
        if grown <= 0:
            return free, None
        hours = free / grown * (ended - began) / 3600
        return free, None if hours > _A_YEAR_HOURS else hours


def _version_reasons(versions: list[VersionAutonomy]) -> Iterator[AutonomyReason]:
    for item in versions:
        name = f"{item.capability} {item.version}"
        if not item.package_verified:
            yield _blocks(
                "package-incomplete",
                f"The package of {name} is missing or damaged on disk: it could not start again.",
            )
        if not item.instances_ready:
            yield _blocks("instance-not-ready", f"No instance of {name} is ready now.")


def _tokens_until(current: Candidate | None) -> datetime | None:
    certificate = None if current is None else current.state.issuer
    if current is None or certificate is None:
        return None
    return min(certificate.expires_at, current.state.expires_at)


def _summary(
    reasons: list[AutonomyReason], versions: list[VersionAutonomy], current: Candidate | None
) -> str:
    blocking = [reason.detail for reason in reasons if reason.blocks]
    if blocking or current is None:
        return "If the center went now: " + " ".join(blocking)
    return (
        f"If the center went now, {len(versions)} versions would serve until "
        f"{current.state.expires_at:%FT%TZ}, and known applications would get tokens until "
        f"{_tokens_until(current):%FT%TZ}."
    )


def _blocks(code: str, detail: str) -> AutonomyReason:
    return AutonomyReason(code=code, detail=detail, blocks=True)


def _warns(code: str, detail: str) -> AutonomyReason:
    return AutonomyReason(code=code, detail=detail, blocks=False)
