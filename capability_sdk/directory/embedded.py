"""The embedded directory: it lives in the province's scheduler."""

from capability_sdk.directory.ports import DirectoryHealth, Entry, check_entry
from capability_sdk.kit.clock import Clock, system_clock


class EmbeddedDirectory:
    """Keeps entries in memory, for the event loop that owns it; nodes report at their start."""

    def __init__(self, clock: Clock = system_clock) -> None:
        self._clock = clock
        self._entries: dict[tuple[str, str], Entry] = {}

    async def register(self, entry: Entry) -> None:
        """Add or replace an entry; one of an earlier start than the known one is not shown."""
        check_entry(entry)
        known = self._entries.get((entry.service, entry.instance))
        if known is not None and known.epoch > entry.epoch:
            return
        kept = Entry(
            entry.service, entry.instance, entry.address, dict(entry.metadata), entry.epoch
        )
        self._entries[entry.service, entry.instance] = kept

    async def deregister(self, service: str, instance: str) -> None:
        """Remove an entry."""
        self._entries.pop((service, instance), None)

    async def entries(self, service: str) -> list[Entry]:
        """Return a service's entries, ordered by instance."""
        found = [entry for key, entry in self._entries.items() if key[0] == service]
        return sorted(found, key=lambda entry: entry.instance)

    def health(self) -> DirectoryHealth:
        """Answer for itself: it is always there."""
        return DirectoryHealth("embedded", self._clock())

    async def close(self) -> None:
        """Forget everything."""
        self._entries.clear()
