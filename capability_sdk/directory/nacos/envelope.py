"""How an entry stands in Nacos: readable there, and sealed with the province's key.

A Nacos server takes any registration of any client that it lets in. So each entry carries an HMAC over
all that it says; what bears none, or another province's, is nobody's.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Final

from capability_sdk.directory.errors import EntryRefused
from capability_sdk.directory.ports import Entry, check_entry

SCHEMA: Final = "1"
_PREFIX: Final = "jz."
"""Before the names of the envelope's own members."""
_SEAL_BYTES: Final = 16


def key_of(secret: str) -> bytes:
    """Derive the key that seals entries from the secret that a province's programs share."""
    return hmac.new(secret.encode(), b"directory entries", hashlib.sha256).digest()


def enclose(entry: Entry, key: bytes) -> dict[str, str]:
    """Write an entry as the metadata of a Nacos instance.

    Args:
        entry: An entry that `check_entry` takes: together at most 1024 characters here.
        key: The province's key, which all its programs share.
    """
    envelope = {
        "schema": SCHEMA,
        "instance": entry.instance,
        "address": entry.address,
        "epoch": str(entry.epoch),
        "seal": _seal(entry, key),
    }
    return {**entry.metadata, **{_PREFIX + name: value for name, value in envelope.items()}}


def open_envelope(service: str, metadata: Mapping[str, str], key: bytes) -> Entry:
    """Read an entry back, trusting nothing of it.

    Raises:
        EntryRefused: It has another schema, is damaged, or was sealed by somebody else.
    """
    members = {
        name.removeprefix(_PREFIX): str(value)
        for name, value in metadata.items()
        if name.startswith(_PREFIX)
    }
    if members.get("schema") != SCHEMA:
        raise EntryRefused(f"It has no envelope of schema {SCHEMA}.")
    own = {name: str(value) for name, value in metadata.items() if not name.startswith(_PREFIX)}
    entry = Entry(
        service,
        members.get("instance", ""),
        members.get("address", ""),
        own,
        _whole_number(members.get("epoch", "")),
    )
    check_entry(entry)
    if not hmac.compare_digest(_seal(entry, key), members.get("seal", "")):
        raise EntryRefused("It does not bear this province's seal.")
    return entry


def _whole_number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 20):  # noqa: PLR2004 - 64 bits
        raise EntryRefused("Its epoch is not a number.")
    return int(text)


def _seal(entry: Entry, key: bytes) -> str:
    said = [SCHEMA, entry.service, entry.instance, entry.address, entry.epoch]
    content = json.dumps([*said, sorted(entry.metadata.items())]).encode()
    return hmac.new(key, content, hashlib.sha256).digest()[:_SEAL_BYTES].hex()
