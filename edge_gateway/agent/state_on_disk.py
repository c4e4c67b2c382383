"""The desired state in force: verified before it is stored, replaced as a whole, never rolled back."""

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from capability_sdk.contracts.state import DesiredState
from capability_sdk.kit.clock import Clock
from capability_sdk.kit.files import write_atomically
from edge_gateway.agent.errors import StateUnwritable
from edge_gateway.errors import StateRefused
from edge_gateway.state import STATE_FILE, EdgeSite, StateView, refuse_rollback, verify_state

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
        self._path = province / STATE_FILE
        self._site = site
        self._clock = clock
        self._turn = threading.Lock()
        self.trouble: str | None = None
        """Why a newer state cannot be stored; None while all is well."""
        self.refusal: str | None = None
        self.current = self._load()

    @property
    def release_keys(self) -> list[dict[str, Any]]:
        """JWKs that verify releases, as pinned at enrolment."""
        return self._site.release_keys

    def verify(self, document: bytes) -> Candidate:
        """Verify a document that came from the center.

        Raises:
            StateRefused: It is not this edge's, not the center's, or older than the one in force.
        """
        view = verify_state(document, self._site, self._clock())
        refuse_rollback(view, self.current.view if self.current else None)
        return Candidate(document, view)

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
            try:
                write_atomically(self._path, candidate.document)
            except OSError as error:
                self.trouble = f"{STATE_FILE} cannot be written: {error.strerror}."
                raise StateUnwritable(self.trouble) from error
            self.trouble = None
            self.current = candidate
            self.refusal = None

    def is_stored(self, candidate: Candidate) -> bool:
        """Tell whether the disk still holds a state that was put in force."""
        try:
            return self._path.read_bytes() == candidate.document
        except OSError:
            return False

    def store_again(self, candidate: Candidate) -> None:
        """Write a state again that the disk has lost; its bytes were verified when it came."""
        with self._turn:
            if self.current is candidate:
                write_atomically(self._path, candidate.document)

    def _load(self) -> Candidate | None:
        try:
            document = self._path.read_bytes()
            return Candidate(document, verify_state(document, self._site, self._clock()))
        except FileNotFoundError:
            return None
        except (OSError, StateRefused) as error:
            self.refusal = str(error)
            return None
