"""Who meets at a Nacos server in the fault suite: programs of a province, and strangers."""

import asyncio
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr

from capability_sdk.directory.nacos.client import Host, NacosClient, Place
from capability_sdk.directory.nacos.directory import NacosDirectory
from capability_sdk.directory.nacos.login import Login
from capability_sdk.directory.ports import Entry, ServiceDirectory
from tests.integration.scheduler_world import ROOT
from tests.servers.nacos import Nacos

NODES = "nodes"
_GROUP = "jiuzhou"


@dataclass
class Meeting:
    """One namespace of a server, with a province's key for those who have it."""

    server: Nacos
    folder: Path
    namespace: str = field(default_factory=lambda: f"t{secrets.token_hex(4)}")
    key: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    @property
    def place(self) -> Place:
        return Place(self.server.address, self.namespace, _GROUP)

    def login(self, password: str = "") -> Login:
        chosen = SecretStr(password or self.server.password)
        return Login(self.server.address, self.server.username, chosen)

    def directory(self, key: bytes = b"", password: str = "") -> NacosDirectory:
        """Open the directory as a program of the province does; another key is another province."""
        return NacosDirectory(self.place, self.login(password), key or self.key, self.folder)

    def member(self, entry: Entry, stack: ExitStack) -> "subprocess.Popen[bytes]":
        """Start a program of its own that registers an entry."""
        told = {
            "address": self.server.address,
            "username": self.server.username,
            "password": self.server.password,
            "namespace": self.namespace,
            "key": self.key.hex(),
            "folder": str(self.folder),
            "entry": {"service": entry.service, "instance": entry.instance, "epoch": entry.epoch},
        }
        environment = {**os.environ, "NACOS_MEMBER": json.dumps(told), "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-m", "tests.servers.nacos_member"]
        process = stack.enter_context(subprocess.Popen(command, env=environment))
        stack.callback(process.kill)
        return process

    async def stranger(self) -> NacosClient:
        """Connect as one whom the server lets in and who has no key: it registers what it likes."""
        return await NacosClient.connect(self.place, self.login(), self.folder)

    async def overwrite(self, host: Host, metadata: dict[str, str]) -> None:
        """Set another metadata on somebody's instance, as an operator does in Nacos itself."""
        token = await self.login().get_access_token()
        form: dict[str, Any] = {
            "namespaceId": self.namespace,
            "groupName": _GROUP,
            "serviceName": NODES,
            "ip": host.ip,
            "port": host.port,
            "clusterName": host.cluster,
            "ephemeral": "true",
            "metadata": json.dumps(metadata),
        }
        async with httpx.AsyncClient() as client:
            answer = await client.put(
                f"http://{self.server.address}/nacos/v3/admin/ns/instance",
                data=form,
                headers={"accessToken": token},
            )
        answer.raise_for_status()


async def names(directory: ServiceDirectory) -> list[str]:
    return [entry.instance for entry in await directory.entries(NODES)]


async def until(look: Callable[[], Awaitable[object]], seconds: float = 60.0) -> None:
    """Look until something true is seen; fail when it does not come."""
    end = time.monotonic() + seconds
    while not await look():
        assert time.monotonic() < end, f"nothing came within {seconds} s"
        await asyncio.sleep(0.1)


async def until_sees(directory: ServiceDirectory, expected: Sequence[str]) -> None:
    """Wait until a program sees these nodes and no others."""

    async def is_seen() -> bool:
        return await names(directory) == list(expected)

    await until(is_seen)
