"""The GPUs of this machine, as NVIDIA's own tool tells of them; no library is linked for it."""

import asyncio
import contextlib
import logging
import shutil
import subprocess
from collections import Counter
from dataclasses import dataclass

from capability_sdk.kit.processes import die_with_parent

_log = logging.getLogger(__name__)
_TOOL = "nvidia-smi"
_FORMAT = "--format=csv,noheader,nounits"
_ASK_SECONDS = 10.0
_RESTART_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Gpus:
    """What there is.

    Attributes:
        model: Name of the model; None where there is no GPU.
        count: Devices of that model.
    """

    model: str | None = None
    count: int = 0


def find_gpus() -> Gpus:
    """Ask for the GPUs; where they differ, those of the most frequent model are offered."""
    if shutil.which(_TOOL) is None:
        return Gpus()
    try:
        answer = subprocess.run(  # noqa: S603 - a fixed command
            [_TOOL, "--query-gpu=name", _FORMAT],
            capture_output=True,
            text=True,
            timeout=_ASK_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        _log.warning("no GPU is offered: %s fails (%s)", _TOOL, type(error).__name__)
        return Gpus()
    models = Counter(line.strip() for line in answer.stdout.splitlines() if line.strip())
    if not models:
        return Gpus()
    ((model, count),) = models.most_common(1)
    return Gpus(model, count)


class GpuWatch:
    """Follows the use of some GPUs, by one process of the tool that goes on telling.

    Attributes:
        fraction: Mean use, 0 to 1; None while nothing is known.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self.fraction: float | None = None

    async def run(self) -> None:
        """Follow them until cancelled; without a GPU there is nothing to do."""
        while self._count:
            with contextlib.suppress(OSError):
                await self._follow()
            self.fraction = None
            await asyncio.sleep(_RESTART_SECONDS)

    async def _follow(self) -> None:
        process = await asyncio.create_subprocess_exec(
            *(_TOOL, "--query-gpu=utilization.gpu", _FORMAT, "--loop=1"),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            preexec_fn=die_with_parent,
        )
        try:
            await self._read(process.stdout)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()

    async def _read(self, lines: asyncio.StreamReader | None) -> None:
        used: list[float] = []
        while lines is not None and (line := await lines.readline()):
            with contextlib.suppress(ValueError):
                used.append(min(max(float(line), 0.0), 100.0) / 100)
            if len(used) >= self._count:
                self.fraction = sum(used) / len(used)
                used.clear()
