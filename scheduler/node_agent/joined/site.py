"""The folder of a machine that joined: who it is, and the secret that it shows."""

import socket
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from pydantic import ValidationError

from capability_sdk.contracts.joining import Host, JoinAnswer, JoinRequest
from capability_sdk.contracts.model import Identifier, Versioned
from capability_sdk.kit.files import write_atomically
from scheduler.node_agent.joined.errors import JoinFailed, NotJoined

SITE_FILE = "node.json"
CREDENTIAL_FILE = "node.token"
_TIMEOUT_SECONDS = 15.0


class NodeSite(Versioned):
    """``node.json``: what a machine keeps about the province that it joined."""

    node: Identifier
    scheduler_url: str
    host: Host
    """Where the gateway reaches its instances, and what they listen on."""


def join(scheduler_url: str, code: str, node: str, host: str | None, folder: Path) -> NodeSite:
    """Join by a code, and keep the credential for the owner of the folder alone.

    Args:
        scheduler_url: ``http://host:port`` or ``https://…`` of the province's scheduler.
        code: The single-use code.
        node: Name that this machine takes.
        host: Where the gateway reaches it; the address by which it reaches the scheduler if None.
        folder: Where identity, packages and instances are kept.

    Raises:
        JoinFailed: The code is not accepted, or no scheduler answers; the message says what to do.
    """
    url = scheduler_url.rstrip("/")
    try:
        request = JoinRequest(code=code, node=node, host=host or _own_address(url))
    except ValidationError as error:
        members = ", ".join(str(item["loc"][0]) for item in error.errors())
        raise JoinFailed(f"This is not acceptable: {members}.") from None
    answer = _ask(url, request)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    site = NodeSite(node=answer.node, scheduler_url=url, host=request.host)
    write_atomically(folder / CREDENTIAL_FILE, answer.credential.encode())
    write_atomically(folder / SITE_FILE, site.model_dump_json(by_alias=True, indent=2).encode())
    return site


def read_site(folder: Path) -> tuple[NodeSite, str]:
    """Return who this machine is, and its credential.

    Raises:
        NotJoined: The folder says neither.
    """
    try:
        site = NodeSite.model_validate_json((folder / SITE_FILE).read_bytes())
        credential = (folder / CREDENTIAL_FILE).read_text(encoding="ascii").strip()
    except (OSError, ValidationError, UnicodeDecodeError):
        raise NotJoined(
            f"{folder} holds no identity: jiuzhou node join --scheduler URL --code CODE"
            f" --data {folder}"
        ) from None
    return site, credential


def _ask(url: str, request: JoinRequest) -> JoinAnswer:
    try:
        with httpx.Client(timeout=_TIMEOUT_SECONDS, trust_env=False) as http:
            response = http.post(f"{url}/api/v1/joined-nodes", json=request.model_dump(mode="json"))
        if response.is_success:
            return JoinAnswer.model_validate_json(response.content)
        detail = str(response.json()["detail"])
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise JoinFailed(
            f"No scheduler answers at {url} ({type(error).__name__}). Does it listen there"
            " (SCHEDULER_HOST)? The code is not used up."
        ) from error
    except (ValidationError, ValueError, LookupError, TypeError):
        raise JoinFailed(f"{url} answers, but not as a scheduler.") from None
    raise JoinFailed(detail)


def _own_address(url: str) -> str:
    """Return the address of this machine that reaches the scheduler."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        # A datagram socket is bound to a route by this, and nothing is sent.
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect((parts.hostname or "", port))
            address: str = probe.getsockname()[0]
            return address
    except OSError as error:
        raise JoinFailed(f"There is no way to {url}: {error.strerror}.") from error
