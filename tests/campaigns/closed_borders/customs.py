"""Reads what crossed the border, and says what of it was not on the list of what may.

The list is written down here once more, apart from the product's contracts: a member that somebody
adds to a contract is a question for this file.
"""

import base64
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from capability_sdk.profiling.carrier import NAMESPACE  # isort: skip - before whylogs: prepares it
from whylogs.core.view.dataset_profile_view import DatasetProfileView

from tests.campaigns.closed_borders.province import NAME, VERSION
from tests.leaks import Layer, inflated

LEAST_ROWS = 50

_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"
_DIGEST = r"sha256:[0-9a-f]{64}"
_CODES = (
    "package-refused|package-not-downloaded|no-node|digest-mismatch|out-of-memory|timeout"
    "|not-ready|crashed|start-failed|other|"
)
_ID = r"[0-9a-f]{32}"
_PLACE = {"capability": NAME, "version": re.escape(VERSION)}
_MAY_LEAVE: dict[str, dict[str, str]] = {
    "usage": {
        **_PLACE, "request_id": _ID, "at": _TIME, "application": "app-[0-9a-f]{20}",
        "subscription": "sub-[0-9a-f]{20}",
        "status": "[1-5][0-9]{2}", "units": "[01]", "latency_us": r"\d{1,9}",
        "request_bytes": r"\d{1,7}", "response_bytes": r"\d{1,7}", "trial": "True|False",
        "turned_away": r"\d{1,6}",
    },
    "profile": {
        **_PLACE, "schema": "1", "window": r"[\d-]{10}T\d\d:00:00Z", "rows": r"\d{1,7}",
        "anchors": _DIGEST, "profile": r"[A-Za-z0-9+/]+=*",
    },
    "quality": {
        **_PLACE, "schema": "1", "window": r"[\d-]{10}T\d\d:00:00Z", "predictions": r"\d{1,7}",
        "confusion.predicted": "[0-4]", "confusion.actual": "[0-4]", "confusion.count": r"\d{1,7}",
    },
    "health": {
        "schema": "1", "at": _TIME, "state_revision": r"\d{1,6}",
        "nodes.schema": "1", "nodes.node": r"[A-Za-z0-9._-]+", "nodes.epoch": r"\d{1,16}",
        "nodes.families": "[a-z-]+", "nodes.engines": "[a-z]+", "nodes.cpu_millicores": r"\d+",
        "nodes.cpu_score": r"\d{1,6}\.\d", "nodes.memory_mib": r"\d+",
        "nodes.gpu_model": r"[A-Za-z0-9-]+", "nodes.gpu_milli": r"\d+",
        "instances.id": r"[A-Za-z0-9.-]{1,40}", "instances.capability": NAME,
        "instances.version": re.escape(VERSION), "instances.node": r"[A-Za-z0-9._-]+",
        "instances.health": "starting|ready|failed|stopping", "instances.restarts": r"\d{1,3}",
        "instances.detail": _CODES, "instances.code_digest": _DIGEST,
        "instances.weights_digest": _DIGEST,
        "instances.overlay_digest": f"({_DIGEST})?", "instances.is_outdated": "True|False",
        "contents.capability": NAME, "contents.version": re.escape(VERSION),
        "contents.(code|weights|overlay|parse_rule|anchors)": _DIGEST,
        "backlog.(usage-[0-9]{1,3}|profile|quality|issuance)": r"\d{1,6}",
    },
    "issuance": {
        "at": _TIME, "expires_at": _TIME, "application": "app-[0-9a-f]{20}",
        "scope": f"infer:{NAME}", "jti": "t-[0-9a-f]{32}", "kid": "[A-Za-z0-9_-]{43}",
    },
}  # fmt: skip
_STREAMS = {
    "usage": "usage-[0-9]{1,3}", "profile": "profile", "quality": "quality", "health": "health",
    "issuance": "issuance",
}  # fmt: skip


@dataclass
class Crossed:
    """The telemetry that crossed, each record once."""

    records: dict[tuple[str, int, int], dict[str, Any]] = field(default_factory=dict)

    def of(self, kind: str) -> list[dict[str, Any]]:
        """Return the bodies of a kind, in the order in which they were written."""
        records = (self.records[key] for key in sorted(self.records))
        return [record["body"] for record in records if record["kind"] == kind]

    @property
    def profile_rows(self) -> int:
        """Rows that left in data profiles."""
        return sum(body["rows"] for body in self.of("profile"))

    def streams(self) -> set[str]:
        """Name the streams that something came of."""
        return {stream for stream, _, _ in self.records}


def crossed(received: Sequence[bytes]) -> Crossed:
    """Find the telemetry in what was recorded."""
    found = Crossed()
    for stream in received:
        for layer in inflated(Layer("recorded", stream)):
            if layer.content.startswith(b'{"schema"') and layer.content.endswith(b"}"):
                batch = json.loads(layer.content)
                for record in batch["records"]:
                    found.records[batch["stream"], batch["epoch"], record["seq"]] = record
    return found


def contraband(found: Crossed) -> Iterator[str]:
    """Say what crossed without being on the list."""
    for (stream, _, _), record in found.records.items():
        kind = record["kind"]
        if not re.fullmatch(_STREAMS.get(kind, "(?!)"), stream):
            yield f"a record of kind {kind[:60]!r} crossed in the stream {stream[:60]!r}"
    for kind, allowed in _MAY_LEAVE.items():
        patterns = [(re.compile(name), re.compile(value)) for name, value in allowed.items()]
        for body in found.of(kind):
            for name, value in _leaves(body):
                text = "" if value is None else str(value)
                if not any(n.fullmatch(name) and (v.fullmatch(text) or value is None)
                           for n, v in patterns):  # fmt: skip
                    yield f"{kind}.{name} crossed as {text[:60]!r}"
    for body in found.of("profile"):
        yield from _profile_faults(body)


def _profile_faults(body: dict[str, Any]) -> Iterator[str]:
    if body["rows"] < LEAST_ROWS:
        yield f"a data profile of {body['rows']} rows crossed"
    view = DatasetProfileView.deserialize(base64.b64decode(body["profile"]))
    for name, column in view.get_columns().items():
        metrics = sorted(column.get_metric_names())
        if metrics != [NAMESPACE]:
            yield f"the data profile's column {name} holds {', '.join(metrics)}"
        elif (counted := sum(column.get_metric(NAMESPACE).cells)) != body["rows"]:
            yield f"a data profile of {body['rows']} rows counts {counted} in {name}"


def _leaves(value: object, name: str = "") -> Iterator[tuple[str, object]]:
    """Flatten a body; members of lists share a name."""
    if isinstance(value, dict):
        for member, inner in value.items():
            yield from _leaves(inner, f"{name}.{member}" if name else member)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, name)
    else:
        yield name, value
