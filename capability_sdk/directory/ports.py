"""The lookup of who is where: entries that programs register and others read."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from capability_sdk.directory.errors import EntryRefused

MAX_METADATA_CHARACTERS = 1024
"""Of all names and values together: the limit that every engine keeps."""
ENVELOPE_CHARACTERS = 128
"""Of these, what an engine may need besides the entry's own texts, such as a seal."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,99}\Z")


@dataclass(frozen=True, slots=True)
class Entry:
    """One registered instance of a service.

    Attributes:
        service: What it is, such as ``nodes``.
        instance: Name that is unique within the service.
        address: ``host:port``, ``unix:/path`` or empty where nobody connects to it.
        metadata: Static facts, strings only; load that moves does not belong here.
        epoch: Which start of the instance says so; of two entries the later start's counts.
    """

    service: str
    instance: str
    address: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    epoch: int = 0


@dataclass(frozen=True, slots=True)
class DirectoryHealth:
    """How much what a directory says is worth now.

    Attributes:
        engine: Which adapter, such as ``embedded``.
        answered_at: When the engine last answered; None where it never did.
        detail: Why it does not answer, empty where it does.
        refused: Entries of others that are not shown, with the reason; the first of them.
    """

    engine: str
    answered_at: datetime | None
    detail: str = ""
    refused: Mapping[str, str] = field(default_factory=dict)


class ServiceDirectory(Protocol):
    """Keeps the entries of services; every engine answers alike.

    It never waits for an engine: what was registered here is shown here at once, and reaches others
    as soon as the engine takes it; what others registered is shown as it was last heard of. So an
    entry is a claim, and who uses it asks the instance itself whether it is alive.
    """

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

    def health(self) -> DirectoryHealth:
        """Tell whether the engine answers, and what of its answers is refused."""
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
    texts = [entry.instance, entry.address, *entry.metadata, *entry.metadata.values()]
    size = sum(map(len, texts)) + ENVELOPE_CHARACTERS
    if size > MAX_METADATA_CHARACTERS:
        raise EntryRefused(
            f"The entry of {entry.instance} takes {size} characters of metadata; "
            f"at most {MAX_METADATA_CHARACTERS} are taken."
        )
