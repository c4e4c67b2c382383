"""New weights beside the old: verified, loaded and warm before any call meets them.

A set of weights is a capability version of its own, whose code is that of the version in service.
Loading takes nothing away; unloading comes last and never takes the last model. So whatever fails
or whoever dies in between, the version that served goes on.
"""

import asyncio
import ctypes
import logging
from pathlib import Path

from capability_sdk.contracts.errors import ServiceError
from capability_sdk.contracts.manifest import Manifest
from capability_sdk.contracts.repository import (
    IndexedModel,
    LoadParameters,
    ModelState,
)
from capability_sdk.serving.engines import LoadEngine, load_engine
from capability_sdk.serving.errors import LastModel, ModelNotServed, NotSwappable
from capability_sdk.serving.package import LoadedPackage, load_package
from capability_sdk.serving.repository import ModelRepository, ServedModel

_log = logging.getLogger(__name__)
_libc = ctypes.CDLL(None)


class WeightSwaps:
    """Loads and unloads versions of the capability that an instance serves, one at a time."""

    def __init__(
        self, repository: ModelRepository, threads: int, load_model: LoadEngine = load_engine
    ) -> None:
        """Prepare.

        Args:
            repository: What is in service; at least one model.
            threads: Threads that one batch of a loaded model may use.
            load_model: Brings a model into memory, as it did those in service.
        """
        self._load_model = load_model
        self._repository = repository
        self._threads = threads
        self._turn = asyncio.Lock()
        self._states: dict[tuple[str, str], IndexedModel] = {}

    def index(self, *, only_ready: bool) -> list[IndexedModel]:
        """List the versions in service, and those that could not come into service."""
        ready = [
            IndexedModel(name=name, version=version, state=ModelState.READY)
            for name, version in self._repository.served
        ]
        return ready if only_ready else [*ready, *self._states.values()]

    async def load(self, name: str, wanted: LoadParameters) -> None:
        """Put a version into service beside what is there; one that is there already stays.

        Args:
            name: The capability.
            wanted: The version, where its package is, and which digests it must have.

        Raises:
            ModelNotServed: This instance serves another capability.
            NotSwappable: The version differs in more than its weights.
            UnusablePackage: Its files are not those of the digests, or no model that can be used.
        """
        async with self._turn:
            place = (name, wanted.version)
            peer = self._peer(name)
            if self._is_served(place, wanted):
                return
            self._note(place, ModelState.LOADING, "")
            try:
                _require_equal_code(peer, wanted)
                # In a thread: calls are answered meanwhile.
                package = await asyncio.to_thread(
                    load_package,
                    Path(wanted.folder),
                    wanted.code_digest,
                    wanted.weights_digest,
                    self._threads,
                    self._load_model,
                )
                _require_same_face(peer.package.manifest, package, place)
            except ServiceError as error:
                _log.error("%s %s is not loaded: %s", *place, error)
                self._note(place, ModelState.UNAVAILABLE, str(error))
                raise
            except BaseException:
                self._note(place, ModelState.UNAVAILABLE, "Loading was broken off.")
                raise
            del self._states[place]
            self._repository.add(package)
            _log.info("%s %s is in service, weights %s", *place, wanted.weights_digest)

    async def unload(self, name: str, version: str) -> None:
        """Take a version out of service: calls that it has are answered, then it is freed.

        Raises:
            ModelNotServed: It is not in service.
            LastModel: It is the only one.
        """
        async with self._turn:
            self._states.pop((name, version), None)
            if (name, version) not in self._repository.served:
                raise ModelNotServed(f"{name} {version} is not in service here.")
            if len(self._repository.served) == 1:
                raise LastModel(
                    f"{name} {version} is all that this instance serves: load another version"
                    " first, or stop the instance."
                )
            await self._repository.remove(name, version)
            # What was freed goes back to the machine, where the next set of weights needs it.
            await asyncio.to_thread(_libc.malloc_trim, 0)
            _log.info("%s %s is out of service", name, version)

    def _peer(self, name: str) -> ServedModel:
        for model in self._repository.served.values():
            if model.name == name:
                return model
        raise ModelNotServed(f"This instance does not serve {name}: start one that does.")

    def _is_served(self, place: tuple[str, str], wanted: LoadParameters) -> bool:
        model = self._repository.served.get(place)
        if model is None:
            return False
        if model.package.weights_digest != wanted.weights_digest:
            raise NotSwappable(
                f"{place[0]} {place[1]} is in service with weights"
                f" {model.package.weights_digest}: other weights are another version."
            )
        return True

    def _note(self, place: tuple[str, str], state: ModelState, reason: str) -> None:
        name, version = place
        self._states[place] = IndexedModel(name=name, version=version, state=state, reason=reason)


def _require_equal_code(peer: ServedModel, wanted: LoadParameters) -> None:
    if peer.package.code_digest != wanted.code_digest:
        raise NotSwappable(
            f"The code in service is {peer.package.code_digest}, that of {wanted.version} is"
            f" {wanted.code_digest}: other code needs an instance of its own."
        )


def _require_same_face(served: Manifest, package: LoadedPackage, place: tuple[str, str]) -> None:
    """Refuse a package whose calls look otherwise than those of what is in service."""
    manifest = package.manifest
    if (manifest.name, manifest.version) != place:
        raise NotSwappable(
            f"The package is {manifest.name} {manifest.version}, asked for was {' '.join(place)}."
        )
    if manifest.face != served.face:
        raise NotSwappable(
            f"Engine, inputs or outputs of {manifest.version} are not those of {served.version}:"
            " only weights are swapped, all else needs an instance of its own."
        )
