"""A story as telemetry records, in the order of their stream."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
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
    """Return a record of every call."""
    name = story.model.blueprint.name
    for hour in story.hours(until):
        calls = story.calls(hour)
        rows = zip(calls.seconds, calls.statuses, calls.latencies_us, strict=True)
        for index, (second, status, latency) in enumerate(rows):
            yield (
                RecordKind.USAGE,
                {
                    "request_id": f"sim-{story.capability}-{hour:%Y%m%d%H}-{index}",
                    "at": (hour + timedelta(seconds=float(second))).isoformat(),
                    "application": grant.application,
                    "subscription": grant.subscription,
                    "capability": name,
                    "version": grant.version,
                    "status": int(status),
                    "units": int(status < 500),  # noqa: PLR2004 - as the gateway counts
                    "latency_us": int(latency),
                    "request_bytes": 420,
                    "response_bytes": 180,
                },
            )


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
