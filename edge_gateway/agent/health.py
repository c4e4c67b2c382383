"""Reports what the province runs: when it changes, and now and then to show that it still lives."""

import asyncio
import logging
import time
from pathlib import Path

from capability_sdk.contracts.nodes import InstanceStatus, NodeMetadata
from capability_sdk.contracts.scaling import BoostOutcome, ScalingView
from capability_sdk.contracts.state import DesiredState
from capability_sdk.contracts.telemetry import HealthReport, RecordKind
from capability_sdk.kit.clock import Clock
from edge_gateway.agent.backlog import Backlog, Watermarks
from edge_gateway.agent.contents import Contents
from edge_gateway.agent.database import AgentDatabase
from edge_gateway.agent.egress import EgressGate, detail_code
from edge_gateway.agent.outbox import Outbox
from edge_gateway.agent.rollout import Rollout
from edge_gateway.agent.scheduler_link import SchedulerAway, SchedulerLink
from edge_gateway.agent.state_on_disk import StateOnDisk

_log = logging.getLogger(__name__)

_LOOK_SECONDS = 2.0
_BACKLOG_SECONDS = 10.0
_STILL_ALIVE_SECONDS = 60.0


def outcomes(scaling: list[ScalingView]) -> list[BoostOutcome]:
    """Say how far each boost in force has come; one that several versions share counts once."""
    found = {view.boost.id: view.recovered_at for view in scaling if view.boost is not None}
    return [BoostOutcome(id=name, recovered_at=at) for name, at in sorted(found.items())]


def _chosen_settings(state: DesiredState) -> dict[str, str]:
    """Return the digest of each capability's chosen settings, empty for the package's own."""
    return {
        item.capability: "" if item.overlay is None else item.overlay.digest
        for item in state.deployments
    }


def _told(instance: InstanceStatus, chosen: str) -> InstanceStatus:
    """Return what the center is told of an instance."""
    is_outdated = instance.overlay_digest not in {None, chosen}
    # The text of an error may quote a value: it does not even reach the spool.
    return instance.model_copy(
        update={"detail": detail_code(instance.detail), "is_outdated": is_outdated}
    )


class HealthReporter:
    """Looks every two seconds, and writes a report where there is news."""

    def __init__(
        self,
        database: AgentDatabase,
        spool: Path,
        gate: EgressGate,
        outbox: Outbox,
        marks: Watermarks,
        contents: Contents,
        *,
        clock: Clock,
    ) -> None:
        self._database = database
        self._spool = spool
        self._gate = gate
        self._outbox = outbox
        self._backlog = Backlog(spool, marks)
        self._contents = contents
        self._clock = clock
        self._said: HealthReport | None = None
        self._said_at = 0.0
        self.backlog: dict[str, int] = {}

    async def run(self, states: StateOnDisk, scheduler: SchedulerLink, rollout: Rollout) -> None:
        """Report for good."""
        nodes: list[NodeMetadata] = []
        boosts: list[BoostOutcome] = []
        while True:
            try:
                instances = await scheduler.instances()
                nodes = [node.metadata for node in await scheduler.nodes()]
                boosts = outcomes(await scheduler.scaling())
            except SchedulerAway as error:
                # What ran is not known now; to repeat the last answer would be a guess.
                _log.debug("health without instances: %s", error)
                instances = []
            current = states.current
            await asyncio.to_thread(
                self.report,
                current.state if current else None,
                nodes,
                [*instances, *rollout.reports()],
                boosts,
            )
            await asyncio.sleep(_LOOK_SECONDS)

    def report(
        self,
        state: DesiredState | None,
        nodes: list[NodeMetadata],
        instances: list[InstanceStatus],
        boosts: list[BoostOutcome],
    ) -> None:
        """Write a report if it says something new."""
        self.backlog = self._waiting()
        chosen = {} if state is None else _chosen_settings(state)
        report = HealthReport(
            at=self._clock(),
            state_revision=0 if state is None else state.revision,
            nodes=nodes,
            instances=[
                _told(instance, chosen.get(instance.capability, ""))
                for instance in sorted(instances, key=lambda item: item.id)
            ],
            backlog=self.backlog,
            contents=[] if state is None else self._contents.of(state),
            boosts=boosts,
        )
        if not self._is_news(report):
            return
        payload = report.model_dump_json(by_alias=True).encode()
        self._gate.body(RecordKind.HEALTH, payload)
        with self._database.transaction() as session:
            self._outbox.put(session, payload)
        self._outbox.drain()
        self._said, self._said_at = report, time.monotonic()

    def _waiting(self) -> dict[str, int]:
        names = sorted(path.name for path in self._spool.iterdir() if path.is_dir())
        # Its own reports would make every report news.
        reported = [n for n in names if n != "health" and not n.startswith("feedback-")]
        return {name: self._backlog.waiting(name) for name in reported}

    def _is_news(self, report: HealthReport) -> bool:
        said = self._said
        if said is None:
            return True
        age = time.monotonic() - self._said_at
        moving = {"at", "backlog"}
        if report.model_dump(exclude=moving) != said.model_dump(exclude=moving):
            return True
        is_backlog_news = report.backlog != said.backlog and age >= _BACKLOG_SECONDS
        return is_backlog_news or age >= _STILL_ALIVE_SECONDS
