"""Runs instances in a Kubernetes cluster (port `InstanceRunner`).

The port's calls only note what is wanted. One task drives the cluster there, over as many attempts
as it takes; further tasks mirror what the cluster holds. So no caller waits for an API server that
is away, and whatever it lost or somebody edited meanwhile is put right once it is back.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace

from capability_sdk.contracts.nodes import InstanceHealth
from scheduler.adapters.kubernetes.cast import Cast
from scheduler.adapters.kubernetes.connection import Cluster, ClusterRefused, ClusterUnreachable
from scheduler.adapters.kubernetes.convergence import Bounds, Convergence
from scheduler.adapters.kubernetes.kinds import NODE, POD, READ, WRITTEN, Object, name_of
from scheduler.adapters.kubernetes.loaded import Asked, LoadedVersions
from scheduler.adapters.kubernetes.mirror import Mirror
from scheduler.adapters.kubernetes.nodes import is_usable
from scheduler.adapters.kubernetes.observing import (
    PodState,
    address_of,
    assign,
    incarnation,
    is_ready,
    pods_of,
    state_of,
)
from scheduler.adapters.kubernetes.workloads import Workload, workloads_of
from scheduler.domain import Binding, Observation

_log = logging.getLogger(__name__)
_LOOK_SECONDS = 1.0
_FIRST_DELAY = 0.2
_LONGEST_DELAY = 5.0
_NO_POD = PodState(InstanceHealth.STARTING, "", 0)


class KubernetesRunner:
    """Belongs to one event loop; `open` begins, `close` ends, and pods outlive both."""

    def __init__(
        self,
        cluster: Cluster,
        namespace: str,
        cast: Cast,
        key: bytes,
        bounds: Callable[[], Bounds],
    ) -> None:
        """Prepare.

        Args:
            cluster: Where to.
            namespace: Where in it.
            cast: What the objects of all workloads have in common.
            key: Secret of this province, from which credentials of instances are made.
            bounds: Tells how many replicas versions may have at most; called in a thread.
        """
        self._bounds = bounds
        self._cluster = cluster
        self._cast = cast
        self._mirrors = {
            kind: Mirror(
                cluster,
                kind,
                namespace,
                cast.selector if kind.is_namespaced else "",
                self._wake,
            )
            for kind in (*WRITTEN, *READ)
        }
        self._convergence = Convergence(cluster, namespace, cast, self._mirrors, key)
        self._loaded = LoadedVersions()
        self._bindings: dict[str, Binding] = {}
        self._pods: dict[str, str] = {}
        self._since: dict[str, float] = {}
        self._news = asyncio.Event()
        self._notify: Callable[[], None] = lambda: None
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def nodes(self) -> frozenset[str]:
        """Nodes of the cluster that take new pods."""
        return frozenset(name_of(node) for node in self.cluster_nodes if is_usable(node))

    @property
    def cluster_nodes(self) -> list[Object]:
        """Every node of the cluster, as it was last seen."""
        return list(self._mirrors[NODE].objects.values())

    async def open(self, bindings: Sequence[Binding]) -> None:
        """Look at the cluster, and take over what an earlier scheduler left running there.

        Args:
            bindings: All that shall run: what else carries our labels is deleted.
        """
        self._bindings = {item.id: item for item in bindings}
        self._tasks = [
            asyncio.create_task(mirror.run(), name=f"mirror {kind.plural}")
            for kind, mirror in self._mirrors.items()
        ]
        for mirror in self._mirrors.values():
            await mirror.listed()
        self._tasks.append(asyncio.create_task(self._keep_converging(), name="converge"))
        self._tasks.append(asyncio.create_task(self._keep_asking(), name="ask pods"))

    def on_change(self, notify: Callable[[], None]) -> None:
        """Have ``notify`` called whenever an observation changed."""
        self._notify = notify

    async def start(self, binding: Binding) -> None:
        """Have an instance run in the cluster."""
        if self._bindings.get(binding.id) != binding:
            self._bindings[binding.id] = binding
            self._wake()

    async def stop(self, instance: str) -> None:
        """Have an instance go; its pod goes with the last version that it serves."""
        if self._bindings.pop(instance, None) is not None:
            self._since.pop(instance, None)
            processes = {item.process for item in self._bindings.values()}
            self._pods = {name: pod for name, pod in self._pods.items() if name in processes}
            self._wake()

    def observe(self) -> dict[str, Observation]:
        """Return what is known of every instance."""
        return {one.id: one for workload in self._workloads() for one in self._observe(workload)}

    def discard(self, instance: str) -> None:
        """Leave the shared storage as it is: pods have journals there by their own names."""

    async def close(self) -> None:
        """Stop looking after the cluster; what runs in it goes on."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._loaded.close()
        await self._cluster.close()

    def _wake(self) -> None:
        self._news.set()
        self._notify()

    def _workloads(self) -> Sequence[Workload]:
        return tuple(workloads_of(self._bindings.values(), self._cast.edge).values())

    async def _keep_converging(self) -> None:
        failures = 0
        while True:
            self._news.clear()
            try:
                bounds = await asyncio.to_thread(self._bounds)
                is_done = await self._convergence.converge(list(self._bindings.values()), bounds)
            except (ClusterUnreachable, ClusterRefused) as error:
                if failures == 0:
                    _log.warning("the cluster could not be brought up to date: %s", error)
                is_done = False
            failures = 0 if is_done else failures + 1
            if failures:
                await asyncio.sleep(min(_FIRST_DELAY * 2 ** min(failures, 10), _LONGEST_DELAY))
            else:
                await self._news.wait()

    async def _keep_asking(self) -> None:
        """Ask pods about versions that they have not confirmed, since no event tells of them."""
        while True:
            wanted: dict[Asked, tuple[str, str]] = {}
            for workload in self._workloads():
                wanted |= self._to_ask(workload)
            if await self._loaded.ask(wanted):
                self._notify()
            await asyncio.sleep(_LOOK_SECONDS)

    def _to_ask(self, workload: Workload) -> dict[Asked, tuple[str, str]]:
        credential = self._convergence.credential(workload.name)
        return {
            (incarnation(pod), workload.unit.capability, item.unit.version): (
                address_of(pod),
                credential,
            )
            for pod in self._pods_of(workload)
            if is_ready(pod)
            for item in workload.versions
        }

    def _pods_of(self, workload: Workload) -> list[Object]:
        return pods_of(workload.name, self._mirrors[POD].objects.values())

    def _assigned(self, workload: Workload) -> dict[str, Object]:
        assigned = assign(workload, self._pods_of(workload), self._pods)
        self._pods |= {process: name_of(pod) for process, pod in assigned.items()}
        return assigned

    def _observe(self, workload: Workload) -> list[Observation]:
        assigned = self._assigned(workload)
        taken = {name_of(pod) for pod in assigned.values()}
        spare = [
            pod for pod in self._pods_of(workload) if name_of(pod) not in taken and is_ready(pod)
        ]
        refusal = self._convergence.refusals.get(workload.name, "")
        credential = self._convergence.credential(workload.name)
        # What the cluster's autoscaler added is of each version; one of its bindings speaks for it.
        speakers = {item.id for item in workload.versions}
        return [
            replace(
                self._observation(binding, assigned.get(binding.process), refusal),
                credential=credential,
                copies=self._copies(binding, spare) if binding.id in speakers else (),
            )
            for binding in workload.bindings
        ]

    def _copies(self, binding: Binding, spare: Sequence[Object]) -> tuple[str, ...]:
        return tuple(address_of(pod) for pod in spare if self._serves(binding, pod))

    def _observation(self, binding: Binding, pod: Object | None, refusal: str) -> Observation:
        state = _NO_POD if pod is None else state_of(pod)
        health, detail = state.health, state.detail
        if pod is not None and health is InstanceHealth.READY and not self._serves(binding, pod):
            health = InstanceHealth.STARTING
        if health is InstanceHealth.STARTING:
            health, detail = self._while_starting(binding.id, refusal or detail)
        else:
            self._since.pop(binding.id, None)
        return Observation(
            id=binding.id,
            health=health,
            restarts=state.restarts,
            detail=detail,
            address="" if pod is None else address_of(pod),
        )

    def _serves(self, binding: Binding, pod: Object) -> bool:
        unit = binding.unit
        return self._loaded.has((incarnation(pod), unit.capability, unit.version))

    def _while_starting(self, instance: str, detail: str) -> tuple[InstanceHealth, str]:
        """Call an instance failed once it has been starting for too long."""
        now = asyncio.get_running_loop().time()
        since = self._since.setdefault(instance, now)
        if now - since > self._cast.start_timeout.total_seconds():
            return InstanceHealth.FAILED, detail or "start-timeout"
        return InstanceHealth.STARTING, detail
