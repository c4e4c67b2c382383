"""The models of this process: each version with what computes its calls and writes them down."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from capability_sdk.kit.clock import Clock, system_clock
from capability_sdk.serving.batching import Batch, Batcher, Failed
from capability_sdk.serving.inference_log import InferenceLog
from capability_sdk.serving.journal import Journal, JournalSpool
from capability_sdk.serving.metrics import RuntimeMetrics
from capability_sdk.serving.package import LoadedPackage

_log = logging.getLogger(__name__)
MAX_WAITING = 1024


@dataclass(frozen=True, slots=True, eq=False)
class ServedModel:
    """One capability version in service.

    Attributes:
        package: What answers are computed with; its digests are those of every answer.
        batcher: Takes the calls.
        journal: Keeps predictions and profile of this version alone.
    """

    package: LoadedPackage
    batcher: Batcher
    journal: Journal

    @property
    def name(self) -> str:
        """The capability."""
        return self.package.manifest.name

    @property
    def version(self) -> str:
        """Its exact version."""
        return self.package.manifest.version


Served = Mapping[tuple[str, str], ServedModel]
"""What is in service by (name, exact version), in the order in which it came into service."""


class ModelRepository:
    """Puts models into service and takes them out; one event loop owns it.

    What is in service is one mapping that is replaced as a whole, so that whoever looks sees
    either all of a change or nothing of it.
    """

    def __init__(
        self,
        spool: JournalSpool,
        samples: InferenceLog | None = None,
        *,
        max_waiting: int = MAX_WAITING,
        batch_rows: int | None = None,
        clock: Clock = system_clock,
    ) -> None:
        """Begin with nothing in service.

        Args:
            spool: The instance's journal; the repository closes it when it ends.
            samples: The inference log, where there is one; closed likewise.
            max_waiting: Calls that may wait for each model; more are answered 503.
            batch_rows: Rows that are computed together at most, where the manifest allows more.
            clock: Tells the time of predictions and profile windows.
        """
        self._spool = spool
        self._samples = samples
        self._max_waiting = max_waiting
        self._batch_rows = batch_rows
        self._clock = clock
        self._listeners: list[Callable[[Served], None]] = []
        self.served: Served = {}
        self.metrics = RuntimeMetrics(lambda: self.waiting, lambda: spool.lost)
        if samples is not None:
            self.metrics.watch(samples)

    @property
    def waiting(self) -> int:
        """Calls that wait now, for any model."""
        return sum(model.batcher.waiting for model in self.served.values())

    @property
    def in_flight(self) -> int:
        """Calls that wait or are being computed, for any model."""
        return sum(model.batcher.in_flight for model in self.served.values())

    def on_change(self, listener: Callable[[Served], None]) -> None:
        """Tell ``listener`` what is in service, now and whenever it changes."""
        self._listeners.append(listener)
        listener(self.served)

    def add(self, package: LoadedPackage) -> ServedModel:
        """Put a loaded package into service, from the next call on."""
        journal = Journal(self._spool, package.manifest, package.reference, self._clock)
        samples = None if self._samples is None else self._samples.of(package)

        def computed(batch: Batch) -> None:
            if batch.members[0].call.is_trial:  # and so are all of it
                return
            self.metrics.computed(sum(member.call.rows for member in batch.members))
            try:
                journal.record(batch)
                if samples is not None:
                    samples.computed(batch)
            except Exception:  # noqa: BLE001 - no caller is to suffer from statistics
                self._spool.lost += len(batch.members)
                _log.exception("a batch could not be written down")

        def failed(failed: Failed) -> None:
            if samples is not None and not failed.members[0].call.is_trial:
                samples.failed(failed)

        most = package.manifest.max_batch_size
        batcher = Batcher(
            package.engine,
            max_rows=min(most, self._batch_rows or most),
            max_waiting=self._max_waiting,
            on_batch=computed,
            on_failure=failed,
        )
        model = ServedModel(package, batcher, journal)
        key = (model.name, model.version)
        others = {place: item for place, item in self.served.items() if place != key}
        self._replace({**others, key: model})
        return model

    async def remove(self, name: str, version: str) -> None:
        """Take a model out of service: no call finds it any more, those it has are answered."""
        model = self.served[name, version]
        self._replace({key: item for key, item in self.served.items() if item is not model})
        await model.batcher.close()
        model.journal.flush_profile()
        model.package.engine.close()

    def flush(self) -> None:
        """Write the profile deltas since the last time."""
        for model in self.served.values():
            model.journal.flush_profile()

    def sync(self) -> None:
        """Bring the journal to the disk; may be called from another thread."""
        self._spool.sync()

    async def close(self) -> None:
        """Answer what waits, then write down what is left."""
        for model in self.served.values():
            await model.batcher.close()
            model.journal.flush_profile()
            model.package.engine.close()
        self._spool.close()
        if self._samples is not None:
            self._samples.close()

    def _replace(self, served: Served) -> None:
        self.served = served
        for listener in self._listeners:
            listener(served)
