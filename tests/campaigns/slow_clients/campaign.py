"""Callers that are silent, or slow, in every phase of a request (H08)."""

import contextlib
import socket
import threading
import time

import psutil

from tests.campaigns.harness import Campaign, PlantedBug, Run, Void
from tests.gateway_province import INFER, PROVINCE, Peers, Province, bearer, running_gateway
from tests.gateway_wire import World

_HEAD_SECONDS, _BODY_SECONDS, _IDLE_SECONDS = 2, 3, 3
_OPTIONS = ("--head-timeout", f"PT{_HEAD_SECONDS}S", "--body-timeout", f"PT{_BODY_SECONDS}S",
            "--idle-timeout", f"PT{_IDLE_SECONDS}S")  # fmt: skip
_SLACK_SECONDS = 6
"""Sweeps come twice a second, a closed side may linger for 2 s; the rest is for a busy machine."""
_DRIP_SECONDS = 0.25
_UNREAD = 400
_MOST_UNREAD = 20
_MAX_BYTES_EACH = 1 << 20


class _Probe(threading.Thread):
    """A caller of good manners, again and again on connections of its own."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world
        self._over = threading.Event()
        self.seconds: list[float] = []
        self.failures = 0

    def run(self) -> None:
        while not self._over.is_set():
            began = time.monotonic()
            answer = self._world.ask(b"Bearer " + self._world.good.encode())
            self.failures += not answer.startswith(b"HTTP/1.1 200")
            self.seconds.append(time.monotonic() - began)
            time.sleep(0.02)

    def stop(self) -> None:
        self._over.set()
        self.join()

    @property
    def p99(self) -> float:
        return sorted(self.seconds)[int(len(self.seconds) * 0.99)]


class _Attack:
    def __init__(self, run: Run, world: World) -> None:
        self._run = run
        self._world = world
        assert world.gateway.process is not None
        self._process = psutil.Process(world.gateway.process.pid)
        head = f"POST {INFER} HTTP/1.1\r\nHost: g\r\nAuthorization: {bearer(world.good)['authorization']}"
        self._ways: dict[str, bytes] = {
            "silent": b"",
            "half a head": b"GET /v2 HTTP/1.1\r\nHost: g\r\nX-Slow: ",
            "half a body": f"{head}\r\nContent-Length: 100000\r\n\r\n".encode(),
            "half a chunk": f"{head}\r\nTransfer-Encoding: chunked\r\n\r\nfff\r\n".encode(),
            "reads nothing": b"GET /openapi.json HTTP/1.1\r\nHost: g\r\n\r\n" * _UNREAD,
            "idle": b"GET /health/live HTTP/1.1\r\nHost: g\r\n\r\n",
        }

    def play(self) -> None:
        """Open all connections at once; none may be left when the last deadline has passed."""
        before = self._probe(2.0)
        memory = self._process.memory_info().rss
        names = list(self._ways)
        ways = [names[n % len(names)] for n in range(self._run.size)]
        for place in range(_MOST_UNREAD * len(names), len(ways)):
            # A few of those are enough: what they cost is CPU, and the kernel's memory for sockets.
            ways[place] = ways[place].replace("reads nothing", "half a head")
        peers = [(way, self._open(way)) for way in ways]
        probe = _Probe(self._world)
        probe.start()
        opened, most = self._drip(
            peers, time.monotonic() + max(_BODY_SECONDS, _IDLE_SECONDS) + _SLACK_SECONDS
        )
        probe.stop()
        left = self._established()
        for _, peer in peers:
            peer.close()
        if opened < self._run.size / 2 or len(probe.seconds) < 10:
            raise Void(
                f"{opened} of {self._run.size} connections stood, {len(probe.seconds)} probes"
            )
        self._run.report(connections=opened, left=left, probes=len(probe.seconds),
                         probe_failures=probe.failures, p99_before_ms=round(before.p99 * 1000, 1),
                         p99_under_attack_ms=round(probe.p99 * 1000, 1),
                         memory_each_kb=(most - memory) // self._run.size >> 10)  # fmt: skip
        self._run.expect(left == 0, f"{left} of {opened} connections are left after the deadline")
        self._run.expect(probe.failures == 0, f"{probe.failures} good calls were not served")
        grown = most - memory
        self._run.expect(
            grown < self._run.size * _MAX_BYTES_EACH, f"the gateway grew by {grown >> 20} MiB"
        )

    def _probe(self, seconds: float) -> _Probe:
        probe = _Probe(self._world)
        probe.start()
        time.sleep(seconds)
        probe.stop()
        return probe

    def _open(self, way: str) -> socket.socket:
        peer = socket.create_connection(("127.0.0.1", self._world.province.port), 10)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        peer.setblocking(False)
        with contextlib.suppress(OSError):
            peer.send(self._ways[way])
        return peer

    def _drip(self, peers: list[tuple[str, socket.socket]], until: float) -> tuple[int, int]:
        """Send a byte now and then where a request is open.

        Returns:
            The most connections and the most bytes of memory that were seen.
        """
        most = opened = 0
        while time.monotonic() < until and (now := self._established()):
            opened = max(opened, now)
            for way, peer in peers:
                if way.startswith("half"):
                    with contextlib.suppress(OSError):
                        peer.send(b"a")
            most = max(most, self._process.memory_info().rss)
        return opened, most

    def _established(self) -> int:
        """Count the gateway's open connections, but for those of the probe that come and go."""
        ports = {c.raddr.port for c in self._process.net_connections("tcp") if c.raddr}
        time.sleep(_DRIP_SECONDS)
        later = {c.raddr.port for c in self._process.net_connections("tcp") if c.raddr}
        return len(ports & later)


def _play(run: Run) -> None:
    with contextlib.ExitStack() as stack:
        peers = Peers(run.folder / "peers", stack)
        province = Province(run.folder / PROVINCE)
        province.place({"1.0.0": peers.instance()})
        peers.agent(province)
        province.publish()
        gateway = stack.enter_context(running_gateway(province, *_OPTIONS))
        _Attack(run, World(province, gateway, peers)).play()


_CONNECTION = "edge_gateway/gateway/connection.py"

CAMPAIGN = Campaign(
    name="slow-clients",
    unit="connections",
    small=60,
    large=1_000,
    planted=(
        PlantedBug(
            "each-byte-renews-the-deadline",
            _CONNECTION,
            "        is_at_start, self._begun = ",
            "        self.deadline = self._loop.time() + 10\n        is_at_start, self._begun = ",
        ),
        PlantedBug(
            "answers-pile-up-unread",
            _CONNECTION,
            "        self._is_unread = True\n",
            "        return\n",
        ),
    ),
    play=_play,
)
