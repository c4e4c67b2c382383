"""A TCP relay that keeps every byte that a client sends through it."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_BLOCK = 1 << 16


class Recorder:
    """Listens on a loopback port of its own and relays to another.

    Attributes:
        port: Where it listens.
    """

    def __init__(self, target_port: int) -> None:
        self._target = ("127.0.0.1", target_port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._streams: list[bytearray] = []
        self._sockets: list[socket.socket] = []
        self._thread = threading.Thread(target=self._accept, name="recorder", daemon=True)
        self._thread.start()

    @property
    def received(self) -> list[bytes]:
        """What clients sent, one item a connection, in the order of the connections."""
        return [bytes(stream) for stream in self._streams]

    def close(self) -> None:
        """Stop listening and cut every connection."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)
        for end in self._sockets:
            end.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(self._target, 5)
            except OSError:
                client.close()
                continue
            server.settimeout(None)
            kept = bytearray()
            self._streams.append(kept)
            self._sockets += [client, server]
            threading.Thread(target=_relay, args=(client, server, kept), daemon=True).start()
            threading.Thread(target=_relay, args=(server, client, None), daemon=True).start()


def _relay(source: socket.socket, sink: socket.socket, kept: bytearray | None) -> None:
    with contextlib.suppress(OSError):
        while block := source.recv(_BLOCK):
            if kept is not None:
                kept += block  # before it is passed on: what the center has, is recorded
            sink.sendall(block)
    for end in (source, sink):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


@contextmanager
def recording(target_port: int) -> Iterator[Recorder]:
    """Run a recorder for the length of a ``with`` block."""
    recorder = Recorder(target_port)
    try:
        yield recorder
    finally:
        recorder.close()
