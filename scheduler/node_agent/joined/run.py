"""Runs the agent of a machine that joined: it follows its assignment, and reports about once a second."""

import asyncio
import logging
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass

from capability_sdk.contracts.errors import ServiceError
from capability_sdk.contracts.joining import Assignment, NodeReport
from capability_sdk.contracts.nodes import NodeMetadata
from capability_sdk.kit.lease import ServingLease
from scheduler.node_agent.gpus import GpuWatch
from scheduler.node_agent.joined.errors import CredentialRefused, NotRegistered, SchedulerAway
from scheduler.node_agent.joined.keeper import InstanceKeeper
from scheduler.node_agent.joined.link import SchedulerLink
from scheduler.node_agent.load import LoadMeter

_log = logging.getLogger(__name__)
_RETRY_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class JoinedNode:
    """The parts of a running agent."""

    metadata: NodeMetadata
    link: SchedulerLink
    lease: ServingLease
    keeper: InstanceKeeper
    meter: LoadMeter


class JoinedAgent:
    """Two loops: one has the assignment kept, the other reports and extends the lease.

    The lease is extended only under the assignment in force: whoever was frozen, or cut off, first
    learns what is its to serve, and until then its instances answer nothing.
    """

    def __init__(self, node: JoinedNode, say: Callable[[str], None]) -> None:
        self._node = node
        self._say = say
        self._is_heard: bool | None = None

    async def run(self, interval_seconds: float) -> None:
        """Work until cancelled.

        Raises:
            NodeRejected: The scheduler does not believe what this machine says of itself.
        """
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow())
            group.create_task(self._keep_reporting(interval_seconds))

    async def _follow(self) -> None:
        link, keeper = self._node.link, self._node.keeper
        while True:
            try:
                found = await link.assignment(keeper.revision, wait=True)
            except SchedulerAway:
                await asyncio.sleep(_RETRY_SECONDS)
            except CredentialRefused:
                self._give_up()
                await asyncio.sleep(_RETRY_SECONDS)
            else:
                self._take(found)

    def _take(self, found: Assignment) -> None:
        keeper = self._node.keeper
        # An answer that waited in a socket while this process stood still may be older than ours;
        # then the next one, which is asked for at once, comes at once.
        if found.revision != keeper.revision:
            keeper.keep(found)

    async def _keep_reporting(self, interval_seconds: float) -> None:
        while True:
            try:
                await self._report()
                self._note(is_heard=True)
            except CredentialRefused as error:
                self._give_up()
                self._note(is_heard=False, why=str(error))
            except SchedulerAway as error:
                self._note(is_heard=False, why=str(error))
            await asyncio.sleep(interval_seconds)

    async def _report(self) -> None:
        node = self._node
        asked_at = time.monotonic()
        report = NodeReport(load=node.meter.read(), instances=node.keeper.observed())
        try:
            answer = await node.link.report(report)
        except NotRegistered:
            # At the start of either of us.
            await node.link.register(node.metadata)
            answer = await node.link.report(report)
        if answer.revision != node.keeper.revision and node.lease.is_over:
            self._take(await node.link.assignment(node.keeper.revision, wait=False))
            return
        # From before the scheduler heard it: the lease is over before the node counts as lost.
        node.lease.extend_to(asked_at + answer.lease_seconds)

    def _give_up(self) -> None:
        """Serve nothing for a province that does not know this machine any more."""
        self._node.lease.end()
        self._node.keeper.keep(Assignment(revision=0, instances=[]))

    def _note(self, *, is_heard: bool, why: str = "") -> None:
        if is_heard is not self._is_heard:
            self._is_heard = is_heard
            self._say("The scheduler hears this machine." if is_heard else why)


async def run_agent(
    node: JoinedNode, gpus: GpuWatch, interval_seconds: float, say: Callable[[str], None]
) -> None:
    """Run until SIGTERM or Ctrl-C; then end every instance.

    Raises:
        ServiceError: The scheduler rejects this machine; the message is its reason.
    """
    work = asyncio.ensure_future(
        asyncio.wait_for(JoinedAgent(node, say).run(interval_seconds), None)
    )
    watching = asyncio.ensure_future(gpus.run())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, work.cancel)
    try:
        await work
    except asyncio.CancelledError:
        say("Stopping …")
    except ExceptionGroup as group:
        raise _first(group) from None
    finally:
        watching.cancel()
        node.lease.end()
        await node.keeper.close()
        await node.link.close()


def _first(group: ExceptionGroup[Exception]) -> Exception:
    expected, _ = group.split(ServiceError)
    return group if expected is None else expected.exceptions[0]
