"""The data plane: finds the model of a call and has it computed; REST and gRPC are its two faces."""

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from capability_sdk.contracts.model import major
from capability_sdk.serving.batching import Batcher, Finish, Waiting
from capability_sdk.serving.calls import Call, Withdraw
from capability_sdk.serving.errors import InstanceNotReady, ModelNotServed
from capability_sdk.serving.repository import ModelRepository, Served, ServedModel

if TYPE_CHECKING:  # an instance that traces nothing does not load the library
    from capability_sdk.serving.tracing import Tracing


class DataPlane:
    """Takes decoded calls for the models of a repository; one event loop owns it.

    A face decodes a request with the manifest of the model that it found, submits the call and
    encodes what comes back. All that happens in one tick of the event loop, so a model that was
    found is in service until its call is queued, and a queued call is answered by this very model.

    Attributes:
        is_ready: Whether calls are expected: from the start until the instance is told to stop.
        repository: What is in service.
        metrics: Where a face counts its answers.
        tracing: What makes spans of calls; None where nothing is traced.
    """

    def __init__(self, repository: ModelRepository, tracing: "Tracing | None" = None) -> None:
        self.is_ready = False
        self.repository = repository
        self.metrics = repository.metrics
        self.tracing = tracing
        self._models: Mapping[tuple[str, str | None], ServedModel] = {}
        repository.on_change(self._index)

    def find(self, name: str, version: str | None = None) -> ServedModel:
        """Return the model that answers a call now.

        Args:
            name: The capability.
            version: Exact or major; without one, or with a major one, the version of it that came
                into service last answers.

        Raises:
            ModelNotServed: There is none.
        """
        model = self._models.get((name, version))
        if model is None:
            raise ModelNotServed(f"This instance serves {self.described()}.")
        return model

    def submit(self, model: ServedModel, call: Call, request_id: str, finish: Finish) -> Withdraw:
        """Have a call computed; ``finish`` is called once, in a later tick.

        Args:
            model: What `find` returned in this tick.
            call: A request that fits the model's manifest.
            request_id: The gateway's id of the call; stands in the journal.
            finish: Takes the outputs of the call's own rows, or what went wrong.

        Returns:
            What takes the call back, as long as it waits.

        Raises:
            InstanceBusy: As many calls wait as may wait.
        """
        place = model.batcher.submit(call, request_id, finish)
        self.metrics.accepted += 1
        return partial(self._withdraw, model.batcher, place)

    def described(self) -> str:
        """Name what is in service, for the text of a refusal."""
        return ", ".join(f"{name} {version}" for name, version in self.repository.served)

    def require_ready(self) -> None:
        """Refuse while the instance is starting or stopping.

        Raises:
            InstanceNotReady: It is.
        """
        if not self.is_ready:
            raise InstanceNotReady("The instance is starting or stopping.")

    def _withdraw(self, batcher: Batcher, place: Waiting) -> None:
        if batcher.withdraw(place):
            self.metrics.withdrawn += 1

    def _index(self, served: Served) -> None:
        models: dict[tuple[str, str | None], ServedModel] = {}
        for (name, version), model in served.items():
            for asked in (None, major(version), version):
                models[name, asked] = model
        self._models = models
