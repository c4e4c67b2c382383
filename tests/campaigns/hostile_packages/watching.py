"""What an upload does to the center: files that appear, memory, CPU, and whether it was executed."""

import ctypes
import os
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

_CREATED, _MOVED_TO = 0x100, 0x80
_EVENT = struct.Struct("iIII")
_libc = ctypes.CDLL(None, use_errno=True)


class Appearances:
    """Names of files and folders that appear in some folders, by the kernel's word (inotify)."""

    def __init__(self, *folders: Path) -> None:
        self._handle = _libc.inotify_init1(os.O_NONBLOCK)
        if self._handle < 0:
            raise OSError(ctypes.get_errno(), "inotify")
        for folder in folders:
            if _libc.inotify_add_watch(self._handle, os.fsencode(folder), _CREATED | _MOVED_TO) < 0:
                raise OSError(ctypes.get_errno(), str(folder))

    def since(self) -> list[str]:
        """Return what has appeared since the last call."""
        names: list[str] = []
        while True:
            try:
                events = os.read(self._handle, 1 << 16)
            except BlockingIOError:
                return names
            start = 0
            while start < len(events):
                *_, length = _EVENT.unpack_from(events, start)
                name = events[start + _EVENT.size : start + _EVENT.size + length]
                names.append(os.fsdecode(name.rstrip(b"\0")))
                start += _EVENT.size + length

    def close(self) -> None:
        """Watch no longer."""
        os.close(self._handle)


@dataclass(frozen=True)
class Cost:
    """What the center spent: CPU seconds, children included, and bytes above what it held before."""

    cpu: float
    memory: int


class Meter:
    """Measures one process, upload by upload."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self._status = Path(f"/proc/{pid}/status")
        self._reset = Path(f"/proc/{pid}/clear_refs")
        self._cpu, self._resident = 0.0, 0
        self.begin()

    def begin(self) -> None:
        """Begin an upload: the peak of memory starts anew."""
        self._reset.write_text("5")
        self._cpu, self._resident = self._spent(), self._kib("VmRSS")

    def cost(self) -> Cost:
        """Return what was spent since `begin`."""
        memory = max(0, self._kib("VmHWM") - self._resident) << 10
        return Cost(self._spent() - self._cpu, memory)

    def _spent(self) -> float:
        times = self._process.cpu_times()
        return float(times.user + times.system + times.children_user + times.children_system)

    def _kib(self, name: str) -> int:
        lines = self._status.read_text().splitlines()
        return int(next(line for line in lines if line.startswith(name)).split()[1])


class TrapPort:
    """A loopback port that nobody has a reason to connect to."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.sprung = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                self._listener.accept()[0].close()
            except OSError:
                return
            self.sprung += 1


@contextmanager
def trap_port() -> Iterator[TrapPort]:
    """Listen for the length of a ``with`` block."""
    trap = TrapPort()
    try:
        yield trap
    finally:
        trap.close()
