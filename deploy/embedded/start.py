"""The order in which a platform's parts come up."""

from pathlib import Path

from capability_sdk.kit.processes import ManagedProcess, python
from deploy.embedded.demo import PROVINCES, DemoRecord, folder_of
from deploy.embedded.folders import ProvinceAddress, settle
from deploy.embedded.platform import ProvinceView
from deploy.embedded.ports import GATEWAY_OFFSET, SCHEDULER_OFFSET, PortPicker
from deploy.embedded.specs import center_specs
from deploy.embedded.supervisor import StartFailed, Supervisor
from edge_gateway.processes import province_specs

_DEMO_EDGE = {"AGENT_PROFILE_FLUSH": "PT2S"}
"""The demo shows drift within seconds; a province in production sends profiles once a minute."""


class Start:
    """Brings one platform up, saying each step."""

    def __init__(
        self, supervisor: Supervisor, data: Path, ports: PortPicker, port_base: int
    ) -> None:
        self._supervisor = supervisor
        self._data = data
        self._ports = ports
        self._port_base = port_base

    async def everything(self, center_port: int, *, is_demo: bool) -> None:
        """Start the center with its worker, and the demo's provinces if it has them."""
        self._supervisor.say("Starting the center …")
        specs = center_specs(self._data, center_port)
        center = await self._supervisor.start(specs["center"])
        folders = [folder_of(self._data, item.name) for item in PROVINCES] if is_demo else []
        ports = [self._pick_ports(i) for i in range(len(folders))]
        are_enrolled = all((folder / "edge.json").exists() for folder in folders)
        # Enrolled provinces need no center to start; together they are up sooner.
        started = await self._provinces(folders, ports) if are_enrolled else []
        await self._center_ready(center)
        # The worker needs the tables that the center makes.
        await self._supervisor.start(specs["worker"])
        if not are_enrolled:
            await self._enrol(ports)
            started = await self._provinces(folders, ports)
        for processes, province in zip(started, self._supervisor.status.provinces, strict=True):
            await self._province_ready(processes, province)
        if is_demo:
            await self._showcase()

    async def _center_ready(self, center: ManagedProcess) -> None:
        url = f"{self._supervisor.status.center.url}/health/ready"
        await self._supervisor.await_ready("The center", center, url)

    async def _enrol(self, ports: list[tuple[int, int]]) -> None:
        self._supervisor.say("Making the demo's accounts and enrolling its two provinces …")
        flat = [str(port) for pair in ports for port in pair]
        await self._first_start("accounts", "--ports", *flat)

    def _pick_ports(self, number: int) -> tuple[int, int]:
        return (
            self._ports.pick(self._port_base + GATEWAY_OFFSET + number),
            self._ports.pick(self._port_base + SCHEDULER_OFFSET + number),
        )

    async def _provinces(
        self, folders: list[Path], ports: list[tuple[int, int]]
    ) -> list[dict[str, ManagedProcess]]:
        return [
            await self._province(folder, gateway_port, scheduler_port)
            for folder, (gateway_port, scheduler_port) in zip(folders, ports, strict=True)
        ]

    async def _province(
        self, folder: Path, gateway_port: int, scheduler_port: int
    ) -> dict[str, ManagedProcess]:
        supervisor = self._supervisor
        center_url = supervisor.status.center.url
        name = settle(folder, ProvinceAddress(center_url, gateway_port, scheduler_port))
        supervisor.status.provinces.append(
            ProvinceView(
                name=name,
                gateway_url=f"http://127.0.0.1:{gateway_port}",
                scheduler_url=f"http://127.0.0.1:{scheduler_port}",
                data=str(folder),
            )
        )
        supervisor.say(f"Starting {name} …")
        specs = province_specs(
            folder,
            gateway_port=gateway_port,
            scheduler_port=scheduler_port,
            environment=_DEMO_EDGE,
        )
        return {service: await supervisor.start(spec, name) for service, spec in specs.items()}

    async def _province_ready(
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
