"""The online part of the publish gate: the version runs as a draft on the proving edge, and is called.

The worker is the calling system. Whatever happens the draft ends: by the worker, by the next attempt,
which takes its place, or by its own time, after which no edge runs it.
"""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from capability_sdk.contracts.nodes import InstanceHealth
from capability_sdk.contracts.packages import Check, Figure, GateReport, Section
from capability_sdk.contracts.tokens import infer_scope
from capability_sdk.gate.online.order import Order, Outcome
from capability_sdk.gate.online.repetition import REPLICAS
from capability_sdk.gate.proving import Tell
from capability_sdk.kit.clock import Clock
from capability_sdk.kit.processes import die_with_parent, python
from center.access.keys import KeyRing
from center.access.service import Minting, capability_token
from center.access.vault import Vault
from center.capability.gate_queue import GateTicket
from center.capability.store import CapabilityStore
from center.database import Database
from center.identity.domain import Edge
from center.identity.store import PlaceStore
from center.instance import drafts
from center.instance.draft_store import Draft
from center.instance.drafts import DraftTerms
from center.instance.store import last_report
from center.operations.store import HealthStore, UsageStore
from center.permissions import WORKER
from center.proving.start import StartFailed, Target, await_first_answer, sample_call
from center.proving.verdicts import edge_missing, not_proven
from center.settings import CenterSettings

CALLER = "publish-gate"
_DRAFT_LIFETIME = timedelta(minutes=10)
"""Far longer than all checks take, and short for a draft that a crash left behind."""
_CALLING_SECONDS = 120.0
_METERING_SECONDS = 30.0
_PAUSE_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class OnlineProof:
    """Proves one version after the other."""

    database: Database
    settings: CenterSettings
    clock: Clock

    def prove(
        self, ticket: GateTicket, archive: Path, report: GateReport, tell: Tell
    ) -> list[Check]:
        """Run a version on the proving edge and call it.

        Args:
            ticket: The version; the caller holds its lease.
            archive: Its package.
            report: What the sandbox found out; its passport goes with the draft.
            tell: Says what is done.

        Returns:
            The checks, of which one fails where nothing could be proven.
        """
        tell("waits for the proving edge")
        edge = self._await_edge()
        if edge is None:
            if not self.settings.proving_required:
                return not_proven()
            return [edge_missing("no proving edge is enrolled beside this center")]
        with self._draft(ticket, report) as (draft, token):
            tell("starts on the proving edge")
            target = Target(edge.gateway_url, token, *sample_call(archive))
            try:
                started = self._await_start(edge, draft, target)
            except StartFailed as failure:
                return [failure.check]
            tell("is called on the proving edge")
            order = Order(
                gateway_url=edge.gateway_url,
                token=token,
                archive=str(archive),
                digests=draft.digests,
            )
            outcome = _call(order)
        if outcome is None:
            return [started, edge_missing("its gateway stopped to answer")]
        tell("waits for the metering of its calls")
        metering = self._metering(edge, outcome.answered)
        return [started, *outcome.checks, metering]

    def _await_edge(self) -> Edge | None:
        """Return the proving edge; one that has to come may still be enrolling."""
        patience = self.settings.proving_patience if self.settings.proving_required else timedelta()
        until = time.monotonic() + patience.total_seconds()
        while True:
            with self.database.session(write=False) as session:
                edge = PlaceStore(session).find_proving_edge()
            if edge is not None or time.monotonic() >= until:
                return edge
            time.sleep(_PAUSE_SECONDS)

    @contextmanager
    def _draft(self, ticket: GateTicket, report: GateReport) -> Iterator[tuple[Draft, str]]:
        keys = KeyRing(Vault(self.settings.data / "keys"))
        keys.prepare(self.database, self.clock())
        terms = DraftTerms(CALLER, REPLICAS, _DRAFT_LIFETIME)
        with self.database.session() as session:
            item = CapabilityStore(session).get(ticket.capability, ticket.version)
            # The scheduler gives an instance what its passport measured, as it will in production.
            measured = replace(item, gate_report=report)
            draft = drafts.begin(session, WORKER, measured, terms, keys, self.clock())
            minting = Minting(keys, self.clock(), self.settings.token_lifetime)
            caller = (draft.application, draft.province)
            scope = infer_scope(draft.capability)
            token = capability_token(session, *caller, scope, minting).access_token
        try:
            yield draft, token
        finally:
            with self.database.session() as session:
                drafts.end(session, WORKER, draft, self.clock())

    def _await_start(self, edge: Edge, draft: Draft, target: Target) -> Check:
        """Wait until the draft answers, and every replica of it is ready.

        Raises:
            StartFailed: It does not start in time.
        """
        patience = self.settings.proving_patience.total_seconds()
        started = await_first_answer(
            target, time.monotonic(), patience, lambda: self._said(edge, draft)
        )
        self._await_replicas(edge, draft, patience)
        return started

    def _said(self, edge: Edge, draft: Draft) -> str:
        """Return what the edge says of instances of the draft that failed."""
        with self.database.session(write=False) as session:
            report = last_report(session, edge.id)
        return "; ".join(
            item.detail or "an instance failed"
            for item in (report.instances if report is not None else [])
            if (item.capability, item.version) == (draft.capability, draft.version)
            and item.health is InstanceHealth.FAILED
        )

    def _await_replicas(self, edge: Edge, draft: Draft, patience: float) -> None:
        """Wait until the edge says that every replica is ready, so that all of them are called.

        Raises:
            StartFailed: They do not all get ready.
        """
        until = time.monotonic() + patience
        while (ready := self._ready(edge, draft)) < draft.replicas:
            if time.monotonic() >= until:
                break
            time.sleep(_PAUSE_SECONDS)
        else:
            return
        found = f"{ready} of {draft.replicas} replicas were reported ready within {patience:.0f} s"
        raise StartFailed(edge_missing(found))

    def _ready(self, edge: Edge, draft: Draft) -> int:
        with self.database.session(write=False) as session:
            health = HealthStore(session).find(edge.province)
        if health is None or health.received_at <= draft.begun_at:
            return 0
        return sum(
            (item.capability, item.version) == (draft.capability, draft.version)
            and item.health is InstanceHealth.READY
            for item in health.report.instances
        )

    def _metering(self, edge: Edge, calls: list[str]) -> Check:
        """Look every call up that was made, by its request id."""
        until = time.monotonic() + _METERING_SECONDS
        made = len(calls)
        while (counted := self._counted(edge, calls)) < made and time.monotonic() < until:
            time.sleep(_PAUSE_SECONDS)
        is_right = counted == made
        return Check(
            name="metering",
            section=Section.INTEGRATION,
            passed=is_right,
            detail=f"{made} calls were answered, and the center counted {counted}",
            cure=""
            if is_right
            else "Have an admin look at the proving edge's agent and its spool.",
            figures=[
                Figure(name="calls_made", value=made),
                Figure(name="calls_counted", value=counted),
            ],
        )

    def _counted(self, edge: Edge, calls: list[str]) -> int:
        with self.database.session(write=False) as session:
            return len(UsageStore(session).known(edge.id, calls))


def _call(order: Order) -> Outcome | None:
    """Have a process of its own call and judge; None where the gateway or it gave up."""
    with subprocess.Popen(  # noqa: S603 - our own module
        python("capability_sdk.gate.online"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        preexec_fn=die_with_parent,  # noqa: PLW1509 - it calls prctl, and nothing else
    ) as process:
        try:
            said, _ = process.communicate(order.model_dump_json().encode(), _CALLING_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            return None
    return Outcome.model_validate_json(said) if process.returncode == 0 else None
