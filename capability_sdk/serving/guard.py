"""The face that an instance shows to another machine: its gateway alone, and only under the lease.

On its own machine an instance listens on a Unix socket, which the kernel guards. Over TCP a call shows
the credential that the instance made at its start, or hears one constant refusal, whatever it asks.
"""

import hmac
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from capability_sdk.contracts.errors import NotAuthenticated, ServiceError
from capability_sdk.contracts.nodes import InstanceAccess
from capability_sdk.kit.files import write_atomically
from capability_sdk.kit.lease import ServingLease
from capability_sdk.serving.app import ServingApp
from capability_sdk.serving.calls import Withdraw
from capability_sdk.serving.connection import Headers, Respond
from capability_sdk.serving.replies import Reply, problem_reply


class LeaseOver(ServiceError):
    """The node has not heard of its scheduler lately, so it does not know what is its to serve.

    421 is HTTP's word for a server that cannot speak for what it is asked: another one may be asked.
    """

    code = "lease-over"
    title = "The node of this instance has lost touch with its scheduler"
    status = 421
    cure = "Try again shortly: the instance answers once its machine has joined again."


_REFUSED = problem_reply(NotAuthenticated("This instance takes calls of its gateway alone."))
_OVER = problem_reply(
    LeaseOver("The node has not heard of its scheduler lately; ask another instance.")
)


class Lease(Protocol):
    """Until when answers may go."""

    @property
    def is_over(self) -> bool:
        """Whether nothing may be answered now."""
        ...


class GuardedApp:
    """A REST face behind a credential and a lease."""

    def __init__(self, app: ServingApp, credential: str, lease: Lease) -> None:
        self._app = app
        self._expected = f"Bearer {credential}".encode()
        self._lease = lease

    def body_limit(self, method: bytes, path: bytes) -> int:
        """Return the bytes that a body may have."""
        return self._app.body_limit(method, path)

    def before_body(self, method: bytes, path: bytes, headers: Headers) -> Reply | None:
        """Refuse a call without the credential, and any call after the lease."""
        if not hmac.compare_digest(headers.get(b"authorization", b""), self._expected):
            return _REFUSED
        if self._lease.is_over:
            return _OVER
        return self._app.before_body(method, path, headers)

    def too_large(self, path: bytes, headers: Headers) -> Reply:
        """Refuse a body that turned out larger than the limit."""
        return self._app.too_large(path, headers)

    def handle(
        self, method: bytes, path: bytes, headers: Headers, body: bytes, respond: Respond
    ) -> Withdraw | None:
        """Take a request; what was frozen between question and answer gives none."""

        def under_lease(reply: Reply) -> None:
            respond(_OVER if self._lease.is_over else reply)

        return self._app.handle(method, path, headers, body, under_lease)


@dataclass(frozen=True, slots=True)
class Guarded:
    """The guarded face of an instance and its socket."""

    app: GuardedApp
    listener: socket.socket


@contextmanager
def guarded(app: ServingApp, host: str, access: Path, lease: Path) -> Iterator[Guarded]:
    """Listen on a free TCP port with a new credential; both are told in a file of mode 0600.

    Args:
        app: What is guarded.
        host: Address to listen on.
        access: The file: an `InstanceAccess`, gone when the instance ends.
        lease: File of the node's `ServingLease`.
    """
    credential = secrets.token_urlsafe(32)
    with socket.create_server((host, 0), backlog=1) as listener:
        port = listener.getsockname()[1]
        told = InstanceAccess(address=f"http://{host}:{port}", credential=credential)
        write_atomically(access, told.model_dump_json().encode())
        try:
            yield Guarded(GuardedApp(app, credential, ServingLease.open(lease)), listener)
        finally:
            access.unlink(missing_ok=True)
