"""Once the whole way: profile, whylogs carrier, egress gate, center's ingest, worker's verdict."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

from capability_sdk.contracts.profiles import ReferenceProfile
from capability_sdk.contracts.telemetry import RecordKind
from capability_sdk.profiling.carrier import to_whylogs
from capability_sdk.profiling.digest import anchors_digest
from edge_gateway.agent.database import AgentDatabase
from edge_gateway.agent.declared import Declared
from edge_gateway.agent.egress import EgressGate
from tests.campaigns.drift.images import Images, counted
from tests.center_stock import DIGITS, MANIFEST
from tests.integration.telemetry_world import (
    NOW,
    Center,
    keep_package,
    profile,
    running_center,
    work,
)

_PARTS = 5


def verdicts(
    folder: Path, reference: ReferenceProfile, hours: dict[str, list[Images]]
) -> dict[str, dict[str, Any]]:
    """Send the hours of provinces the whole way; return what the center's people read of each."""
    database = AgentDatabase(folder / "agent.db")
    declared = Declared(database)
    declared.learn_version(MANIFEST, reference.columns, anchors_digest(reference))
    gate = EgressGate(declared)
    with running_center(f"sqlite:///{folder / 'center.db'}", folder) as center:
        keep_package(center, reference)
        for province, windows in hours.items():
            _send(center, gate, reference, province, windows)
        work(center)
        items = center.get("/drift", "admin")["items"]
    database.close()
    return {item["province"]: item for item in items if item["capability"] == DIGITS}


def _send(
    center: Center,
    gate: EgressGate,
    reference: ReferenceProfile,
    province: str,
    windows: list[Images],
) -> None:
    records: list[dict[str, Any]] = []
    for ago, images in enumerate(reversed(windows)):
        for part in np.array_split(images, _PARTS):
            content = to_whylogs(counted(reference, part), reference.columns)
            hour = NOW - timedelta(hours=ago)
            made = profile(len(records) + 1, content, len(part), anchors_digest(reference), hour)
            payload = json.dumps(made["body"]).encode()
            records.append({**made, "body": gate.body(RecordKind.PROFILE, payload)})
    center.send(records, of=province, stream="profile")
