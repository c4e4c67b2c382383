"""A province whose scheduler, gateway and one instance are real processes; no center, no agent.

The gateway hears late from the scheduler. So calls for the weights that are retired surely go on for
a while, on a quiet machine too: whoever retires without a drain surely fails some of them.
"""

import json
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from capability_sdk.contracts.manifest import Manifest
from capability_sdk.packaging.digests import digests_of
from tests.campaigns.link import running_link
from tests.gateway_province import (
    APPLICATION,
    INTERNAL_TOKEN,
    PROVINCE,
    Gateway,
    Peers,
    Province,
    running_gateway,
)
from tests.integration.scheduler_world import SchedulerProcess
from tests.integration.serving_process import CAPABILITY, scaling_package

_NEWS_SECONDS = 0.3
"""How late the gateway hears of endpoints."""
_DRAIN = "PT3S"
"""Far longer than the news takes, be the machine never so busy."""


@dataclass(frozen=True, eq=False)
class Weights:
    """One version: its factor and what its digests are."""

    version: str
    factor: float
    deployment: dict[str, Any]

    @property
    def digest(self) -> str:
        return str(self.deployment["weights_digest"])


@dataclass
class SwapWorld:
    """What a run needs at hand."""

    folder: Path
    province: Province
    scheduler: SchedulerProcess
    gateway: Gateway
    weights: int
    known: dict[str, Weights] = field(default_factory=dict)

    def package(self, number: int, *, is_tampered: bool = False) -> Weights:
        """Write the package of version 1.0.``number``; its factor is odd and its own."""
        version, factor = f"1.0.{number}", float(2 * number + 3)
        folder = self.folder / "packages" / version
        scaling_package(folder, version, factor, weights=self.weights)
        digests = digests_of(folder)
        if is_tampered:
            scaling_package(self.folder / "other", version, -factor, weights=self.weights)
            (self.folder / "other" / "model" / "model.onnx").rename(folder / "model" / "model.onnx")
        manifest = Manifest.from_toml((folder / "capability.toml").read_text())
        deployment = {
            "capability": CAPABILITY,
            "version": version,
            "package_path": str(folder),
            "code_digest": digests.code,
            "weights_digest": digests.weights,
            "manifest": manifest.model_dump(mode="json"),
        }
        self.known[version] = Weights(version, factor, deployment)
        return self.known[version]

    def desire(self, shares: dict[Weights, int]) -> None:
        """Do what the agent does: put a state in force, then tell the scheduler."""
        self.province.deployments = {CAPABILITY: {w.version: part for w, part in shares.items()}}
        self.province.publish()
        self.scheduler.put(*(weights.deployment for weights in shares)).raise_for_status()

    def memory_mib(self) -> int:
        """Return the resident memory of the instance."""
        return sum(psutil.Process(pid).memory_info().rss for pid in self.scheduler.pids()) >> 20


@contextmanager
def running_world(weights: int) -> Iterator[SwapWorld]:
    """Run it for the length of a ``with`` block; the path is short enough for Unix sockets."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="jz-")))
        province = Province(folder / PROVINCE)
        province.subscribe(APPLICATION, capability=CAPABILITY)
        settings = {"SCHEDULER_SERVING_MODULE": "capability_sdk.serving", "SCHEDULER_DRAIN": _DRAIN}
        scheduler = SchedulerProcess(province.folder, **settings)
        stack.callback(scheduler.stop)
        identity = province.folder / "edge.json"
        line = stack.enter_context(running_link(scheduler.port, late_seconds=_NEWS_SECONDS))
        site = json.loads(identity.read_text()) | {"scheduler_port": line.port}
        identity.write_text(json.dumps(site))
        scheduler.start()
        assert scheduler.http.headers["authorization"] == f"Bearer {INTERNAL_TOKEN}"
        Peers(folder / "peers", stack).agent(province)
        province.deployments = {}
        province.publish()
        gateway = stack.enter_context(running_gateway(province))
        yield SwapWorld(folder, province, scheduler, gateway, weights)
