"""The order in which a platform's parts come up."""

import asyncio
import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from capability_sdk.kit.processes import ManagedProcess, python
from deploy.embedded.demo import PROVINCES, PROVING, DemoRecord, folder_of
from deploy.embedded.folders import ProvinceAddress, settle
from deploy.embedded.platform import ProvinceView
from deploy.embedded.ports import GATEWAY_OFFSET, PROVING_NUMBER, SCHEDULER_OFFSET, PortPicker
from deploy.embedded.specs import center_specs
from deploy.embedded.supervisor import StartFailed, Stopped, Supervisor
from edge_gateway.processes import province_specs

if TYPE_CHECKING:
    from deploy.embedded.cluster import DemoCluster
    from deploy.embedded.nacos import DemoNacos

_SETTLE_SECONDS: Final = 0.5
_DEMO_EDGE = {"AGENT_PROFILE_FLUSH": "PT2S"}
"""The demo shows drift within seconds; a province in production sends profiles once a minute."""


@dataclass(frozen=True, slots=True)
class _Place:
    """One edge beside this center, and where it will listen."""

    folder: Path
    gateway_port: int
    scheduler_port: int
    is_proving: bool = False

    @property
    def is_enrolled(self) -> bool:
        return (self.folder / "edge.json").exists()


class Start:
    """Brings one platform up, saying each step."""

    def __init__(
        self,
        supervisor: Supervisor,
        data: Path,
        ports: PortPicker,
        port_base: int,
        cluster: "DemoCluster | None",
    ) -> None:
        self._supervisor = supervisor
        self._data = data
        self._ports = ports
        self._port_base = port_base
        self._cluster = cluster
        self._nacos: DemoNacos | None = None
        self._settling: asyncio.Task[None] | None = None

    async def nacos(self) -> None:
        """Start a Nacos server that the edges use as their directory; they do not wait for it."""
        from deploy.embedded.nacos import DemoNacos  # noqa: PLC0415 - a small supervisor without it

        self._supervisor.say("Starting Nacos …")
        self._nacos = DemoNacos(self._data)
        self._supervisor.status.nacos_url = self._nacos.url
        await self._supervisor.start(self._nacos.spec)
        self._settling = asyncio.create_task(self._settle(self._nacos), name="settle nacos")

    async def _settle(self, nacos: "DemoNacos") -> None:
        with contextlib.suppress(Stopped):
            while not await asyncio.to_thread(nacos.settle):
                await self._supervisor.pause(_SETTLE_SECONDS)

    async def everything(self, center_port: int, *, is_demo: bool, is_proving: bool) -> None:
        """Start the center with its worker, the demo's provinces and the proving edge, if wanted."""
        self._supervisor.say("Starting the center …")
        specs = center_specs(self._data, center_port, is_proving=is_proving)
        center = await self._supervisor.start(specs["center"])
        demo = [self._place(p.name, i) for i, p in enumerate(PROVINCES)] if is_demo else []
        proving = [self._place(PROVING, PROVING_NUMBER)] if is_proving else []
        places = [*demo, *proving]
        are_enrolled = all(place.is_enrolled for place in places)
        # Enrolled edges need no center to start; together they are up sooner.
        started = await self._edges(places) if are_enrolled else []
        await self._center_ready(center)
        # The worker needs the tables that the center makes.
        await self._supervisor.start(specs["worker"])
        if not are_enrolled:
            await self._enrol(proving, demo)
            started = await self._edges(places)
        # Nobody but the gate waits for the proving edge, which is the last.
        for processes, view in started[: len(demo)]:
            await self._edge_ready(processes, view)
        if is_demo:
            await self._showcase()

    async def _center_ready(self, center: ManagedProcess) -> None:
        url = f"{self._supervisor.status.center.url}/health/ready"
        await self._supervisor.await_ready("The center", center, url)

    async def _enrol(self, proving: list[_Place], demo: list[_Place]) -> None:
        if proving:
            self._supervisor.say("Enrolling the proving edge …")
            await self._first_start("proving", "--ports", *_ports_of(proving))
        if demo:
            self._supervisor.say("Making the demo's accounts and enrolling its two provinces …")
            await self._first_start("accounts", "--ports", *_ports_of(demo))

    def _place(self, name: str, number: int) -> _Place:
        return _Place(
            folder_of(self._data, name),
            self._ports.pick(self._port_base + GATEWAY_OFFSET + number),
            self._ports.pick(self._port_base + SCHEDULER_OFFSET + number),
            is_proving=name == PROVING,
        )

    async def _edges(
        self, places: list[_Place]
    ) -> list[tuple[dict[str, ManagedProcess], ProvinceView]]:
        return [await self._edge(place) for place in places]

    async def _edge(self, place: _Place) -> tuple[dict[str, ManagedProcess], ProvinceView]:
        supervisor = self._supervisor
        address = ProvinceAddress(
            supervisor.status.center.url, place.gateway_port, place.scheduler_port
        )
        name = settle(place.folder, address)
        view = ProvinceView(
            name=name,
            gateway_url=f"http://127.0.0.1:{place.gateway_port}",
            scheduler_url=f"http://127.0.0.1:{place.scheduler_port}",
            data=str(place.folder),
        )
        if place.is_proving:
            supervisor.status.proving = view
        else:
            supervisor.status.provinces.append(view)
        supervisor.say(f"Starting {name} …")
        specs = province_specs(
            place.folder,
            gateway_port=place.gateway_port,
            scheduler_port=place.scheduler_port,
            environment=_DEMO_EDGE | self._engines(name),
        )
        started = {service: await supervisor.start(spec, name) for service, spec in specs.items()}
        return started, view

    def _engines(self, name: str) -> dict[str, str]:
        """Tell an edge which engines it has in place of the embedded ones."""
        nacos = self._nacos.environment(name) if self._nacos else {}
        return nacos | (self._cluster.environment(name) if self._cluster else {})

    async def _edge_ready(
        self, processes: dict[str, ManagedProcess], province: ProvinceView
    ) -> None:
        supervisor = self._supervisor
        urls = {"scheduler": province.scheduler_url, "gateway": province.gateway_url}
        for service, url in urls.items():
            what = f"The {service} of {province.name}"
            await supervisor.await_ready(what, processes[service], f"{url}/health/ready")
        await supervisor.await_instances(province.name, province.scheduler_url)

    async def _showcase(self) -> None:
        supervisor = self._supervisor
        if not DemoRecord.load(self._data).is_walked:
            supervisor.say("The showcase, on real data:")
            await self._first_start("showcase")
        record = DemoRecord.load(self._data)
        supervisor.status.accounts = record.accounts
        supervisor.status.applications = record.applications

    async def _first_start(self, part: str, *arguments: str) -> None:
        command = python("deploy.embedded.first_start", part, "--data", str(self._data), *arguments)
        if await self._supervisor.run_once(*command) != 0:
            raise StartFailed(
                f"The first start failed at its part {part!r}; logs are under {self._data}. Start"
                " again to go on from there, or remove the folder, or start without the demo:"
                " jiuzhou up --no-showcase"
            )


def _ports_of(places: list[_Place]) -> list[str]:
    return [str(port) for place in places for port in (place.gateway_port, place.scheduler_port)]
