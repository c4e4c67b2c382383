"""A head that repeats is not parsed again; whatever differs from it is read anew, in full."""

import json
import socket
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.gateway_province import INFER, Signer
from tests.gateway_wire import World, status
from tests.waiting import eventually


class Line:
    """One connection that is kept open."""

    def __init__(self, world: World) -> None:
        self._peer = socket.create_connection(("127.0.0.1", world.province.port), 5)
        self._rest = b""

    def close(self) -> None:
        self._peer.close()

    def send(self, data: bytes) -> None:
        self._peer.sendall(data)

    def answer(self) -> tuple[int, bytes]:
        """Read one answer: status and body."""
        while b"\r\n\r\n" not in self._rest:
            self._more()
        head, _, self._rest = self._rest.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        while len(self._rest) < length:
            self._more()
        body, self._rest = self._rest[:length], self._rest[length:]
        return status(head), body

    def ask(self, data: bytes) -> tuple[int, bytes]:
        self.send(data)
        return self.answer()

    def _more(self) -> None:
        block = self._peer.recv(65536)
        assert block, "the gateway closed the connection"
        self._rest += block


@pytest.fixture
def line(world: World) -> Iterator[Line]:
    with closing(Line(world)) as line:
        yield line


def call(world: World, token: str | None = None, body: bytes = b"{}") -> bytes:
    head = f"POST {INFER} HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {token or world.good}\r\n"
    return head.encode() + b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


def cause(answer: tuple[int, bytes]) -> str:
    return str(json.loads(answer[1])["type"]).rpartition("/")[2]


def test_a_known_head_brings_bodies_of_every_length(world: World, line: Line) -> None:
    for length in (2, 2, 3, 300, 2, 40_000, 0, 2):
        assert (
            line.ask(call(world, body=b"{%b}" % (b" " * (length - 2)) if length else b""))[0] == 200
        )


def test_a_known_head_in_two_pieces_is_read_once(world: World, line: Line) -> None:
    whole = call(world, body=b"{      }")
    assert line.ask(whole)[0] == 200
    for cut in (1, 40, len(whole) - 9, len(whole) - 3):
        line.send(whole[:cut])
        assert line.ask(whole[cut:])[0] == 200
        assert line.ask(whole)[0] == 200


def test_J14_another_token_in_the_same_head_is_verified_for_itself(
    world: World, line: Line
) -> None:
    good = call(world)
    bad = call(world, token=f"{world.good[:-10]}{'A' * 10}")
    foreign = call(world, token=world.province.token(aud="jiuzhou:gateway:elsewhere"))

    answers = [line.ask(data)[0] for data in (good, good, bad, good, bad, foreign, good)]

    assert answers == [200, 200, 401, 200, 401, answers[5], 200]
    assert answers[5] in (401, 403)


def test_J14_a_head_is_known_with_its_own_caller_and_no_other(world: World, line: Line) -> None:
    # Two in one piece are not remembered: the first stays known, and must not take over the
    # second's caller.
    no_right = call(world, token=world.province.application_token("somebody-else"))
    good = call(world)
    assert cause(line.ask(no_right)) == "capability-not-granted"
    line.send(good)
    assert line.answer()[0] == 200

    line.send(no_right + no_right)
    assert [cause(line.answer()) for _ in range(2)] == ["capability-not-granted"] * 2
    assert line.ask(good)[0] == 200
    line.send(good + no_right + good)
    assert [line.answer()[0] for _ in range(3)] == [200, 403, 200]
    assert cause(line.ask(no_right)) == "capability-not-granted"


@pytest.mark.parametrize(
    "length", [b"+2", b"0x2", b"2, 2", b" 2 2", b"-1", b"2\r\nContent-Length: 3", b"99999999999"]
)
def test_H01_a_known_head_with_a_false_length_is_refused(
    world: World, line: Line, length: bytes
) -> None:
    good = call(world)
    assert line.ask(good)[0] == line.ask(good)[0] == 200

    answer = line.ask(good.replace(b"Content-Length: 2", b"Content-Length: " + length))

    assert answer[0] in (400, 413)


def test_H05_what_follows_a_known_head_is_no_second_request_before_its_body_is_over(
    world: World, line: Line
) -> None:
    good = call(world)
    hidden = b"GET /metrics HTTP/1.1\r\nHost: g\r\n\r\n"
    assert line.ask(good)[0] == 200

    line.send(call(world, body=hidden) + good)

    assert line.answer()[0] in (200, 400)  # the instance judges the body; it is one request
    assert line.answer()[0] == 200


def test_pipelined_known_heads_are_answered_in_order(world: World, line: Line) -> None:
    assert line.ask(call(world))[0] == 200
    line.send(call(world) * 20)

    assert [line.answer()[0] for _ in range(20)] == [200] * 20


@pytest.mark.parametrize("act", ["the token is revoked", "its key is gone"])
def test_J21_a_token_that_falls_is_refused_behind_a_known_head(
    world: World, line: Line, act: str
) -> None:
    province = world.province
    good = call(world, province.token(jti="behind-a-known-head"))
    assert line.ask(good)[0] == line.ask(good)[0] == 200
    try:
        if act == "its key is gone":
            province.token_keys = [Signer("another-key")]
            province.key_version += 1
        else:
            province.revoked = ["behind-a-known-head"]
        province.publish()

        eventually(lambda: line.ask(good)[0] == 401)
    finally:
        province.token_keys = [province.token_key]
        province.key_version += 1
        province.revoked = []
        province.publish()


def test_a_suspended_right_is_refused_behind_a_known_head(world: World, line: Line) -> None:
    good = call(world)
    assert line.ask(good)[0] == line.ask(good)[0] == 200
    subscriptions = dict(world.province.subscriptions)
    try:
        world.province.subscriptions.clear()
        world.province.publish()
        for _ in range(20_000):
            answer = line.ask(good)
            if answer[0] != 200:
                break
        assert cause(answer) == "capability-not-granted"
    finally:
        world.province.subscriptions.update(subscriptions)
        world.province.publish()
