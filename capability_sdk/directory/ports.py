"""The lookup of who is where: entries that programs register and others read."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from capability_sdk.directory.errors import EntryRefused

MAX_METADATA_CHARACTERS = 1024
"""Of all names and values together: the limit that every engine keeps."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,99}\Z")


@dataclass(frozen=True, slots=True)
class Entry:
    """One registered instance of a service.

    Attributes:
        service: What it is, such as ``nodes``.
        instance: Name that is unique within the service.
        address: ``host:port``, ``unix:/path`` or empty where nobody connects to it.
        metadata: Static facts, strings only; load that moves does not belong here.
    """

    service: str
    instance: str
    address: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)


class ServiceDirectory(Protocol):
    """Keeps the entries of services; every engine answers alike."""

    async def register(self, entry: Entry) -> None:
        """Add an entry, or replace the whole entry of the same service and instance.

        Raises:
            EntryRefused: A name or the metadata breaks the directory's rules.
        """
        ...

    async def deregister(self, service: str, instance: str) -> None:
        """Remove an entry; one that is not there is no failure."""
        ...

    async def entries(self, service: str) -> list[Entry]:
        """Return a service's entries, ordered by instance; empty where there are none."""
        ...

    async def close(self) -> None:
        """Withdraw this program's entries and let go of the engine."""
        ...


def check_entry(entry: Entry) -> None:
    """Hold an entry to the rules that are the same for every engine.

    Raises:
        EntryRefused: It breaks one; the message names it.
    """
    for kind, name in (("service", entry.service), ("instance", entry.instance)):
        if not _NAME.match(name):
            raise EntryRefused(
                f"The {kind} name {name!r} is not acceptable: letters, digits and . _ : - only."
            )
    size = sum(len(name) + len(value) for name, value in entry.metadata.items())
    if size > MAX_METADATA_CHARACTERS:
        raise EntryRefused(
            f"The metadata of {entry.instance} has {size} characters; "
            f"at most {MAX_METADATA_CHARACTERS} are taken."
        )
