"""One good request of each operation, then the same with the worst value in each place."""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.campaigns.center_requests.twists import WORST_CURSORS, leaves, replaced

_KEY = "0123456789abcdef-campaign"
_WORST_NUMBERS = (2**63, -(2**63) - 1, 2**31, -1)
_WORST_TEXTS = ("\x00", "\ud800", "名" * 3000, "' OR '1'='1")
_WORST_MOMENTS = (
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999Z",
)


@dataclass(frozen=True)
class Probe:
    """Where a good request is made worse: a query parameter, a header, or a leaf of the body."""

    place: str
    name: Any
    value: Any


def probes(definition: dict[str, Any], body: object) -> Iterator[Probe]:
    """Return the probes of an operation.

    Args:
        definition: What the OpenAPI document says of the operation.
        body: A good body; anything but JSON has no probes.
    """
    yield Probe("none", None, None)
    for parameter in definition.get("parameters", ()):
        name, place = parameter["name"], parameter["in"]
        if place == "query" and name != "wait":
            for value in _worst(name, json.dumps(parameter["schema"])):
                yield Probe("query", name, value)
        elif name == "idempotency-key":
            yield from (Probe("header", name, _KEY), Probe("header", name, _KEY))
        elif name == "If-Match":
            yield from (Probe("header", name, value) for value in ('"1"', '"' + "9" * 40 + '"'))
    if isinstance(body, dict):
        for way in leaves(body):
            yield from (Probe("body", way, value) for value in _worst_for(way, body))


def _worst(name: str, schema: str) -> list[Any]:
    if name == "cursor":
        plain = (json.dumps(content).encode() for content in WORST_CURSORS)
        return [base64.urlsafe_b64encode(content).rstrip(b"=").decode() for content in plain]
    if "date-time" in schema:
        return [*_WORST_MOMENTS]
    if "integer" in schema:
        return [*_WORST_NUMBERS]
    return [text for text in _WORST_TEXTS if text != "\ud800"]


def _worst_for(way: tuple[Any, ...], body: Any) -> tuple[Any, ...]:  # noqa: ANN401 - JSON
    value = body
    for key in way:
        value = value[key]
    if isinstance(value, bool) or value is None:
        return (2**63,)
    if isinstance(value, int | float):
        return _WORST_NUMBERS
    if isinstance(value, str) and value[:4].isdigit() and "T" in value:
        return _WORST_MOMENTS
    return (*_WORST_TEXTS, None)


def changed(body: Any, probe: Probe) -> Any:  # noqa: ANN401 - JSON
    """Return the body with a probe's value in it, where the probe is for the body."""
    return replaced(body, probe.name, probe.value) if probe.place == "body" else body
