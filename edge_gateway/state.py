"""The desired state that a province lives from: verified on every load, never rolled back."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from capability_sdk.contracts.enrolment import EdgeIdentity
from capability_sdk.contracts.packages import STATE_TYPE
from capability_sdk.contracts.state import (
    ApplicationState,
    DeploymentState,
    DesiredState,
    SubscriptionState,
)
from capability_sdk.kit.clock import Clock, system_clock
from edge_gateway import jws
from edge_gateway.delegation import Delegation, read_delegation
from edge_gateway.errors import StateRefused

SITE_FILE = "edge.json"
STATE_FILE = "state.jws"
FLOOR_FILE = "state.floor"
MAX_STATE_BYTES = 64 << 20
CLOCK_LEEWAY = timedelta(seconds=60)

_log = logging.getLogger(__name__)


class EdgeSite(EdgeIdentity):
    """``edge.json``: who this edge is, what it pinned at enrolment, and where its parts listen."""

    center_url: str
    gateway_port: Annotated[int, Field(ge=0, le=65535)]
    scheduler_port: Annotated[int, Field(ge=0, le=65535)]


def load_site(folder: Path) -> EdgeSite:
    """Read ``edge.json`` of a province's folder.

    Raises:
        StateRefused: It is missing or is not what enrolment writes.
    """
    try:
        return EdgeSite.model_validate_json((folder / SITE_FILE).read_bytes())
    except FileNotFoundError as error:
        raise StateRefused(f"{SITE_FILE} is missing: enrol this edge first.") from error
    except (OSError, ValidationError) as error:
        raise StateRefused(f"{SITE_FILE} cannot be read: enrol this edge again.") from error


@dataclass(frozen=True, slots=True)
class StateView:
    """Look-up tables over one verified desired state."""

    state: DesiredState
    token_keys: Mapping[str, EllipticCurvePublicKey]
    applications: Mapping[str, ApplicationState]
    grants: Mapping[tuple[str, str], SubscriptionState]
    """Subscriptions in force, by application and capability."""
    deployments: Mapping[str, DeploymentState]
    revoked: frozenset[str]
    zone: ZoneInfo
    delegation: Delegation | None
    """What the province's own issuer may sign; None where it may sign nothing."""
    key_fingerprint: tuple[object, ...] = field(compare=False)
    """Changes exactly when the token keys or the delegation change."""

    @property
    def revision(self) -> int:
        """Revision of the state."""
        return self.state.revision

    def is_expired(self, now: datetime) -> bool:
        """Whether the state may no longer be acted upon."""
        return now >= self.state.expires_at


def verify_state(document: bytes, site: EdgeIdentity, now: datetime) -> StateView:
    """Verify a desired state and make its look-up tables.

    Args:
        document: Compact JWS.
        site: The edge it must be for, with the keys that it pinned at enrolment.
        now: Present moment, aware.

    Raises:
        StateRefused: Signature, addressee, epoch, time or content is not as it must be.
    """
    try:
        keys = jws.public_keys(site.state_keys)
        found = jws.verify(document.strip(), kind=STATE_TYPE, keys=keys, max_bytes=MAX_STATE_BYTES)
        if found.payload.get("complete") is not True:
            raise StateRefused("The desired state is not complete.")
        state = DesiredState.model_validate(found.payload)
        view = _tables(state)
    except jws.JwsRefused as error:
        raise StateRefused(f"The desired state is not verifiable: {error}.") from error
    except ValidationError as error:
        raise StateRefused(f"The desired state has {error.error_count()} wrong members.") from error
    except ZoneInfoNotFoundError as error:
        raise StateRefused("The desired state names an unknown time zone.") from error
    _check_addressee(state, site)
    if state.issued_at > now + CLOCK_LEEWAY:
        raise StateRefused("The desired state is issued in the future: check the clock.")
    if view.is_expired(now):
        raise StateRefused(f"The desired state has expired at {state.expires_at:%FT%TZ}.")
    return view


def refuse_rollback(new: StateView, current: StateView | None) -> None:
    """Refuse a state, or a key set, that is older than the one in force.

    Raises:
        StateRefused: It is older, or differs under the same revision.
    """
    if current is None or new.state.epoch != current.state.epoch:
        return
    if new.revision < current.revision:
        raise StateRefused(f"Revision {new.revision} is older than {current.revision} in force.")
    if new.state.token_keys.version < current.state.token_keys.version:
        raise StateRefused("The key set is older than the one in force.")


class Floor(BaseModel):
    """Newest state that a province ever had in force; it outlives restarts, and ``state.jws``."""

    model_config = ConfigDict(frozen=True)

    epoch: int
    revision: int

    @classmethod
    def of(cls, view: StateView) -> Self:
        """Return the floor that a state in force sets."""
        return cls(epoch=view.state.epoch, revision=view.revision)


def load_floor(folder: Path) -> Floor | None:
    """Read a province's floor; None where there is none yet.

    Raises:
        StateRefused: It cannot be read.
    """
    try:
        return Floor.model_validate_json((folder / FLOOR_FILE).read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        raise StateRefused(
            f"{FLOOR_FILE} cannot be read. Remove it if you trust {STATE_FILE}."
        ) from error


def refuse_below(new: StateView, floor: Floor | None) -> None:
    """Refuse a file that is older than what the province had in force before.

    Raises:
        StateRefused: It is, so somebody put an old file back.
    """
    if floor is not None and (new.state.epoch, new.revision) < (floor.epoch, floor.revision):
        raise StateRefused(
            f"{STATE_FILE} is revision {new.revision}, and {floor.revision} was in force before: "
            "an old file was put back. The agent fetches the present one from the center."
        )


class StateKeeper:
    """Holds the state in force, and takes over a newer file; a bad one changes nothing."""

    def __init__(
        self,
        folder: Path,
        site: EdgeIdentity,
        *,
        clock: Clock = system_clock,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder = folder
        self._path = folder / STATE_FILE
        self._site = site
        self._clock = clock
        self._monotonic = monotonic
        self._ends_at = 0.0
        self._stamp: tuple[int, ...] = ()
        self._view: StateView | None = None
        self.refusal: str | None = None
        """Why the file on disk is not in force; None where it is."""

    @property
    def view(self) -> StateView | None:
        """The state in force; None where there is none, or it has expired."""
        view = self._view
        # By both clocks: turning back the wall clock prolongs nothing.
        if view is None or view.is_expired(self._clock()) or self._monotonic() >= self._ends_at:
            return None
        return view

    def refresh(self) -> bool:
        """Look at the file; return whether another state is in force now."""
        try:
            found = self._path.stat()
            stamp = (found.st_mtime_ns, found.st_ino, found.st_size)
            if stamp == self._stamp:
                return False
            document = self._path.read_bytes()
        except OSError as error:
            self._refuse(f"{STATE_FILE} cannot be read: {error.strerror}.")
            return False
        try:
            now, at = self._clock(), self._monotonic()
            new = verify_state(document, self._site, now)
            refuse_rollback(new, self._view)
            refuse_below(new, load_floor(self._folder))
        except StateRefused as error:
            self._stamp = stamp
            self._refuse(str(error))
            return False
        # Only now: a file that could not be judged, for a failure of ours, is looked at again.
        self._stamp = stamp
        self._view, self.refusal = new, None
        self._ends_at = at + (new.state.expires_at - now).total_seconds()
        return True

    def _refuse(self, reason: str) -> None:
        if reason != self.refusal:
            _log.error("desired state not taken over: %s", reason)
        self.refusal = reason


def _check_addressee(state: DesiredState, site: EdgeIdentity) -> None:
    if (state.province, state.edge) != (site.province, site.edge):
        raise StateRefused("The desired state is another edge's.")
    if state.epoch != site.epoch:
        raise StateRefused("The desired state is of another enrolment.")


def _tables(state: DesiredState) -> StateView:
    applications = {item.client_id: item for item in state.applications}
    grants = {
        (item.application, item.capability): item
        for item in state.subscriptions
        if item.active
        and item.application in applications
        and applications[item.application].active
    }
    delegation = read_delegation(state)
    own = () if delegation is None else delegation.fingerprint
    return StateView(
        state=state,
        token_keys=jws.public_keys(state.token_keys.keys),
        applications=applications,
        grants=grants,
        deployments={item.capability: item for item in state.deployments},
        revoked=frozenset(state.revoked_tokens),
        zone=ZoneInfo(state.zone),
        delegation=delegation,
        key_fingerprint=(_fingerprint(state.token_keys.keys), own),
    )


def _fingerprint(keys: list[dict[str, Any]]) -> tuple[object, ...]:
    return tuple(sorted((key["kid"], key["x"], key["y"]) for key in keys))
