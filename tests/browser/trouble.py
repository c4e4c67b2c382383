"""Something for people to take care of: an alarm that waits for somebody."""

import asyncio
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from capability_sdk.client import CenterClient
from capability_sdk.contracts.nodes import InstanceHealth, InstanceStatus
from capability_sdk.contracts.telemetry import HealthReport, RecordKind
from deploy.fleet.desk import Desk
from deploy.fleet.edge import open_edge
from deploy.fleet.provinces import SimulatedProvince
from deploy.showcase.digits import CAPABILITY
from tests.browser.platform import Demo, as_admin
from tests.e2e.harness import eventually

_RELEASED: Final = "1.0.0"
_NO_DIGEST: Final = "sha256:" + "0" * 64


@contextmanager
def open_alarm(demo: Demo, folder: Path) -> Iterator[None]:
    """See to it that an alarm stands open: where none does, an edge of its own has a failed instance.

    A demo that was walked before has its alarms taken. The province is simulated and goes with all that
    it reported, so that the next one finds the demo as it was.

    Args:
        demo: It runs.
        folder: For the edge's key.
    """
    with as_admin(demo) as admin:
        if _is_open(admin):
            yield
            return
        name = f"trial-{secrets.token_hex(3)}"
        with Desk(admin, demo.center, folder) as desk:
            desk.found(SimulatedProvince(name, "试验省", "Trial province", 1.0))
            # The browser's driver has an event loop in this thread.
            with ThreadPoolExecutor(1) as thread:
                thread.submit(asyncio.run, _report_failure(desk.edge_folder(name))).result()
        eventually("an open alarm", lambda: _is_open(admin) or None)
        yield
        admin.delete(f"/provinces/{name}")


def _is_open(admin: CenterClient) -> bool:
    return bool(admin.get("/alarms", state="open")["items"])


async def _report_failure(folder: Path) -> None:
    failed = InstanceStatus(
        id="trial-1",
        capability=CAPABILITY,
        version=_RELEASED,
        node="trial-node",
        health=InstanceHealth.FAILED,
        restarts=3,
        detail="The process ended with code 137 at its start, three times.",
        code_digest=_NO_DIGEST,
        weights_digest=_NO_DIGEST,
    )
    report = HealthReport(at=datetime.now(UTC), state_revision=1, nodes=[], instances=[failed])
    record = (RecordKind.HEALTH, report.model_dump(mode="json", by_alias=True))
    async with open_edge(folder) as edge:
        await edge.ship("health", iter([record]))
