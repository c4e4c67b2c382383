"""Where calls can go: the deployments of the state, joined with the scheduler's endpoints."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from capability_sdk.contracts.nodes import Endpoint
from edge_gateway.errors import NoInstance, NotDeployed
from edge_gateway.gateway.routing import Split, eligible, make_split
from edge_gateway.gateway.upstream import Upstream
from edge_gateway.state import StateView


class Target:
    """One endpoint with its connections."""

    __slots__ = ("credential", "endpoint", "upstream", "weight")

    def __init__(self, endpoint: Endpoint, upstream: Upstream) -> None:
        self.endpoint = endpoint
        self.upstream = upstream
        self.weight = endpoint.weight
        self.credential = _credential_line(endpoint)
        """Header line of every call to it; empty where a Unix socket is the guard."""

    @property
    def in_flight(self) -> int:
        """Calls that wait for it."""
        return self.upstream.in_flight


@dataclass(frozen=True, slots=True)
class Choice:
    """What may answer a call for a capability and version."""

    split: Split
    targets: dict[str, list[Target]]
    """Endpoints by version."""


class Targets:
    """Finds choices; they are made anew when state or endpoints change."""

    def __init__(self, connect: Callable[[str], Upstream]) -> None:
        self._connect = connect
        self._view: StateView | None = None
        self._by_version: dict[tuple[str, str], list[Target]] = {}
        self._upstreams: dict[tuple[str, str], Upstream] = {}
        self._choices: dict[tuple[str, str | None], Choice] = {}

    @property
    def upstreams(self) -> list[Upstream]:
        """All connections that are kept."""
        return list(self._upstreams.values())

    def use_state(self, view: StateView | None) -> None:
        """Take over the deployments of the state in force."""
        self._view = view
        self._choices.clear()

    def use_endpoints(self, endpoints: Sequence[Endpoint]) -> None:
        """Take over the scheduler's endpoints; connections to those that stay are kept."""
        kept: dict[tuple[str, str], Upstream] = {}
        by_version: dict[tuple[str, str], list[Target]] = {}
        for endpoint in endpoints:
            key = (endpoint.instance, endpoint.address)
            upstream = self._upstreams.pop(key, None) or kept.get(key)
            kept[key] = upstream or self._connect(endpoint.address)
            version = (endpoint.capability, endpoint.version)
            by_version.setdefault(version, []).append(Target(endpoint, kept[key]))
        for gone in self._upstreams.values():
            gone.close()
        self._upstreams, self._by_version = kept, by_version
        self._choices.clear()

    def find(self, capability: str, version: str | None) -> Choice:
        """Find what may answer.

        Raises:
            NotDeployed: The province does not run it.
            NoInstance: It is to run, but nothing is ready.
        """
        choice = self._choices.get((capability, version))
        if choice is None:
            choice = self._choices[capability, version] = self._make(capability, version)
        return choice

    def _make(self, capability: str, version: str | None) -> Choice:
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
        targets = {v: self._by_version.get((capability, v), []) for v, _ in asked}
        # A version that is only being started takes no calls away from one that runs.
        split = make_split([share for share in asked if targets[share[0]]])
        if split is None and version not in targets:
            # Nor does one that takes a predecessor's place: the scheduler ends that one last.
            earlier = [(v, 1) for name, v in self._by_version if name == capability]
            targets = {v: self._by_version[capability, v] for v, _ in eligible(earlier, version)}
            split = make_split([(v, 1) for v in targets])
        if split is None:
            raise NoInstance(
                f"No instance of {capability} is ready now; try again soon.",
                headers={"Retry-After": "1"},
            )
        return Choice(split, targets)


def _credential_line(endpoint: Endpoint) -> bytes:
    if not endpoint.credential:
        return b""
    return b"authorization: Bearer %b\r\n" % endpoint.credential.encode()
