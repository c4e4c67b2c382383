"""Machines that joined a province: each a process with a folder of its own, on loopback."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil

from capability_sdk.contracts.manifest import Manifest
from capability_sdk.contracts.settings import canonical, digest_of, overlay_file
from capability_sdk.packaging.digests import digests_of
from capability_sdk.packaging.signing import generate_key, public_key_pem, sign
from tests.gateway_province import Peers, Province, bearer, running_gateway
from tests.integration.scheduler_world import ROOT, SchedulerProcess, deployment
from tests.integration.serving_process import CAPABILITY, scaling_manifest, scaling_package
from tests.unit.capability_sdk.serving.engines import code
from tests.waiting import eventually

QUICK = {
    "SCHEDULER_SERVING_MODULE": "capability_sdk.serving",
    "SCHEDULER_NODE_LOST_AFTER": "PT10S",
    "SCHEDULER_LOAD_VALID": "PT8S",
    # The scheduler's own machine shall run nothing here.
    "SCHEDULER_FAMILIES": '["rule"]',
}


_BY_SETTING = """
    class Capability:
        def infer(self, inputs, context):
            return {"y": inputs["x"] * context.settings["factor"]}
"""


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "capability_sdk.cli", "node", *arguments]


class Machine:
    """One machine: ``jiuzhou node join``, then ``jiuzhou node run``."""

    def __init__(self, folder: Path, scheduler: SchedulerProcess, name: str) -> None:
        self.folder = folder
        self.name = name
        self.scheduler = scheduler
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    def join(self, code: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        url = f"http://127.0.0.1:{self.scheduler.port}"
        given = ("--scheduler", url, "--data", str(self.folder), "--node", self.name)
        return subprocess.run(
            command("join", *given),
            env={**os.environ, "JIUZHOU_NODE_CODE": code, "PYTHONPATH": str(ROOT), **environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def run(self, **environment: str) -> None:
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                command("run", "--data", str(self.folder)),
                env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
                stdout=log,
                stderr=log,
            )

    def signal(self, number: int) -> None:
        """Send a signal to the whole machine: its agent and its instances."""
        assert self.process is not None
        for pid in (self.process.pid, *self.instances()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def instances(self) -> list[int]:
        """Process ids of the instances that run here."""
        mark = f"{self.folder}/instances/"
        return [
            item.pid
            for item in psutil.process_iter()
            if any(mark in part for part in _command_line(item))
        ]

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.signal(signal.SIGCONT)
            self.process.terminate()
            self.process.wait(60)


def _command_line(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


class JoinedWorld:
    """A scheduler and the machines that joined it."""

    def __init__(self, folder: Path, scheduler: SchedulerProcess, province: Province) -> None:
        self.folder = folder
        self.scheduler = scheduler
        self.province = province
        self.key = folder / "author.pem"
        generate_key(self.key)
        self.machines: dict[str, Machine] = {}

    def invite(self, node: str | None = None) -> str:
        answer = self.scheduler.http.post("/api/v1/invitations", json={"node": node})
        assert answer.status_code == 201, answer.text
        code: str = answer.json()["code"]
        return code

    def machine(self, name: str) -> Machine:
        made = self.machines[name] = Machine(self.folder / name, self.scheduler, name)
        return made

    def add(self, name: str, **environment: str) -> Machine:
        """Let a machine join and run."""
        made = self.machine(name)
        joined = made.join(self.invite())
        assert joined.returncode == 0, joined.stderr
        made.run(**environment)
        eventually(lambda: "hears this machine" in made.log, 60)
        return made

    def version(self, version: str, factor: float, replicas: int = 2) -> dict[str, Any]:
        """Make a signed package and describe its deployment."""
        package = scaling_package(self.folder / f"package-{version}", version, factor)
        return self._signed(package, scaling_manifest(version), replicas)

    def code(self, version: str) -> dict[str, Any]:
        """Make a signed package of code that multiplies by its setting, and describe one replica."""
        setting = {"factor": {"kind": "number", "default": 2.0}}
        declared = scaling_manifest(version, engine="python", settings=setting)
        package = code.write(self.folder / "packages" / version, declared, _BY_SETTING)
        return self._signed(package, declared, replicas=1)

    def choose(self, described: dict[str, Any], **values: float) -> Path:
        """Choose values of a deployment's settings, as the agent does; return where they stand."""
        content = canonical(values)
        described["overlay_digest"] = digest_of(content)
        file = overlay_file(Path(described["package_path"]), digest_of(content))
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(content)
        return file

    def _signed(self, package: Path, declared: Manifest, replicas: int) -> dict[str, Any]:
        (package / "README.md").write_text("What it does.\n")
        sign(package, self.key)
        digests = digests_of(package)
        described = deployment(
            package,
            declared.version,
            replicas=replicas,
            code_digest=digests.code,
            weights_digest=digests.weights,
        )
        return {
            **described,
            "capability": CAPABILITY,
            "manifest": declared.model_dump(mode="json"),
            "package_digest": digests.package,
            "author_key": public_key_pem(self.key),
        }

    def endpoints(
        self, count: int, where: Callable[[dict[str, Any]], bool] = bool
    ) -> list[dict[str, Any]]:
        """Wait for so many endpoints, of which something holds."""

        def found() -> list[dict[str, Any]]:
            answer = self.scheduler.http.get("/api/v1/endpoints")
            ready = answer.json()["endpoints"] if answer.status_code == 200 else []
            return ready if len(ready) == count and all(map(where, ready)) else []

        return eventually(found, 60)

    def nodes_of(self, endpoints: list[dict[str, Any]]) -> set[str]:
        nodes = {item["id"]: item["node"] for item in self.scheduler.instances()}
        return {nodes[item["instance"]] for item in endpoints}


@contextmanager
def gateway_of(world: JoinedWorld, *versions: str) -> Iterator[httpx.Client]:
    """The province's gateway, as an application with a token asks it."""
    province = world.province
    with ExitStack() as stack:
        province.deployments = {CAPABILITY: dict.fromkeys(versions, 100)}
        province.subscribe(capability=CAPABILITY)
        Peers(world.folder / "peers", stack).agent(province)
        province.publish()
        gateway = stack.enter_context(running_gateway(province))
        headers = bearer(province.token(scope=f"infer:{CAPABILITY}"))
        http = stack.enter_context(httpx.Client(base_url=gateway.url, headers=headers, timeout=30))
        path = f"/v2/models/{CAPABILITY}"
        # Of the endpoints it hears a moment after its start.
        eventually(lambda: http.get(path).is_success)
        yield http


def _tell_where(scheduler: SchedulerProcess, file: Path) -> None:
    site = json.loads(file.read_text())
    file.write_text(json.dumps({**site, "scheduler_port": scheduler.port}))


@contextmanager
def joined_world(**settings: str) -> Iterator[JoinedWorld]:
    """A scheduler for the length of a ``with`` block; every machine is stopped at its end."""
    with tempfile.TemporaryDirectory(prefix="jz-") as folder:
        province = Province(Path(folder) / "p")
        scheduler = SchedulerProcess(province.folder, **{**QUICK, **settings}).start()
        _tell_where(scheduler, province.folder / "edge.json")
        world = JoinedWorld(Path(folder), scheduler, province)
        try:
            yield world
        finally:
            for machine in world.machines.values():
                machine.stop()
            scheduler.stop()
