"""The agent as a whole: its parts put together, and the loops that keep them going."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from sqlalchemy import select

from capability_sdk.archive.sql import SqlArchive
from capability_sdk.contracts.autonomy import AutonomyReport
from capability_sdk.contracts.enrolment import ProvinceKind
from capability_sdk.kit.clock import Clock, system_clock
from capability_sdk.kit.files import read_or_create_secret
from capability_sdk.kit.local_credential import INTERNAL_TOKEN_FILE
from capability_sdk.spool import SpoolUnwritable
from edge_gateway.agent.autonomy import Autonomy
from edge_gateway.agent.backlog import Watermarks
from edge_gateway.agent.center import Center, open_http, open_line
from edge_gateway.agent.contents import Contents
from edge_gateway.agent.credential import Credential
from edge_gateway.agent.database import AgentDatabase, CounterRow
from edge_gateway.agent.declared import Declared
from edge_gateway.agent.egress import EgressGate
from edge_gateway.agent.errors import DatabaseUnwritable, StateUnwritable
from edge_gateway.agent.feedback import FeedbackJoin
from edge_gateway.agent.health import HealthReporter
from edge_gateway.agent.identity import read_identity, read_key
from edge_gateway.agent.intake import Intake
from edge_gateway.agent.issuer import ISSUANCE_STREAM, DelegatedIssuer, IssuedTokens
from edge_gateway.agent.issuer_key import IssuerRegistration, read_or_create_issuer_key
from edge_gateway.agent.outbox import Outbox
from edge_gateway.agent.packages import Packages
from edge_gateway.agent.profiles import FlushRule, ProfileSums
from edge_gateway.agent.quota import LeaseLedger
from edge_gateway.agent.reach import CenterReach
from edge_gateway.agent.rollout import Rollout
from edge_gateway.agent.scheduler_link import SchedulerLink
from edge_gateway.agent.settings import AgentSettings
from edge_gateway.agent.shipping import Shipper
from edge_gateway.agent.state_on_disk import StateOnDisk
from edge_gateway.agent.sync import StateSync
from edge_gateway.agent.tokens import TokenRelayer

_log = logging.getLogger(__name__)

_INTAKE_SECONDS = 0.5
_TIDY_SECONDS = 600.0
_AGAIN_SECONDS = 5.0
_DISK_SECONDS = 1.0


class Agent:
    """One province's agent."""

    def __init__(
        self, province: Path, settings: AgentSettings, *, clock: Clock = system_clock
    ) -> None:
        """Open everything that belongs to a province.

        Raises:
            NotEnrolled: The folder holds no enrolled province.
            SpoolBusy: Another agent runs on the folder.
        """
        site = read_identity(province)
        longest = settings.longest_delay.total_seconds()
        self._http = open_http(site.center_url)
        self._line = open_line(site.center_url, settings.longest_silence)
        credential = Credential(self._line, site.edge, read_key(province))
        center = Center(self._http, credential, site.edge)
        self._spool = province / "spool"
        self._outboxes: list[Outbox] = []
        self.database = AgentDatabase(province / "agent.db")
        self._declared = Declared(self.database)
        self._gate = EgressGate(self._declared)
        self._marks = Watermarks(self.database)
        self.states = StateOnDisk(province, site, clock=clock)
        self._is_proving = site.kind is ProvinceKind.PROVING
        if self.states.current is not None:
            self._declared.learn_state(self.states.current.state)
        secret = read_or_create_secret(province / INTERNAL_TOKEN_FILE)
        self._scheduler = SchedulerLink(site.scheduler_port, secret)
        issuer = self._open_tokens(province, center, longest, clock)
        self.quota = LeaseLedger(self.database)
        packages = self._open_packages(province, center, settings)
        self._rollout = self._open_rollout(packages, longest)
        self._sync = StateSync(
            Center(self._line, credential, site.edge),
            self.states,
            self._rollout,
            wait=settings.long_poll,
            longest_delay=longest,
        )
        self._shipper = self._open_shipper(center, settings)
        self._intake = self._open_intake(province, settings, clock)
        self._watch(province, issuer, packages, credential, clock)

    def _watch(
        self,
        province: Path,
        issuer: DelegatedIssuer,
        packages: Packages,
        credential: Credential,
        clock: Clock,
    ) -> None:
        contents = Contents(packages)
        self._autonomy = Autonomy(
            province, self.states, issuer, packages, credential, contents, clock=clock
        )
        self._health = HealthReporter(
            *(
                self.database,
                self._spool,
                self._gate,
                self._outbox("health"),
                self._marks,
                contents,
            ),
            clock=clock,
        )

    def _open_shipper(self, center: Center, settings: AgentSettings) -> Shipper:
        return Shipper(
            center,
            self._spool,
            self._gate,
            self._marks,
            keep=settings.spool_retention,
            longest_delay=settings.longest_delay.total_seconds(),
        )

    def _open_packages(self, province: Path, center: Center, settings: AgentSettings) -> Packages:
        limit = settings.package_limit_bytes
        return Packages(center, province / "packages", self._declared, limit_bytes=limit)

    def _open_rollout(self, packages: Packages, longest: float) -> Rollout:
        return Rollout(
            self.states,
            packages,
            self._scheduler,
            on_state=self._declared.learn_state,
            longest_delay=longest,
        )

    def _open_tokens(
        self, province: Path, center: Center, longest: float, clock: Clock
    ) -> DelegatedIssuer:
        key = read_or_create_issuer_key(province)
        issued = IssuedTokens(self.database, self._outbox(ISSUANCE_STREAM))
        issuer = DelegatedIssuer(key, self.states, issued, clock=clock)
        self._registration = IssuerRegistration(
            center, key, lambda: issuer.is_certified, longest_delay=longest
        )
        self._reach = CenterReach(self._http)
        self.tokens = TokenRelayer(center, self._reach, issuer)
        return issuer

    @property
    def autonomy(self) -> AutonomyReport:
        """What would happen if the center went now."""
        return self._autonomy.report

    async def run(self) -> None:
        """Keep every part going until cancelled; a part that fails is started again."""
        parts: dict[str, Callable[[], Awaitable[None]]] = {
            "sync": self._sync.run,
            "rollout": self._rollout.run,
            "shipping": self._shipper.run,
            "intake": self._take_in,
            "tidying": self._tidy,
            "registration": self._registration.run,
            "reach": self._reach.run,
            "autonomy": lambda: self._autonomy.run(self._scheduler),
            "health": lambda: self._health.run(self.states, self._scheduler, self._rollout),
        }
        if self._is_proving:
            # How samples were answered is no province's profile or quality: none is told.
            del parts["intake"], parts["tidying"]
        async with asyncio.TaskGroup() as group:
            for name, part in parts.items():
                group.create_task(_keep_going(name, part), name=name)

    async def close(self) -> None:
        """Write what is left and let go of everything."""
        if not self._is_proving:
            await asyncio.to_thread(self._last_intake)
        for outbox in self._outboxes:
            outbox.close()
        await self._scheduler.close()
        for http in (self._line, self._http):
            await http.aclose()
        self.database.close()

    def status(self) -> dict[str, Any]:
        """Describe the agent for people and for ``jiuzhou status``; also on a full disk."""
        counters = self._counters()
        current = self.states.current
        return {
            "state_revision": current.view.revision if current else 0,
            "state_expires_at": current.state.expires_at.isoformat() if current else None,
            "state_refusal": self.states.refusal,
            "center_trouble": self._sync.trouble,
            "scheduler_revision": self._rollout.taken_revision,
            "not_running": {
                f"{name} {version}": reason
                for (name, version), (_, reason) in self._rollout.missing.items()
            },
            "backlog": self._health.backlog,
            "standing_still": {
                **{f"{stream}/{epoch}": why for (stream, epoch), why in self._shipper.held.items()},
                **self._intake.damaged,
            },
            "left_out": counters,
            "disk": self._disk_trouble(),
        }

    def _disk_trouble(self) -> list[str]:
        troubles = [self.states.trouble, self.database.trouble]
        troubles += [*(outbox.trouble for outbox in self._outboxes)]
        return [trouble for trouble in troubles if trouble is not None]

    def _counters(self) -> dict[str, int]:
        try:
            with self.database.transaction() as session:
                return {row.name: row.count for row in session.scalars(select(CounterRow))}
        except DatabaseUnwritable:
            return {}

    def _open_intake(self, province: Path, settings: AgentSettings, clock: Clock) -> Intake:
        profiles = ProfileSums(
            self.database,
            self._declared,
            self._outbox("profile"),
            rule=FlushRule(settings.profile_flush, settings.profile_grace),
            clock=clock,
        )
        join = FeedbackJoin(
            self.database,
            SqlArchive(self.database.engine, clock=clock),
            self._declared,
            self._outbox("quality"),
            retention=settings.prediction_retention,
            clock=clock,
        )
        return Intake(self.database, province, profiles, join, keep=settings.journal_retention)

    def _outbox(self, stream: str) -> Outbox:
        outbox = Outbox(self.database, self._spool / stream)
        self._outboxes.append(outbox)
        return outbox

    async def _take_in(self) -> None:
        while True:
            used = await asyncio.to_thread(self._intake.step)
            await asyncio.to_thread(self._intake.emit)
            if not used:
                await asyncio.sleep(_INTAKE_SECONDS)

    async def _tidy(self) -> None:
        while True:
            await asyncio.sleep(_TIDY_SECONDS)
            await asyncio.to_thread(self._intake.tidy)

    def _last_intake(self) -> None:
        try:
            self._intake.step()
            self._intake.emit()
        except Exception:  # noqa: BLE001 - stopping goes on whatever one part met
            # Nothing is lost: it is read again at the next start.
            _log.exception("the last intake failed")


async def _keep_going(name: str, part: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await part()
        except (DatabaseUnwritable, SpoolUnwritable, StateUnwritable) as error:
            _log.error("%s waits for the disk: %s", name, error)
            await asyncio.sleep(_DISK_SECONDS)
        except Exception:  # noqa: BLE001 - one part's failure must not stop the others
            _log.exception("%s failed and starts again", name)
            await asyncio.sleep(_AGAIN_SECONDS)
