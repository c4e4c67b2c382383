"""``python -m capability_sdk.serving.pod``: an instance in a pod of a cluster.

No scheduler shares its machine. So what it serves stands in a file on a volume, which the cluster
replaces as a whole, and which is followed; and calls come over TCP, with a credential that stands in
another. Every other option is an instance's.
"""

import argparse
import asyncio
import contextlib
import logging
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from pydantic import ValidationError
from pydantic_settings import CliApp

from capability_sdk.contracts.errors import ServiceError
from capability_sdk.contracts.repository import ServedVersions
from capability_sdk.kit import logs
from capability_sdk.serving.app import ServingApp
from capability_sdk.serving.connection import Headers
from capability_sdk.serving.engines import leave_out_training_libraries
from capability_sdk.serving.guard import Guarded, GuardedApp
from capability_sdk.serving.instance import load_instance, serve_instance
from capability_sdk.serving.replies import Reply
from capability_sdk.serving.settings import ServingSettings
from capability_sdk.serving.swapping import WeightSwaps

_log = logging.getLogger("capability_sdk.serving")
_HEALTH = (b"/v2/health/ready", b"/v2/health/live")
_EVERYWHERE = "0.0.0.0"  # noqa: S104 - of the pod's own network, where nothing else listens
_LOOK_SECONDS = 1.0
_AGAIN_SECONDS = 5.0


class _Unlimited:
    """A pod is the cluster's to end: no lease of a node agent is over it."""

    is_over = False


class PodFace(GuardedApp):
    """The REST face of a pod: health for the kubelet, everything else for the gateway."""

    def __init__(self, app: ServingApp, credential: str) -> None:
        super().__init__(app, credential, _Unlimited())

    def before_body(self, method: bytes, path: bytes, headers: Headers) -> Reply | None:
        """Refuse a call without the credential, but for the question how it is."""
        if path in _HEALTH:
            return self._app.before_body(method, path, headers)
        return super().before_body(method, path, headers)


class PointerFollower:
    """Loads what the pointer names; what it names no more leaves once all it names is there."""

    def __init__(self, pointer: Path, swaps: WeightSwaps) -> None:
        self._pointer = pointer
        self._swaps = swaps
        self._followed = b""

    @contextlib.asynccontextmanager
    async def following(self) -> AsyncIterator[None]:
        """Follow the pointer for the length of a block."""
        task = asyncio.create_task(self._keep_looking(), name="follow the pointer")
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _keep_looking(self) -> None:
        while True:
            is_followed = await self._look()
            await asyncio.sleep(_LOOK_SECONDS if is_followed else _AGAIN_SECONDS)

    async def _look(self) -> bool:
        try:
            content = await asyncio.to_thread(self._pointer.read_bytes)
            if content != self._followed:
                await self._follow(ServedVersions.model_validate_json(content))
                self._followed = content
        except (OSError, ValidationError, ServiceError) as error:
            # What serves goes on; a pointer that is put right is followed again.
            _log.error("the pointer is not followed: %s", error)
            return False
        return True

    async def _follow(self, wanted: ServedVersions) -> None:
        for item in wanted.versions:
            await self._swaps.load(wanted.name, item)
        named = {item.version for item in wanted.versions}
        for served in self._swaps.index(only_ready=True):
            if served.version not in named:
                await self._swaps.unload(served.name, served.version)


def main(arguments: list[str]) -> int:
    """Serve until SIGTERM; return the exit code: 2 bad arguments, 3 pointer or package unusable."""
    logs.configure()
    parser = argparse.ArgumentParser(prog="python -m capability_sdk.serving.pod")
    parser.add_argument("--served", type=Path, required=True, help="The pointer.")
    parser.add_argument("--port", type=int, required=True, help="Where calls come in.")
    parser.add_argument("--credential", type=Path, required=True, help="What calls must show.")
    own, rest = parser.parse_known_args(arguments)
    try:
        first = ServedVersions.model_validate_json(own.served.read_bytes()).versions[0]
        what = ("--package", first.folder, "--code-digest", first.code_digest)
        command = [*rest, *what, "--weights-digest", first.weights_digest]
        settings = CliApp.run(ServingSettings, cli_args=command)
        instance = load_instance(settings)
        credential = own.credential.read_text(encoding="ascii").strip()
    except (OSError, ValidationError, ServiceError) as error:
        _log.error("the pod cannot serve: %s", error)
        return 3
    follower = PointerFollower(own.served, instance.swaps)
    with socket.create_server((_EVERYWHERE, own.port)) as listener:
        serve_instance(
            settings,
            instance,
            lambda app: (Guarded(PodFace(app, credential), listener), follower.following()),
        )
    return 0


if __name__ == "__main__":
    leave_out_training_libraries()
    sys.exit(main(sys.argv[1:]))
