"""Callers of a gateway, and what each of them wrote down about every call."""

import asyncio
import contextlib
import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.campaigns.exactly_once.world import CAPABILITIES, Application, Province

CLIENTS = 8
"""Callers of each province; each has one call in flight."""

_ANSWER_SECONDS = 20.0
_AGAIN_SECONDS = 0.02
_THINK_SECONDS = 0.03
_STATUSES = (200, 200, 200, 200, 200, 200, 200, 200, 422, 503)
_HEAD = re.compile(rb"HTTP/1\.1 (\d{3})")
_ID = re.compile(rb"\r\nx-request-id: ([0-9a-f]+)")
_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)")
_VERSION = re.compile(rb"\r\nx-capability-version: ")

Key = tuple[str, str, str]
"""Province, application and capability."""


@dataclass
class AccessLog:
    """What the callers of one province know of their calls.

    Attributes:
        attempted: Calls that were sent, by key.
        answered: Request id to key and status of each call that an instance answered.
        refused: Request ids that the gateway itself answered, with their status.
        unanswered: Calls whose answer never came, by key.
        in_flight: Calls that were sent and not answered yet.
        in_flight_at_kills: Sum of ``in_flight`` over the moments when the gateway was killed.
    """

    attempted: Counter[Key] = field(default_factory=Counter)
    answered: dict[str, tuple[Key, int]] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    unanswered: Counter[Key] = field(default_factory=Counter)
    in_flight: int = 0
    in_flight_at_kills: int = 0
    on_answer: Callable[[], object] | None = None
    """Called once, by whoever gets the next answer."""

    def note_answer(self, key: Key, head: bytes) -> None:
        """Write down an answer, and do what waits for one."""
        status, identity = _HEAD.match(head), _ID.search(head)
        assert status is not None, head
        assert identity is not None, head
        name = identity[1].decode()
        assert name not in self.answered, f"{name} was answered twice"
        if _VERSION.search(head):
            self.answered[name] = (key, int(status[1]))
            act, self.on_answer = self.on_answer, None
            if act is not None:
                act()
        else:
            self.refused[name] = int(status[1])


class Budget:
    """How many calls may begin now; callers wait while none may."""

    def __init__(self) -> None:
        self.rest = 0
        self.is_over = False
        self._more = asyncio.Event()

    def allow(self, calls: int) -> None:
        """Let more calls begin."""
        self.rest += calls
        self._more.set()

    def end(self) -> None:
        """Send the callers home."""
        self.is_over = True
        self._more.set()

    async def take(self) -> bool:
        """Take one call; False when the callers shall go home."""
        while self.rest == 0 and not self.is_over:
            self._more.clear()
            await self._more.wait()
        if self.is_over:
            return False
        self.rest -= 1
        return True


class Traffic:
    """The callers of one province."""

    def __init__(self, province: Province, seed: int) -> None:
        self.province = province
        self.log = AccessLog()
        self.budget = Budget()
        self.is_hurried = False
        """Whether callers call again at once, so that all of them have a call in flight."""
        self._random = random.Random(seed)  # noqa: S311 - a campaign must be repeatable

    async def run(self) -> None:
        """Call until the budget ends."""
        async with asyncio.TaskGroup() as group:
            for _ in range(CLIENTS):
                group.create_task(self._client())

    async def until_spent(self, rest: int = 0) -> None:
        """Wait until all calls but ``rest`` of the budget have begun."""
        while self.budget.rest > rest:  # noqa: ASYNC110 - the callers' pace is not to be touched
            await asyncio.sleep(0.01)

    async def _client(self) -> None:
        streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        try:
            while await self.budget.take():
                streams = streams or await self._connect()
                if not await self._call(*streams):
                    streams[1].close()
                    streams = None
                if not self.is_hurried:
                    await asyncio.sleep(self._random.uniform(0.0, _THINK_SECONDS))
        finally:
            if streams is not None:
                streams[1].close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        while True:
            with contextlib.suppress(OSError):
                return await asyncio.open_connection("127.0.0.1", self.province.port)
            await asyncio.sleep(_AGAIN_SECONDS)

    async def _call(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Make one call; return whether its answer came."""
        application = self._random.choice(self.province.applications)
        capability = self._random.choice(CAPABILITIES)
        key = (self.province.name, application.client_id, capability)
        self.log.attempted[key] += 1
        self.log.in_flight += 1
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                writer.write(_request(application, capability, self._random.choice(_STATUSES)))
                head = await reader.readuntil(b"\r\n\r\n")
                length = _LENGTH.search(head)
                assert length is not None, head
                await reader.readexactly(int(length[1]))
        except (OSError, asyncio.IncompleteReadError, TimeoutError):
            self.log.unanswered[key] += 1
            return False
        finally:
            self.log.in_flight -= 1
        self.log.note_answer(key, head)
        return True


def _request(application: Application, capability: str, status: int) -> bytes:
    body = b'{"act": "answer", "status": %d}' % status
    return (
        b"POST /v2/models/%b/infer HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer %b\r\n"
        b"content-type: application/json\r\ncontent-length: %d\r\n\r\n%b"
        % (capability.encode(), application.token.encode(), len(body), body)
    )


def count_keys(answered: dict[str, tuple[Key, int]]) -> dict[Key, int]:
    """Count answered calls by key."""
    counts: defaultdict[Key, int] = defaultdict(int)
    for key, _ in answered.values():
        counts[key] += 1
    return counts
