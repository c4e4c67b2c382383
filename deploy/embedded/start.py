"""The order in which a platform's parts come up."""

import time
from pathlib import Path

from capability_sdk.kit.processes import ManagedProcess, python
from deploy.embedded.demo import PROVINCES, DemoRecord, folder_of
from deploy.embedded.folders import ProvinceAddress, settle
from deploy.embedded.platform import ProvinceView
from deploy.embedded.ports import GATEWAY_OFFSET, SCHEDULER_OFFSET, PortPicker
from deploy.embedded.specs import center_specs, province_specs
from deploy.embedded.supervisor import StartFailed, Supervisor

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

    async def center(self, port: int) -> None:
        """Start the center and its worker; the worker needs the migrated database."""
        supervisor = self._supervisor
        specs = center_specs(self._data, port)
        supervisor.say("Starting the center …")
        center = await supervisor.start(specs["center"])
        url = f"{supervisor.status.center.url}/health/ready"
        await supervisor.await_ready("The center", center, url)
        await supervisor.start(specs["worker"])

    async def demo(self) -> None:
        """Start the demo's provinces; at the first start, make everything that is in it."""
        began = time.monotonic()
        pairs = [
            (
                self._ports.pick(self._port_base + GATEWAY_OFFSET + i),
                self._ports.pick(self._port_base + SCHEDULER_OFFSET + i),
            )
            for i in range(len(PROVINCES))
        ]
        folders = [folder_of(self._data, province.name) for province in PROVINCES]
        if not all((folder / "edge.json").exists() for folder in folders):
            self._supervisor.say("Making the demo's accounts and enrolling its two provinces …")
            flat = [str(port) for pair in pairs for port in pair]
            await self._first_start("accounts", "--ports", *flat)
        started = [
            await self._province(folder, gateway_port, scheduler_port)
            for folder, (gateway_port, scheduler_port) in zip(folders, pairs, strict=True)
        ]
        for processes, province in zip(started, self._supervisor.status.provinces, strict=True):
            await self._province_ready(processes, province)
        await self._showcase()
        self._supervisor.say(f"Two provinces are up after {time.monotonic() - began:.0f} s.")

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
        specs = province_specs(folder, gateway_port, scheduler_port, _DEMO_EDGE)
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
