"""Where calls can go: the deployments of the state, joined with the scheduler's endpoints."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from capability_sdk.contracts.nodes import Endpoint
from capability_sdk.contracts.state import DeploymentState
from edge_gateway.errors import NoInstance, NotDeployed
from edge_gateway.gateway.dispatch.pool import Pool
from edge_gateway.gateway.dispatch.target import Connections, Node, Target
from edge_gateway.gateway.routing import Split, eligible, make_split
from edge_gateway.state import StateView

_Key = tuple[str, str, str, str]
"""Capability, version, instance, address."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What may answer a call for a capability and version."""

    split: Split
    pools: dict[str, Pool]
    """Endpoints by version; each version of the split has one."""


@dataclass(frozen=True, slots=True)
class Asleep:
    """A version that runs nowhere while nobody calls its capability."""

    capability: str
    version: str


class Targets:
    """Finds choices; they are made anew when state or endpoints change."""

    def __init__(self, connect: Callable[[str], Connections]) -> None:
        self._connect = connect
        self._view: StateView | None = None
        self._pools: dict[tuple[str, str], Pool] = {}
        self._targets: dict[_Key, Target] = {}
        self._nodes: dict[str, Node] = {}
        self._choices: dict[tuple[str, str | None], Choice | Asleep] = {}

    @property
    def pools(self) -> list[Pool]:
        """All endpoints, by capability and version."""
        return list(self._pools.values())

    @property
    def upstreams(self) -> list[Connections]:
        """All connections that are kept."""
        return [target.upstream for target in self._targets.values()]

    def use_state(self, view: StateView | None) -> None:
        """Take over the deployments of the state in force."""
        self._view = view
        self._choices.clear()

    def use_endpoints(self, endpoints: Sequence[Endpoint]) -> None:
        """Take over the scheduler's endpoints; what is known of those that stay is kept."""
        before, self._targets = self._targets, {}
        pools, self._pools = self._pools, {}
        nodes, self._nodes = self._nodes, {}
        for pool in pools.values():
            pool.targets = []
        for endpoint in endpoints:
            name = endpoint.node or endpoint.instance
            node = self._nodes[name] = nodes.setdefault(name, Node(endpoint.cores))
            node.resize(endpoint.cores)
            version = (endpoint.capability, endpoint.version)
            pool = self._pools[version] = pools.setdefault(version, Pool(*version))
            pool.service_seconds = endpoint.service_seconds
            self._use(pool, endpoint, node, before)
        for pool in pools.values():
            pool.refresh()
        for gone in before.values():
            gone.close()
        self._choices.clear()

    def _use(self, pool: Pool, endpoint: Endpoint, node: Node, before: dict[_Key, Target]) -> None:
        key = (endpoint.capability, endpoint.version, endpoint.instance, endpoint.address)
        target = before.pop(key, None)
        if target is None:
            target = Target(endpoint, self._connect(endpoint.address), node, pool.pace())
        else:
            target.node = node
            target.update(endpoint)
        self._targets[key] = target
        pool.targets.append(target)

    def find(self, capability: str, version: str | None) -> Choice | Asleep:
        """Find what may answer, or what has to be woken first.

        Raises:
            NotDeployed: The province does not run it.
            NoInstance: It is to run, but nothing is ready.
        """
        choice = self._choices.get((capability, version))
        if choice is None:
            choice = self._choices[capability, version] = self._make(capability, version)
        return choice

    def in_flight(self) -> dict[tuple[str, str], int]:
        """Count the calls that wait for an answer, by capability and version."""
        return {
            name: sum(target.upstream.in_flight for target in pool.targets)
            for name, pool in self._pools.items()
        }

    def _make(self, capability: str, version: str | None) -> Choice | Asleep:
        view = self._view
        deployment = None if view is None else view.deployments.get(capability)
        province = "" if view is None else view.state.province
        if deployment is None:
            raise NotDeployed(
                f"{capability} is not deployed in {province}: ask the operator of {province}.",
                capability=capability,
                province=province,
            )
        shares = [(share.version, share.weight) for share in deployment.versions]
        asked = eligible(shares, version)
        if not asked:
            raise NotDeployed(
                f"{capability} {version or ''} is not deployed in {province}, which runs "
                f"{', '.join(v for v, _ in shares)}: ask the operator of {province}.",
                capability=capability,
                province=province,
            )
        running = {v: pool for (name, v), pool in self._pools.items() if name == capability}
        # A version that is only being started takes no calls away from one that runs.
        split = make_split([share for share in asked if share[0] in running])
        if split is None and version not in dict(asked):
            # Nor does one that takes a predecessor's place: the scheduler ends that one last.
            split = make_split(eligible([(v, 1) for v in running], version))
        if split is None:
            sleeper = _sleeper(deployment, asked)
            if sleeper is not None:
                return Asleep(capability, sleeper)
            raise NoInstance(
                f"No instance of {capability} is ready now; try again soon.",
                headers={"Retry-After": "1"},
            )
        return Choice(split, running)


def _sleeper(deployment: DeploymentState, asked: Sequence[tuple[str, int]]) -> str | None:
    """Return a version asked for that may sleep."""
    bounds = {share.version: share.scaling for share in deployment.versions}
    may_sleep = (v for v, _ in asked if (rule := bounds[v]) is not None and rule.min == 0)
    return next(may_sleep, None)
