"""Bugs that a colleague might write; each would lose calls, or count them twice."""

from tests.campaigns.harness import PlantedBug

_NO_DEDUPLICATION = PlantedBug(
    "the-watermark-is-ignored",
    "center/operations/ingest.py",
    "    fresh = batch.beyond(applied)\n",
    "    batch.beyond(applied)\n    fresh = batch.records\n",
)
_ACKNOWLEDGED_BEFORE_COMMIT = PlantedBug(
    "acknowledged-before-commit",
    "center/operations/service.py",
    """        with database.session() as session:
            return apply(session, origin, batch)
""",
    """        def work() -> None:
            with database.session() as session:
                apply(session, origin, batch)

        __import__("threading").Timer(0.1, work).start()
        return batch.records[-1].seq
""",
)
_TOTALS_BEHIND = PlantedBug(
    "totals-outside-the-transaction-of-their-records",
    "center/operations/ingest.py",
    "    store.add(hours)\n    SpanStore(session).add(hours)\n",
    """    engine = session.get_bind()

    def book() -> None:
        with Session(engine) as later, later.begin():
            UsageStore(later).add(hours)
            SpanStore(later).add(hours)

    __import__("threading").Timer(0.3, book).start()
""",
)
_ANSWERED_BEFORE_RECORDED = PlantedBug(
    "answered-before-the-record-is-written",
    "edge_gateway/gateway/metering.py",
    """        self._waiting.append(released)
        if len(self._waiting) > 1:
            return
        if is_lone:
            self._flush()
        else:
            self._loop.call_soon(self._flush)
""",
    """        self._waiting.append(lambda _: None)
        released(True)
        if len(self._waiting) == 1:
            self._loop.call_later(self._sync_seconds, self._flush)
""",
)
_TAIL_STAYS_IN_MEMORY = PlantedBug(
    "the-spool-s-tail-stays-in-memory",
    "capability_sdk/spool/writer.py",
    "        if not self._buffer:\n            return\n        data",
    "        if len(self._buffer) < 16:\n            return\n        data",
)
_SEQUENCE_RESTARTS = PlantedBug(
    "the-gateway-counts-from-1-again-after-a-restart",
    "capability_sdk/spool/writer.py",
    "        self._seq = self._flushed_seq = self._synced_seq = found.last_seq\n",
    "        self._seq = self._flushed_seq = self._synced_seq = 0\n",
)
_OUTBOX_RESTARTS = PlantedBug(
    "the-agent-counts-from-1-again-when-its-outbox-is-empty",
    "edge_gateway/agent/outbox.py",
    "        seq = max(last or 0, self._writer.last_seq) + 1\n",
    "        seq = (last or 0) + 1\n",
)
_SHIPPED_BEFORE_ANSWERED = PlantedBug(
    "shipped-before-the-center-answered",
    "edge_gateway/agent/shipping.py",
    "        answer = await self._ask(batch)\n",
    """        await asyncio.to_thread(self._marks.put, batch.place, batch.last)
        answer = await self._ask(batch)
""",
    # A probe would find the gap, and mend it.
    along=(
        (
            "edge_gateway/agent/shipping.py",
            """                # It may come back from a backup.
                self._probed_at.clear()
""",
            "",
        ),
    ),
)

PLANTED = (
    _NO_DEDUPLICATION,
    _ACKNOWLEDGED_BEFORE_COMMIT,
    _TOTALS_BEHIND,
    _ANSWERED_BEFORE_RECORDED,
    _TAIL_STAYS_IN_MEMORY,
    _SEQUENCE_RESTARTS,
    _OUTBOX_RESTARTS,
    _SHIPPED_BEFORE_ANSWERED,
)
