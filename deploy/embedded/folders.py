"""The platform's folder: who holds it, and whether provinces can live in it."""

import fcntl
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from capability_sdk.kit.files import write_atomically

LOCK_FILE: Final = "platform.lock"
_LONGEST_SOCKET_PATH: Final = 107
"""Bytes that the kernel takes in the address of a Unix socket."""
_LONGEST_TAIL: Final = "/instances/i-00000000/http.sock"


class FolderUnusable(Exception):
    """No platform can be started in this folder; the message says what to do."""


@dataclass(frozen=True, slots=True)
class ProvinceAddress:
    """Where a province's processes listen, and where they find the center."""

    center_url: str
    gateway_port: int
    scheduler_port: int


def lock(data: Path) -> int:
    """Take a platform's folder for this process until it ends; returns the descriptor.

    Raises:
        FolderUnusable: Another process has it.
    """
    descriptor = os.open(data / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise FolderUnusable(
            f"A platform runs from {data} already: jiuzhou status --data {data}"
        ) from None
    return descriptor


def check_province_folder(province: Path) -> None:
    """Refuse a folder whose path is too long for the sockets in it.

    Raises:
        FolderUnusable: It is too long; the message says by how much.
    """
    excess = len(os.fsencode(province)) + len(_LONGEST_TAIL) - _LONGEST_SOCKET_PATH
    if excess > 0:
        raise FolderUnusable(
            f"{province} is {excess} bytes too long for the Unix sockets in it:"
            " choose a data folder with a shorter path (--data)."
        )


def settle(province: Path, address: ProvinceAddress) -> str:
    """Write where an enrolled province listens this time; returns its name.

    The file is edited as JSON: reading it as the agent does would bring cryptography along.
    """
    file = province / "edge.json"
    identity = json.loads(file.read_bytes())
    identity |= {
        "center_url": address.center_url,
        "gateway_port": address.gateway_port,
        "scheduler_port": address.scheduler_port,
    }
    write_atomically(file, json.dumps(identity, indent=2).encode())
    return str(identity["province"])
