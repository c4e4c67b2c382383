"""What the cluster holds, kept up to date: a list once, then a watch from where it ended.

A watch that breaks off is resumed from the last version seen. Only where the server has forgotten
that version is the collection listed anew; what went meanwhile goes here, too.
"""

import asyncio
import logging
from collections.abc import Callable

from scheduler.adapters.kubernetes.connection import (
    Cluster,
    ClusterRefused,
    ClusterUnreachable,
    WatchExpired,
)
from scheduler.adapters.kubernetes.kinds import Kind, Object, name_of

_log = logging.getLogger(__name__)
_FIRST_DELAY = 0.2
_LONGEST_DELAY = 5.0


class Mirror:
    """The objects of one kind that carry our label, by name; belongs to one event loop."""

    def __init__(
        self,
        cluster: Cluster,
        kind: Kind,
        namespace: str,
        selector: str,
        changed: Callable[[], None],
    ) -> None:
        """Prepare.

        Args:
            cluster: Where they are.
            kind: Which kind.
            namespace: Which namespace, where the kind has one.
            selector: Labels that they carry; all where empty.
            changed: Called after each change.
        """
        self._cluster = cluster
        self._path = kind.path(namespace)
        self._selector = selector
        self._changed = changed
        self._version = ""
        self._failures = 0
        self._is_listed = asyncio.Event()
        self.kind = kind
        self.objects: dict[str, Object] = {}

    async def listed(self) -> None:
        """Wait until the cluster has been seen once."""
        await self._is_listed.wait()

    def take(self, item: Object) -> None:
        """Take what a request of ours has just made of an object; its event follows."""
        self.objects[name_of(item)] = item

    async def run(self) -> None:
        """Follow the cluster until cancelled."""
        while True:
            try:
                if not self._version:
                    await self._list()
                await self._follow()
            except WatchExpired:
                self._version = ""
            except (ClusterUnreachable, ClusterRefused) as error:
                await self._pause(error)

    async def _list(self) -> None:
        found = await self._cluster.get(self._path, {"labelSelector": self._selector})
        # Items of a list do not name their kind.
        self.objects = {name_of(item): item for item in found["items"]}
        self._version = found["metadata"]["resourceVersion"]
        self._failures = 0
        self._is_listed.set()
        self._changed()

    async def _follow(self) -> None:
        async for event in self._cluster.watch(self._path, self._selector, self._version):
            self._failures = 0
            item: Object = event["object"]
            self._version = item["metadata"]["resourceVersion"]
            if event["type"] == "BOOKMARK":
                continue
            if event["type"] == "DELETED":
                self.objects.pop(name_of(item), None)
            else:
                self.objects[name_of(item)] = item
            self._changed()

    async def _pause(self, error: Exception) -> None:
        if self._failures == 0:
            _log.warning("the watch of %s is interrupted: %s", self.kind.plural, error)
        delay = min(_FIRST_DELAY * 2**self._failures, _LONGEST_DELAY)
        self._failures = min(self._failures + 1, 10)
        await asyncio.sleep(delay)
