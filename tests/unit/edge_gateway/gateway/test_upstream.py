"""The gateway's client of its instances, against a real server on a Unix socket."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from edge_gateway.gateway.upstream import MAX_TOGETHER, Failure, Upstream, UpstreamAnswer

Reply = Callable[[bytes, int], bytes | None]
"""From a request's id and its number on the connection to an answer: empty closes, None keeps silent."""


class Instance:
    """Answers requests in their order, and remembers which connection brought which."""

    def __init__(self) -> None:
        self.connections: list[list[bytes]] = []
        self.reply: Reply = lambda own_id, _: answer(own_id)
        self.writers: list[asyncio.StreamWriter] = []

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen: list[bytes] = []
        self.connections.append(seen)
        self.writers.append(writer)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                seen.append(_after(head, b"x-request-id: "))
                await reader.readexactly(int(_after(head, b"content-length: ")))
                reply = self.reply(seen[-1], len(seen))
                if reply is None:
                    await asyncio.Event().wait()
                elif not reply:
                    break
                else:
                    writer.write(reply)
        except asyncio.IncompleteReadError:
            pass
        writer.close()


def _after(head: bytes, name: bytes) -> bytes:
    return head.partition(name)[2].partition(b"\r\n")[0]


def answer(own_id: bytes, body: bytes = b"", status: int = 200) -> bytes:
    body = body or own_id * 3
    head = b"HTTP/1.1 %d X\r\nx-capability-version: 1.0.0\r\nx-request-id: %b\r\n" % (
        status,
        own_id,
    )
    return head + b"content-length: %d\r\n\r\n%b" % (len(body), body)


@pytest.fixture
async def instance(tmp_path: Path) -> AsyncIterator[Instance]:
    found = Instance()
    server = await asyncio.start_unix_server(found.talk, tmp_path / "s")
    async with server:
        yield found
        for writer in found.writers:
            writer.close()
        await asyncio.sleep(0.01)


@pytest.fixture
async def upstream(instance: Instance, tmp_path: Path) -> AsyncIterator[Upstream]:  # noqa: ARG001 - it listens
    found = Upstream(f"unix:{tmp_path / 's'}", together=MAX_TOGETHER)
    yield found
    found.close()
    await asyncio.sleep(0.01)


def ask(
    upstream: Upstream, number: int, size: int = 2
) -> "asyncio.Future[UpstreamAnswer | Failure]":
    waiting = asyncio.get_running_loop().create_future()
    own_id = b"call-%04d" % number
    head = b"POST /infer HTTP/1.1\r\nx-request-id: %b\r\ncontent-length: %d\r\n\r\n" % (
        own_id,
        size,
    )
    upstream.exchange(head + b"x" * size, waiting.set_result, own_id)
    return waiting


async def ask_all(upstream: Upstream, count: int) -> list[UpstreamAnswer | Failure]:
    return await asyncio.gather(*(ask(upstream, number) for number in range(count)))


def body_of(result: UpstreamAnswer | Failure) -> bytes:
    assert isinstance(result, UpstreamAnswer)
    return result.body


async def test_what_one_tick_brings_shares_connections_and_gets_its_own_answers(
    instance: Instance, upstream: Upstream
) -> None:
    for _ in range(3):
        found = await ask_all(upstream, 40)
        assert [body_of(item) for item in found] == [b"call-%04d" % n * 3 for n in range(40)]

    assert upstream.in_flight == 0
    assert max(len(seen) for seen in instance.connections) > 1
    assert len(instance.connections) <= 4 * (40 // MAX_TOGETHER + 1)


async def test_calls_that_may_take_longer_than_others_share_no_connection(
    instance: Instance, tmp_path: Path
) -> None:
    upstream = Upstream(f"unix:{tmp_path / 's'}")

    await ask_all(upstream, 4)

    assert [len(seen) for seen in instance.connections] == [1] * 4
    upstream.close()
    await asyncio.sleep(0.01)


async def test_a_large_request_shares_no_connection(instance: Instance, upstream: Upstream) -> None:
    found = await asyncio.gather(*(ask(upstream, number, size=40_000) for number in range(4)))

    assert [body_of(item) for item in found] == [b"call-%04d" % n * 3 for n in range(4)]
    assert [len(seen) for seen in instance.connections] == [1] * 4


async def test_an_answer_to_another_call_reaches_nobody(
    instance: Instance, upstream: Upstream
) -> None:
    assert body_of(await ask(upstream, 1))
    instance.reply = lambda _, number: answer(b"call-9999" if number % 2 else b"call-0001")

    found = await ask_all(upstream, 4)

    assert Failure.NONSENSE in found
    assert not [item for item in found if isinstance(item, UpstreamAnswer)]


async def test_a_connection_that_ends_fails_the_calls_behind_as_never_answered(
    instance: Instance, upstream: Upstream
) -> None:
    instance.reply = lambda own_id, number: answer(own_id) if number < 3 else b""

    found = await ask_all(upstream, 6)

    assert [isinstance(item, UpstreamAnswer) for item in found] == [True, True] + [False] * 4
    assert set(found[2:]) == {Failure.CLOSED}
    assert upstream.in_flight == 0


async def test_an_answer_that_breaks_off_fails_its_own_call_as_broken(
    instance: Instance, upstream: Upstream
) -> None:
    parts = {1: answer(b"call-0000"), 2: answer(b"call-0001")[:-3]}
    instance.reply = lambda _, number: parts.get(number, b"")

    found = await ask_all(upstream, 4)

    assert isinstance(found[0], UpstreamAnswer)
    assert found[1:] == [Failure.BROKEN, Failure.CLOSED, Failure.CLOSED]


async def test_a_call_that_takes_too_long_fails_alone_as_such(
    instance: Instance, upstream: Upstream
) -> None:
    instance.reply = lambda *_: None
    waiting = [ask(upstream, number) for number in range(3)]
    await asyncio.sleep(0.05)

    upstream.sweep(asyncio.get_running_loop().time() + 31)

    assert await asyncio.gather(*waiting) == [Failure.TIMEOUT, Failure.CLOSED, Failure.CLOSED]


async def test_what_is_given_up_was_perhaps_computed_where_it_was_sent_and_surely_not_elsewhere(
    instance: Instance, upstream: Upstream
) -> None:
    instance.reply = lambda _own_id, _number: None
    sent = ask(upstream, 1)
    await asyncio.sleep(0.05)
    not_sent = [ask(upstream, number) for number in (2, 3)]

    upstream.give_up()

    assert await sent is Failure.TIMEOUT
    assert {await waiting for waiting in not_sent} == {Failure.NOT_CONNECTED}
    assert upstream.in_flight == 0


async def test_an_answer_that_says_close_ends_the_connection(
    instance: Instance, upstream: Upstream
) -> None:
    instance.reply = lambda own_id, _: answer(own_id).replace(
        b"content-length", b"connection: close\r\ncontent-length"
    )

    found = await ask_all(upstream, 3)

    assert body_of(found[0]) == b"call-0000" * 3
    assert found[1:] == [Failure.CLOSED] * 2


async def test_no_connection_fails_all_that_waited_for_it(tmp_path: Path) -> None:
    upstream = Upstream(f"unix:{tmp_path / 'nobody'}")

    assert set(await ask_all(upstream, 40)) == {Failure.NOT_CONNECTED}
    assert upstream.in_flight == 0
