"""Everything restarts at once (E09): ``python -m tests.bench.restart_storm [EDGES] [INSTANCES]``.

A real center is killed and started again, and at the same moment all provinces begin anew: each asks
for its credential, fetches and verifies its desired state, and reports its instances, first starting,
then ready. Agents' own parts speak (credential, verification, contracts, compression); only what they
report is made up. It is over when the center itself says that every instance is ready. Ends with 1
where that takes more than 60 s.
"""

import asyncio
import gzip
import json
import os
import resource
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from capability_sdk.contracts.nodes import InstanceHealth, InstanceStatus
from capability_sdk.contracts.telemetry import (
    HealthReport,
    RecordKind,
    TelemetryBatch,
    TelemetryRecord,
)
from capability_sdk.kit.clock import system_clock
from edge_gateway.agent.center import Center as CenterLink
from edge_gateway.agent.center import open_http
from edge_gateway.agent.credential import Credential
from edge_gateway.agent.enrolment import Enrolment, enrol
from edge_gateway.agent.errors import CenterAway, CenterRefused
from edge_gateway.agent.identity import read_key
from edge_gateway.state import EdgeSite, verify_state
from tests.campaigns.country import Center
from tests.center_stock import DIGITS

_MOST_SECONDS = 60.0
_AGAIN_SECONDS = 0.5
_TROUBLE: Counter[str] = Counter()


@dataclass
class Province:
    """A province as the center meets it."""

    name: str
    folder: Path
    site: EdgeSite
    instances: int
    reported: int = 0

    async def come_back(self) -> None:
        """Go through everything that an agent does at its start, until the center has it all."""
        async with open_http(self.site.center_url) as http:
            credential = Credential(http, self.site.edge, read_key(self.folder))
            link = CenterLink(http, credential, self.site.edge)
            revision = await self._fetch(link)
            for health in (InstanceHealth.STARTING, InstanceHealth.READY):
                await self._report(link, revision, health)

    async def _fetch(self, link: CenterLink) -> int:
        path = f"/api/v1/edges/{self.site.edge}/desired-state"
        answer = await _insist(link, "GET", path, params={"after": 0, "keys": 0, "wait": 0})
        return verify_state(answer.strip(), self.site, system_clock()).state.revision

    async def _report(self, link: CenterLink, revision: int, health: InstanceHealth) -> None:
        self.reported += 1
        report = HealthReport(
            at=system_clock(),
            state_revision=revision,
            instances=[
                InstanceStatus(
                    id=f"i-{number}",
                    capability=DIGITS,
                    version="1.0.0",
                    node="node-1",
                    health=health,
                    code_digest="sha256:" + "0" * 64,
                    weights_digest="sha256:" + "1" * 64,
                )
                for number in range(self.instances)
            ],
        )
        body = report.model_dump(mode="json", by_alias=True)
        record = TelemetryRecord(seq=self.reported, kind=RecordKind.HEALTH, body=body)
        batch = TelemetryBatch(stream="health", epoch=self.site.epoch, records=[record])
        packed = gzip.compress(batch.model_dump_json(by_alias=True).encode(), 6)
        headers = {"content-type": "application/json", "content-encoding": "gzip"}
        path = f"/api/v1/edges/{self.site.edge}/telemetry"
        answer = json.loads(await _insist(link, "POST", path, content=packed, headers=headers))
        if answer["applied_through"] < self.reported:
            raise SystemExit(f"{self.name}: {self.reported} was sent, {answer} is the answer")


async def _insist(link: CenterLink, method: str, path: str, **options: object) -> bytes:
    """Ask as an agent does: one that is refused or hears nothing asks again."""
    while True:
        try:
            return (await link.send(method, path, **options)).content
        except CenterAway:
            _TROUBLE["away"] += 1
        except CenterRefused as error:
            _TROUBLE[str(error)] += 1
        await asyncio.sleep(_AGAIN_SECONDS)


def main() -> int:
    """Build the country, restart it, and say how long it took."""
    edges, instances = (int(text) for text in (*sys.argv[1:], *("31", "1000")[len(sys.argv) - 1 :]))
    with tempfile.TemporaryDirectory(prefix="jz") as folder:
        center = Center(Path(folder))
        try:
            return _storm(center, Path(folder), edges, instances)
        finally:
            center.close()


def _storm(center: Center, folder: Path, edges: int, instances: int) -> int:
    center.prepare()
    center.start()
    root = center.sign_in("root")
    provinces = []
    for number in range(edges):
        name = f"province-{number:02}"
        root.post("/provinces", {"name": name, "titles": {"zh": name, "en": name}})
        body = {"versions": [{"version": "1.0.0", "weight": 1, "replicas": instances}]}
        root.put(f"/provinces/{name}/deployments/{DIGITS}", body)
        code = root.post(f"/provinces/{name}/enrolment-codes")["code"]
        site = enrol(Enrolment(center.url, code, folder / name, 1, 1))
        provinces.append(Province(name, folder / name, site, instances))
    center.stop()
    began, cpu = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF).ru_utime
    asyncio.run(_restart(center, provinces))
    for province in provinces:
        found = root.get(f"/provinces/{province.name}/health")["instances"]
        ready = sum(item["health"] == "ready" for item in found)
        if ready != instances:
            raise SystemExit(f"{province.name}: {ready} of {instances} are ready")
    seconds = time.monotonic() - began
    figures = {
        "edges": edges,
        "instances": edges * instances,
        "seconds": round(seconds, 1),
        "asked_again": dict(_TROUBLE),
        "driver_cpu_seconds": round(resource.getrusage(resource.RUSAGE_SELF).ru_utime - cpu, 1),
        "load_average": round(os.getloadavg()[0], 1),
    }
    sys.stdout.write(json.dumps(figures) + "\n")
    return 0 if seconds <= _MOST_SECONDS else 1


async def _restart(center: Center, provinces: list[Province]) -> None:
    starting = asyncio.to_thread(center.start)
    await asyncio.gather(starting, *(province.come_back() for province in provinces))


if __name__ == "__main__":
    sys.exit(main())
