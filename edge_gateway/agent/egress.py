"""The single gate of everything that leaves the province as telemetry.

Each record is parsed with its contract and written again from what was understood, so unknown
members never pass. Names must have stood in a verified document, data profiles must be anchored
counts of at least 50 rows and nothing else, and free text becomes a code of a fixed list: the
text of an error may quote the value that caused it.
"""

import base64
import binascii
import re
from collections.abc import Callable
from typing import Any, Final

from pydantic import ValidationError

from capability_sdk.contracts.nodes import InstanceStatus, NodeMetadata
from capability_sdk.contracts.telemetry import (
    HealthReport,
    IssuedToken,
    ProfileEnvelope,
    QualityCounts,
    RecordKind,
    UsageRecord,
)
from capability_sdk.profiling.errors import AnchorMismatch, ForeignContent
from edge_gateway.agent.declared import (
    APPLICATION,
    CAPABILITY,
    SUBSCRIPTION,
    Declared,
    DeclaredVersion,
)
from edge_gateway.agent.errors import EgressRefused

LEAST_ROWS: Final = 50
"""A data profile of fewer rows could describe single persons."""

_REQUEST_ID = re.compile(r"[0-9a-f]{32}")
_PERSON = re.compile(r"person-[0-9a-f]{24}")
_TRIAL = re.compile(r"trial-[0-9a-f]{20}")
_TOKEN_ID = re.compile(r"t-[0-9a-f]{32}")
_STREAM = re.compile(r"usage-\d{1,3}|profile|quality|health|issuance")
_BOOST_ID = re.compile(r"boost-[0-9a-f]{20}")
_GPU_MODEL = re.compile(r"[A-Z][A-Za-z0-9]{0,15}(-[A-Za-z0-9]{1,8}){0,3}")
_HOUR_SECONDS = 3600

DETAIL_CODES: Final = (
    "package-refused",
    "package-not-downloaded",
    "settings-refused",
    "no-node",
    "digest-mismatch",
    "out-of-memory",
    "timeout",
    "not-ready",
    "crashed",
    "start-failed",
    "other",
)
_DETAIL_WORDS: Final = {
    "digest": "digest-mismatch",
    "signature": "package-refused",
    "memory": "out-of-memory",
    "timed out": "timeout",
    "timeout": "timeout",
    "no node": "no-node",
    "not ready": "not-ready",
    "health": "not-ready",
    "exit": "crashed",
    "signal": "crashed",
    "start": "start-failed",
}


def detail_code(text: str) -> str:
    """Reduce free text to a code of `DETAIL_CODES`; an empty text stays empty."""
    if not text or text in DETAIL_CODES:
        return text
    lowered = text.lower()
    return next((code for word, code in _DETAIL_WORDS.items() if word in lowered), "other")


class EgressGate:
    """Lets a record pass in the one form that its contract allows."""

    def __init__(self, declared: Declared) -> None:
        self._declared = declared
        self._rules: dict[RecordKind, Callable[[bytes], dict[str, Any]]] = {
            RecordKind.USAGE: self._usage,
            RecordKind.PROFILE: self._profile,
            RecordKind.QUALITY: self._quality,
            RecordKind.HEALTH: self._health,
            RecordKind.ISSUANCE: self._issuance,
        }

    def body(self, kind: RecordKind, payload: bytes) -> dict[str, Any]:
        """Return what may leave of a record.

        Args:
            kind: What the record's stream carries.
            payload: JSON of the record.

        Raises:
            EgressRefused: The record is not of its contract, or names something undeclared. The
                message never quotes the record.
        """
        try:
            return self._rules[kind](payload)
        except ValidationError as error:
            where = ".".join(
                part if isinstance(part, str) else "#" for part in error.errors()[0]["loc"]
            )
            raise EgressRefused(f"A {kind} record breaks its contract at {where!r}.") from None
        except (AnchorMismatch, ForeignContent) as error:
            raise EgressRefused(f"A data profile is not what it must be: {error}") from None

    def _usage(self, payload: bytes) -> dict[str, Any]:
        record = UsageRecord.model_validate_json(payload)
        if record.trial:
            self._require_trial(record)
        else:
            self._require(APPLICATION, record.application)
            self._require(SUBSCRIPTION, record.subscription)
        self._require(CAPABILITY, record.capability)
        version = record.version
        if version is not None and not self._declared.knows_version(record.capability, version):
            raise EgressRefused("A record names an undeclared version.")
        if not _REQUEST_ID.fullmatch(record.request_id):
            raise EgressRefused("A usage record carries a request id that no gateway made.")
        return record.model_dump(mode="json")

    def _require_trial(self, record: UsageRecord) -> None:
        """Refuse a trial whose ids are not such as the center makes: there is no list of them.

        Raises:
            EgressRefused: One is not, or it counts a unit.
        """
        ids = _PERSON.fullmatch(record.application), _TRIAL.fullmatch(record.subscription)
        if not all(ids) or record.units:
            raise EgressRefused("A trial carries an id that the center does not make.")

    def _profile(self, payload: bytes) -> dict[str, Any]:
        envelope = ProfileEnvelope.model_validate_json(payload)
        declared = self._require_version(envelope.capability, envelope.version)
        if envelope.rows < LEAST_ROWS:
            raise EgressRefused(f"A data profile has fewer than {LEAST_ROWS} rows.")
        if not declared.anchors or envelope.anchors != declared.anchors:
            raise EgressRefused("A data profile refers to anchors that the package does not have.")
        if envelope.window.timestamp() % _HOUR_SECONDS:
            raise EgressRefused("A data profile's window is no whole hour.")
        try:
            profile = base64.b64decode(envelope.profile, validate=True)
        except binascii.Error:
            raise EgressRefused("A data profile is not Base64.") from None
        # With whylogs come 10 MiB that an agent without data profiles, as a proving edge's, spares.
        from capability_sdk.profiling.carrier import from_whylogs, to_whylogs  # noqa: PLC0415 - whylogs costs memory

        counts = from_whylogs(profile, declared.columns)
        if any(sum(cells) != envelope.rows for cells in counts.values()):
            raise EgressRefused("A data profile counts other rows than it says.")
        # Written again, so that not even the order of bytes is the sender's choice.
        written = base64.b64encode(to_whylogs(counts, declared.columns)).decode()
        return envelope.model_copy(update={"profile": written}).model_dump(mode="json")

    def _quality(self, payload: bytes) -> dict[str, Any]:
        counts = QualityCounts.model_validate_json(payload)
        classes = len(self._require_version(counts.capability, counts.version).labels)
        if any(max(cell.predicted, cell.actual) > classes for cell in counts.confusion):
            raise EgressRefused("Quality counts name a class that the manifest does not have.")
        if counts.window.timestamp() % _HOUR_SECONDS:
            raise EgressRefused("Quality counts are of no whole hour.")
        return counts.model_dump(mode="json")

    def _health(self, payload: bytes) -> dict[str, Any]:
        report = HealthReport.model_validate_json(payload)
        nodes = [_cleared_node(node) for node in report.nodes]
        instances = [
            _cleared_instance(instance)
            for instance in report.instances
            if self._declared.knows(CAPABILITY, instance.capability)
        ]
        backlog = {name: waiting for name, waiting in report.backlog.items() if _is_stream(name)}
        contents = [
            item
            for item in report.contents
            if self._declared.knows_version(item.capability, item.version)
        ]
        boosts = [item for item in report.boosts if _BOOST_ID.fullmatch(item.id)]
        passed: dict[str, object] = {"nodes": nodes, "instances": instances, "backlog": backlog}
        passed |= {"contents": contents, "boosts": boosts}
        return report.model_copy(update=passed).model_dump(mode="json")

    def _issuance(self, payload: bytes) -> dict[str, Any]:
        token = IssuedToken.model_validate_json(payload)
        self._require(APPLICATION, token.application)
        for scope in token.scope.split(" "):
            self._require(CAPABILITY, scope.removeprefix("infer:"))
        if not _TOKEN_ID.fullmatch(token.jti):
            raise EgressRefused("An issued token carries an id that no issuer made.")
        return token.model_dump(mode="json")

    def _require(self, kind: str, name: str) -> None:
        if not self._declared.knows(kind, name):
            raise EgressRefused(f"A record names an undeclared {kind}.")

    def _require_version(self, capability: str, version: str) -> DeclaredVersion:
        declared = self._declared.version(capability, version)
        if declared is None:
            raise EgressRefused("A record names a capability version that was never verified here.")
        return declared


def _is_stream(name: str) -> bool:
    return _STREAM.fullmatch(name) is not None


def _cleared_node(node: NodeMetadata) -> NodeMetadata:
    """Leave out labels, which are free text, and a GPU model that does not look like one."""
    model = node.gpu_model
    known = model if model and _GPU_MODEL.fullmatch(model) else None
    return node.model_copy(update={"labels": {}, "gpu_model": known})


def _cleared_instance(instance: InstanceStatus) -> InstanceStatus:
    return instance.model_copy(update={"detail": detail_code(instance.detail)})
