"""A story as telemetry records, in the order of their stream."""

import base64
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

import numpy as np

from capability_sdk.contracts.nodes import InstanceHealth, InstanceStatus, NodeMetadata
from capability_sdk.contracts.packages import PackageDigests
from capability_sdk.contracts.profiles import ReferenceProfile
from capability_sdk.contracts.telemetry import (
    ConfusionCell,
    HealthReport,
    ProfileEnvelope,
    QualityCounts,
    RecordKind,
)
from capability_sdk.profiling.carrier import to_whylogs
from capability_sdk.profiling.counters import AnchoredCounters
from capability_sdk.profiling.digest import anchors_digest
from deploy.fleet.story import Story

Records = Iterator[tuple[RecordKind, dict[str, Any]]]
_REFUSED = {
    "version": None,
    "status": int(HTTPStatus.TOO_MANY_REQUESTS),
    **dict.fromkeys(("units", "latency_us", "request_bytes", "response_bytes"), 0),
}
_JUDGED_ROWS = 160
_PREDICTED_ROWS = 2400


@dataclass(frozen=True, slots=True)
class Grant:
    """By what right calls are made.

    Attributes:
        digests: Of the version that answers them.
    """

    application: str
    subscription: str
    version: str
    digests: PackageDigests


def usage(story: Story, grant: Grant, until: datetime) -> Records:
    """Return a record of every answered call, and one of the calls that a second turned away."""
    for hour in story.hours(until):
        calls, name = story.calls(hour), f"sim-{story.capability}-{hour:%Y%m%d%H}"
        whose = {
            "application": grant.application,
            "subscription": grant.subscription,
            "capability": story.model.blueprint.name,
        }
        is_refused = calls.statuses == HTTPStatus.TOO_MANY_REQUESTS
        for index in np.flatnonzero(~is_refused):
            status = int(calls.statuses[index])
            yield (
                RecordKind.USAGE,
                {
                    **whose,
                    "request_id": f"{name}-{index}",
                    "at": (hour + timedelta(seconds=float(calls.seconds[index]))).isoformat(),
                    "version": grant.version,
                    "status": status,
                    "units": int(status < 500),  # noqa: PLR2004 - as the gateway counts
                    "latency_us": int(calls.latencies_us[index]),
                    "request_bytes": 420,
                    "response_bytes": 180,
                },
            )
        for second, number in Counter(calls.seconds[is_refused].astype(int).tolist()).items():
            at = (hour + timedelta(seconds=second)).isoformat()
            request = {"request_id": f"{name}-refused-{second}", "at": at, "turned_away": number}
            yield RecordKind.USAGE, {**whose, **_REFUSED, **request}


def profiles(story: Story, reference: ReferenceProfile, grant: Grant, until: datetime) -> Records:
    """Return the anchored counts of the hours that are reported, as an agent packs them."""
    anchors, counters = anchors_digest(reference), AnchoredCounters(reference)
    for hour in story.hours(until):
        if not story.is_reported(hour):
            continue
        rows = story.rows(hour)
        counters.add(story.model.draw(rows, story.chance(hour, 3), dict(story.shift(hour))))
        packed = to_whylogs(counters.drain(), reference.columns)
        envelope = ProfileEnvelope(
            capability=story.model.blueprint.name,
            version=grant.version,
            window=hour,
            rows=rows,
            anchors=anchors,
            profile=base64.b64encode(packed).decode(),
        )
        yield RecordKind.PROFILE, envelope.model_dump(mode="json", by_alias=True)


def quality(story: Story, grant: Grant, until: datetime) -> Records:
    """Return the confusion counts of the hours that are judged."""
    for hour in story.hours(until):
        if story.is_judged(hour) and not story.is_newest:
            counts = QualityCounts(
                capability=story.model.blueprint.name,
                version=grant.version,
                window=hour,
                predictions=_PREDICTED_ROWS,
                confusion=_confusion(story, hour),
            )
            yield RecordKind.QUALITY, counts.model_dump(mode="json", by_alias=True)


def health(stories: list[tuple[Story, Grant]], until: datetime) -> Records:
    """Return what a province says of its machines and instances."""
    if not stories:
        return
    first = stories[0][0]
    nodes = [_node(f"sim-node-{number}") for number in (1, 2)]
    instances = [
        InstanceStatus(
            id=f"sim-{story.model.blueprint.name}",
            capability=story.model.blueprint.name,
            version=grant.version,
            node=nodes[story.capability % 2].node,
            health=InstanceHealth.READY,
            code_digest=grant.digests.code,
            weights_digest=grant.digests.weights,
        )
        for story, grant in stories
    ]
    for hour in first.hours(until):
        if first.is_reported(hour):
            report = HealthReport(
                at=hour + timedelta(hours=1), state_revision=1, nodes=nodes, instances=instances
            )
            yield RecordKind.HEALTH, report.model_dump(mode="json", by_alias=True)


def _confusion(story: Story, hour: datetime) -> list[ConfusionCell]:
    """Draw rows whose truth follows their scores, but for the share that is wrong besides."""
    chance = story.chance(hour, 4)
    drawn = story.model.draw(_JUDGED_ROWS, chance, dict(story.shift(hour)))
    predicted = drawn["label"].astype(np.int64)
    actual = (chance.random(_JUDGED_ROWS) < drawn["score"].astype(np.float64)).astype(np.int64)
    mistaken = chance.random(_JUDGED_ROWS) < story.wrong_share(hour)
    actual = np.where(mistaken, 1 - predicted, actual)
    pairs, counts = np.unique(np.stack((predicted, actual)), axis=1, return_counts=True)
    return [
        ConfusionCell(predicted=int(p), actual=int(a), count=int(count))
        for (p, a), count in zip(pairs.T, counts, strict=True)
    ]


def _node(name: str) -> NodeMetadata:
    return NodeMetadata(
        node=name,
        epoch=1,
        families=["gradient-boosting", "random-forest", "lstm", "cnn", "linear", "mlp"],
        engines=["onnx"],
        cpu_millicores=16_000,
        memory_mib=65_536,
        labels={"simulated": "true"},
    )
