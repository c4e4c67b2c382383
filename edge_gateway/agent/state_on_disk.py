"""The desired state in force: verified before it is stored, replaced as a whole, never rolled back."""

import logging
import threading
from dataclasses import dataclass
from pathlib import Path

from capability_sdk.contracts.state import DesiredState
from capability_sdk.kit.clock import Clock
from capability_sdk.kit.files import write_atomically
from edge_gateway.agent.errors import StateUnwritable
from edge_gateway.errors import StateRefused
from edge_gateway.state import (
    FLOOR_FILE,
    STATE_FILE,
    EdgeSite,
    Floor,
    StateView,
    load_floor,
    refuse_below,
    refuse_rollback,
    verify_state,
)

_log = logging.getLogger(__name__)

_MOVING = {"revision", "issued_at", "expires_at", "deployments"}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A verified state with the bytes that it came in."""

    document: bytes
    view: StateView

    @property
    def state(self) -> DesiredState:
        """Its content."""
        return self.view.state


class StateOnDisk:
    """Owns ``state.jws``: the one place that writes it."""

    def __init__(self, province: Path, site: EdgeSite, *, clock: Clock) -> None:
        self._folder = province
        self.site = site
        self.clock = clock
        self._turn = threading.Lock()
        self.trouble: str | None = None
        """Why a newer state cannot be stored; None while all is well."""
        self.refusal: str | None = None
        """Why a state was refused since the last good one; None where none was."""
        self.current = self._load()

    def verify(self, document: bytes) -> Candidate:
        """Verify a document that came from the center.

        Raises:
            StateRefused: It is not this edge's, not the center's, or older than the one in force.
        """
        try:
            view = verify_state(document, self.site, self.clock())
            refuse_rollback(view, self.current.view if self.current else None)
            refuse_below(view, load_floor(self._folder))
        except StateRefused as error:
            _log.error("desired state refused: %s", error)
            self.refusal = str(error)
            raise
        return Candidate(document, view)

    def known_revision(self) -> int:
        """Return the revision that the center must go beyond where no state is in force.

        A center that was restored from a backup would otherwise offer what is below the floor.
        """
        floor = load_floor(self._folder)
        return floor.revision - 1 if floor is not None and floor.epoch == self.site.epoch else 0

    def knows_token_key(self, kid: str) -> bool:
        """Tell whether the state in force verifies tokens of a key."""
        return self.current is not None and kid in self.current.view.token_keys

    def is_urgent(self, candidate: Candidate) -> bool:
        """Tell whether more than deployments changes: rights never wait for a download."""
        if self.current is None:
            return True
        return candidate.state.model_dump(exclude=_MOVING) != self.current.state.model_dump(
            exclude=_MOVING
        )

    def install(self, candidate: Candidate) -> None:
        """Put a state in force, durably, unless a newer one already is.

        Raises:
            StateUnwritable: The disk refused; the state before stays in force.
        """
        with self._turn:
            if self.current is not None and self.current.view.revision >= candidate.view.revision:
                return
            self._write(STATE_FILE, candidate.document)
            self.current = candidate
            self.refusal = None
            # After the state: a floor above it would leave the province with nothing.
            self._write(FLOOR_FILE, Floor.of(candidate.view).model_dump_json().encode())
            self.trouble = None

    def _write(self, name: str, content: bytes) -> None:
        try:
            write_atomically(self._folder / name, content)
        except OSError as error:
            self.trouble = f"{name} cannot be written: {error.strerror}."
            raise StateUnwritable(self.trouble) from error

    def is_stored(self, candidate: Candidate) -> bool:
        """Tell whether the disk still holds a state that was put in force."""
        try:
            return (self._folder / STATE_FILE).read_bytes() == candidate.document
        except OSError:
            return False

    def store_again(self, candidate: Candidate) -> None:
        """Write a state again that the disk has lost; its bytes were verified when it came.

        Raises:
            StateUnwritable: The disk refused.
        """
        with self._turn:
            if self.current is candidate:
                self._write(STATE_FILE, candidate.document)

    def _load(self) -> Candidate | None:
        try:
            document = (self._folder / STATE_FILE).read_bytes()
            view = verify_state(document, self.site, self.clock())
            refuse_below(view, load_floor(self._folder))
            return Candidate(document, view)
        except FileNotFoundError:
            return None
        except (OSError, StateRefused) as error:
            _log.error("desired state on disk refused: %s", error)
            self.refusal = str(error)
            return None
