"""Drives what the cluster holds to what the bindings want: apply, restore, delete, again and again."""

import hashlib
import hmac
import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import replace

from capability_sdk.contracts.errors import ServiceError
from scheduler.adapters.kubernetes.cast import WORKLOAD, Cast
from scheduler.adapters.kubernetes.connection import Cluster, ClusterRefused
from scheduler.adapters.kubernetes.drift import autoscaled, holds, is_edited, restored
from scheduler.adapters.kubernetes.kinds import DEPLOYMENT, WRITTEN, Kind, Object, is_leaving
from scheduler.adapters.kubernetes.manifests import DEMAND, Pods, dependents, deployment
from scheduler.adapters.kubernetes.mirror import Mirror
from scheduler.adapters.kubernetes.workloads import Workload, workloads_of
from scheduler.domain import Binding, Demand, Unit

_log = logging.getLogger(__name__)
_CONFLICT = 409

Bounds = Mapping[Unit, int]


class Convergence:
    """Compares once and does what is missing; belongs to one event loop."""

    def __init__(
        self, cluster: Cluster, namespace: str, cast: Cast, mirrors: dict[Kind, Mirror], key: bytes
    ) -> None:
        """Prepare.

        Args:
            cluster: Where to.
            namespace: Where in it.
            cast: What all objects have in common.
            mirrors: What is there, by kind.
            key: Secret of this province, from which each workload's credential is made.
        """
        self._cluster = cluster
        self._namespace = namespace
        self._cast = cast
        self._mirrors = mirrors
        self._key = key
        self._demands: dict[str, Demand] = {}
        self.refusals: dict[str, str] = {}
        """Why a workload could not be written, by its name."""

    def credential(self, workload: str) -> str:
        """Return what a caller has to show to a workload's pods; the same after every restart."""
        return hmac.new(self._key, f"instance {workload}".encode(), hashlib.sha256).hexdigest()

    async def converge(self, bindings: list[Binding], bounds: Bounds) -> bool:
        """Compare with the cluster as it was last seen, and change what differs.

        Args:
            bindings: All that shall run.
            bounds: How many replicas a version may have at most, where it has a scaling rule.

        Returns:
            Whether everything was accepted; where not, `refusals` says why.

        Raises:
            ClusterUnreachable: It went away in the middle; nothing is lost by beginning anew.
        """
        wanted = workloads_of(bindings, self._cast.edge)
        refusals: dict[str, str] = {}
        for workload in wanted.values():
            try:
                await self._ensure(workload, bounds)
            except (ClusterRefused, ServiceError) as refusal:
                refusals[workload.name] = _code(refusal)
                if self.refusals.get(workload.name) != refusals[workload.name]:
                    _log.error("%s cannot be written: %s", workload.name, refusal)
        self.refusals = refusals
        await self._remove_all_but(wanted)
        return not refusals

    async def _ensure(self, workload: Workload, bounds: Bounds) -> None:
        actual = self._mirrors[DEPLOYMENT].objects.get(workload.name)
        demand = self._demand(workload, actual)
        placed = len(workload.processes)
        most = max(placed, *(bounds.get(item.unit, 0) for item in workload.versions))
        pods = Pods(least=placed, most=most, asked=autoscaled(actual))
        owner = await self._write(DEPLOYMENT, deployment(workload, demand, self._cast, pods))
        if owner is None:
            return
        credential = self.credential(workload.name)
        for kind, wanted in dependents(workload, self._cast, pods, credential, owner):
            await self._write(kind, wanted)

    def _demand(self, workload: Workload, actual: Object | None) -> Demand:
        """Return what pods are given: it never shrinks, since that would start all of them anew."""
        demand = workload.demand
        known = self._demands.get(workload.name) or _remembered(demand, actual)
        grown = replace(
            demand,
            cpu_millicores=max(demand.cpu_millicores, known.cpu_millicores),
            memory_mib=max(demand.memory_mib, known.memory_mib),
        )
        self._demands[workload.name] = grown
        return grown

    async def _write(self, kind: Kind, wanted: Object) -> Object | None:
        """Make an object what is wanted; None where it has yet to go before it can come again."""
        mirror = self._mirrors[kind]
        name: str = wanted["metadata"]["name"]
        actual = mirror.objects.get(name)
        if actual is not None and is_leaving(actual):
            return None
        if actual is not None and holds(wanted, actual | _kind(kind)) and not is_edited(actual):
            return actual
        path = kind.path(self._namespace, name)
        written = await self._cluster.apply(path, wanted)
        if not holds(wanted, written) or is_edited(written):
            _log.warning("%s %s was edited by somebody: restored", kind.name, name)
            written = await self._cluster.replace(path, restored(wanted, written))
        mirror.take(written)
        return written

    async def _remove_all_but(self, wanted: dict[str, Workload]) -> None:
        for name in self._demands.keys() - wanted.keys():
            del self._demands[name]
        for kind, item in self._surplus(wanted):
            metadata = item["metadata"]
            path = kind.path(self._namespace, metadata["name"])
            try:
                await self._cluster.delete(path, metadata["uid"])
            except ClusterRefused as refusal:
                if refusal.status != _CONFLICT:  # another object of that name: its event comes
                    raise
            self._mirrors[kind].objects.pop(metadata["name"], None)

    def _surplus(self, wanted: dict[str, Workload]) -> Iterator[tuple[Kind, Object]]:
        for kind in WRITTEN:
            for name, item in list(self._mirrors[kind].objects.items()):
                is_ours = item["metadata"]["labels"].get(WORKLOAD) == name
                if is_ours and name not in wanted and not is_leaving(item):
                    yield kind, item


def _kind(kind: Kind) -> Object:
    """Name the kind of an item of a list, which does not say it."""
    return {"apiVersion": kind.api, "kind": kind.name}


def _remembered(demand: Demand, actual: Object | None) -> Demand:
    text = {} if actual is None else actual["metadata"].get("annotations", {})
    try:
        known = json.loads(text.get(DEMAND, "{}"))
        return replace(
            demand,
            cpu_millicores=int(known["cpu_millicores"]),
            memory_mib=int(known["memory_mib"]),
        )
    except (ValueError, TypeError, KeyError):
        return demand


def _code(refusal: ClusterRefused | ServiceError) -> str:
    """Name a refusal for the center: a code, without what the cluster says of itself."""
    if isinstance(refusal, ServiceError):
        return refusal.code
    return f"refused-by-cluster-{refusal.status}"
