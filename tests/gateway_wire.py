"""Bytes to and from a running gateway, for tests of framing and tokens."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.gateway_province import INFER, PROVINCE, Gateway, Peers, Province, running_gateway


class World:
    """A gateway with one instance and an agent, and a good token."""

    def __init__(self, province: Province, gateway: Gateway, peers: Peers) -> None:
        self.province = province
        self.gateway = gateway
        self.peers = peers
        self.good = province.token()

    def raw(self, data: bytes, *, half_close: bool = True) -> bytes:
        """Send bytes; return all that comes back until the gateway closes or falls silent."""
        with socket.create_connection(("127.0.0.1", self.province.port), 60) as peer:
            try:
                peer.sendall(data)
                if half_close:
                    peer.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # refused while we were still sending
            peer.settimeout(60)
            found = b""
            try:
                while block := peer.recv(65536):
                    found += block
            except OSError:
                pass
            return found

    def ask(self, authorization: bytes | None, target: bytes = INFER.encode()) -> bytes:
        """Call with this Authorization, and no other header of interest."""
        line = b"" if authorization is None else b"Authorization: %b\r\n" % authorization
        return self.raw(
            b"POST %b HTTP/1.1\r\nHost: g\r\n%bContent-Length: 2\r\nConnection: close\r\n\r\n{}"
            % (target, line)
        )

    def request(self, *lines: bytes, body: bytes = b"{}", target: bytes = INFER.encode()) -> bytes:
        """Make a call with a good token and these header lines."""
        head = (b"POST %b HTTP/1.1" % target, b"Authorization: Bearer " + self.good.encode())
        return b"\r\n".join((*head, *lines)) + b"\r\n\r\n" + body


@contextmanager
def running_world(folder: Path) -> Iterator[World]:
    """Run a world for the length of a ``with`` block."""
    with ExitStack() as stack:
        peers = Peers(folder / "peers", stack)
        province = Province(folder / PROVINCE)
        province.place({"1.0.0": peers.instance()})
        peers.agent(province)
        province.publish()
        gateway = stack.enter_context(running_gateway(province))
        world = World(province, gateway, peers)
        # Without this, a gateway that refuses everything would pass.
        assert status(world.ask(b"Bearer " + world.good.encode())) == 200
        yield world


def status(answer: bytes) -> int:
    """Read the status of an answer; 0 where there is none."""
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else 0


def body(answer: bytes) -> bytes:
    """Read the body of an answer."""
    return answer.partition(b"\r\n\r\n")[2]
