"""Brings a province to its desired state: packages first, then the state on disk, then instances.

What decides about rights is never made to wait for a download: a state that differs from the
present one in more than its deployments is put in place at once.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from capability_sdk.contracts.nodes import InstanceHealth, InstanceStatus
from capability_sdk.contracts.packages import Release
from capability_sdk.contracts.scheduling import LocalDeployment, LocalDeployments
from capability_sdk.contracts.state import DeploymentState, DesiredState, VersionShare
from edge_gateway.agent.errors import CenterAway, CenterRefused, DraftExpired, PackageRefused
from edge_gateway.agent.packages import LocalPackage, Packages
from edge_gateway.agent.pauses import BackOff
from edge_gateway.agent.scheduler_link import SchedulerAway, SchedulerLink
from edge_gateway.agent.signed import read_release
from edge_gateway.agent.state_on_disk import Candidate, StateOnDisk

_log = logging.getLogger(__name__)

_PACKAGES_SECONDS = 60.0
_PUSH_AGAIN_SECONDS = 10.0

REFUSED = "package-refused"
EXPIRED = "draft-expired"
NOT_DOWNLOADED = "package-not-downloaded"


@dataclass(frozen=True, slots=True)
class Prepared:
    """What can run of a desired state, and what cannot.

    Attributes:
        runnable: Versions whose packages are verified.
        missing: Shares that must not run, by (capability, version), with a code for the reason.
    """

    runnable: list[LocalDeployment] = field(default_factory=list)
    missing: dict[tuple[str, str], tuple[VersionShare, str]] = field(default_factory=dict)


class Rollout:
    """Works on the newest state that it was offered, until the scheduler has taken it."""

    def __init__(
        self,
        states: StateOnDisk,
        packages: Packages,
        scheduler: SchedulerLink,
        *,
        on_state: Callable[[DesiredState], None],
        longest_delay: float,
    ) -> None:
        self._states = states
        self._packages = packages
        self._scheduler = scheduler
        self._on_state = on_state
        self._back_off = BackOff(longest_delay, first=0.5)
        self._news = asyncio.Event()
        self._candidate = states.current
        self._pushed: dict[tuple[str, str], LocalDeployment] = {}
        self._refused: set[str] = set()
        self.missing: dict[tuple[str, str], tuple[VersionShare, str]] = {}
        self.taken_revision = 0

    async def offer(self, candidate: Candidate) -> None:
        """Take a newer verified state."""
        await asyncio.to_thread(self._on_state, candidate.state)
        if self._states.is_urgent(candidate):
            await asyncio.to_thread(self._states.install, candidate)
        self._candidate = candidate
        self._news.set()

    async def run(self) -> None:
        """Prepare, install and push for good; what failed is tried again."""
        while True:
            self._news.clear()
            pause = _PUSH_AGAIN_SECONDS
            if self._candidate is not None and not await self._round(self._candidate):
                pause = self._back_off.failed()
            else:
                self._back_off.succeeded()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._news.wait()

    def reports(self) -> list[InstanceStatus]:
        """Describe what must not run as instances that have failed."""
        return [
            InstanceStatus(
                id=f"{capability}-{version}-package",
                capability=capability,
                version=version,
                node="none",
                health=InstanceHealth.FAILED,
                detail=reason,
                code_digest=share.code_digest,
                weights_digest=share.weights_digest,
            )
            for (capability, version), (share, reason) in self.missing.items()
        ]

    async def _round(self, candidate: Candidate) -> bool:
        preparing = asyncio.create_task(self._prepare(candidate.state))
        try:
            await asyncio.wait({preparing}, timeout=_PACKAGES_SECONDS)
            await asyncio.to_thread(self._states.install, candidate)
            prepared = await preparing
        finally:
            preparing.cancel()
        self.missing = prepared.missing
        is_complete = all(reason in {REFUSED, EXPIRED} for _, reason in prepared.missing.values())
        try:
            await self._push(candidate.state, prepared)
        except SchedulerAway as error:
            _log.warning("revision %d waits: %s", candidate.state.revision, error)
            return False
        shares = [s for d in candidate.state.deployments for s in d.versions]
        await self._packages.collect({share.package_digest for share in shares})
        return is_complete

    async def _prepare(self, state: DesiredState) -> Prepared:
        prepared = Prepared()
        for deployment in state.deployments:
            for share in deployment.versions:
                await self._prepare_share(deployment, share, prepared)
        return prepared

    async def _prepare_share(
        self, deployment: DeploymentState, share: VersionShare, prepared: Prepared
    ) -> None:
        key = (deployment.capability, share.version)
        if share.release in self._refused:
            prepared.missing[key] = (share, REFUSED)
            return
        try:
            package = await self._packages.ensure(share, self._release(deployment, share))
            if deployment.overlay is not None:
                await self._packages.choose(deployment.overlay)
        except DraftExpired as error:
            _log.info("%s %s ends: %s", *key, error)
            prepared.missing[key] = (share, EXPIRED)
        except PackageRefused as error:
            _log.error("%s %s is not run: %s", *key, error)
            self._refused.add(share.release)
            prepared.missing[key] = (share, REFUSED)
        except (CenterAway, CenterRefused) as error:
            _log.warning("package of %s %s is not here yet: %s", *key, error)
            prepared.missing[key] = (share, NOT_DOWNLOADED)
        else:
            prepared.runnable.append(_local(share, package, deployment))

    def _release(self, deployment: DeploymentState, share: VersionShare) -> Release:
        release = read_release(share.release, self._states.site, self._states.clock())
        if (release.capability, release.manifest.name) != (deployment.capability,) * 2:
            raise PackageRefused("The release is that of another capability.")
        return release

    async def _push(self, state: DesiredState, prepared: Prepared) -> None:
        # A capability whose new version cannot run keeps what served it before, but no draft
        # outlives its time.
        broken = {capability for capability, _ in prepared.missing}
        ended = {key for key, (_, reason) in prepared.missing.items() if reason == EXPIRED}
        now = {(item.capability, item.version): item for item in prepared.runnable}
        kept = {
            key: item for key, item in self._pushed.items() if key[0] in broken and key not in ended
        }
        every = {**kept, **now}
        answer = await self._scheduler.put(
            LocalDeployments(
                epoch=state.epoch,
                revision=state.revision,
                deployments=list(every.values()),
                stop_all=not every and len(ended) == len(prepared.missing),
            )
        )
        self._pushed = every
        if self.taken_revision != answer.revision:
            _log.info("the scheduler took revision %d: %s", answer.revision, answer.detail)
        self.taken_revision = answer.revision


def _local(
    share: VersionShare, package: LocalPackage, deployment: DeploymentState
) -> LocalDeployment:
    release = package.release
    overlay = deployment.overlay
    return LocalDeployment(
        capability=release.capability,
        version=release.version,
        replicas=share.replicas,
        weight=share.weight,
        scaling=share.scaling,
        boost=deployment.boost,
        priority=deployment.priority,
        apart=deployment.apart,
        overlay_digest=None if overlay is None else overlay.digest,
        package_path=str(package.path),
        package_digest=share.package_digest,
        author_key=release.author_key,
        code_digest=share.code_digest,
        weights_digest=share.weights_digest,
        engine=share.engine,
        manifest=release.manifest,
        passport=release.passport,
    )
