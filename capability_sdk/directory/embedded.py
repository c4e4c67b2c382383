"""The embedded directory: it lives in the province's scheduler."""

from capability_sdk.directory.ports import Entry, check_entry


class EmbeddedDirectory:
    """Keeps entries in memory, for the event loop that owns it; nodes report at their start."""

    def __init__(self) -> None:
        self._entries: dict[tuple[str, str], Entry] = {}

    async def register(self, entry: Entry) -> None:
        """Add or replace an entry."""
        check_entry(entry)
        kept = Entry(entry.service, entry.instance, entry.address, dict(entry.metadata))
        self._entries[entry.service, entry.instance] = kept

    async def deregister(self, service: str, instance: str) -> None:
        """Remove an entry."""
        self._entries.pop((service, instance), None)

    async def entries(self, service: str) -> list[Entry]:
        """Return a service's entries, ordered by instance."""
        found = [entry for key, entry in self._entries.items() if key[0] == service]
        return sorted(found, key=lambda entry: entry.instance)

    async def close(self) -> None:
        """Forget everything."""
        self._entries.clear()
