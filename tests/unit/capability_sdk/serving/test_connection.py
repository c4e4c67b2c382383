"""HTTP itself: what a stock client never sends, sent by hand."""

import gc
import json
import socket

import httpx
import pytest

from capability_sdk.serving.calls import Call
from tests.unit.capability_sdk.serving.harness import Running

BODY = json.dumps(
    {"inputs": [{"name": "x", "datatype": "FP32", "shape": [1, 2], "data": [1, 2]}]}
).encode()
PATH = b"/v2/models/sample/infer"


def request(
    *headers: bytes, body: bytes = BODY, path: bytes = PATH, length: int | None = None
) -> bytes:
    size = len(body) if length is None else length
    lines = (
        b"POST %b HTTP/1.1" % path, b"Host: x", b"Content-Length: %d" % size, *headers
    )  # fmt: skip
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def exchange(runtime: Running, *parts: bytes) -> bytes:
    """Send, say that no more will come, and read until the end."""
    with runtime.connect() as connection:
        for part in parts:
            connection.sendall(part)
        connection.shutdown(socket.SHUT_WR)
        return read_all(connection)


def read_all(connection: socket.socket) -> bytes:
    answer = b""
    while chunk := connection.recv(65536):
        answer += chunk
    return answer


def statuses(answer: bytes) -> list[int]:
    return [int(part[:3]) for part in answer.split(b"HTTP/1.1 ")[1:]]


def test_pipelined_requests_are_answered_in_their_order(pair: Running) -> None:
    ids = [b"x-request-id: n%d" % number for number in range(200)]

    answer = exchange(pair, b"".join(request(name) for name in ids))

    assert statuses(answer) == [200] * 200
    positions = [answer.index(b"%b\r\n" % name) for name in ids]
    assert positions == sorted(positions)


def test_an_answered_call_is_freed_without_looking_for_cycles(pair: Running) -> None:
    exchange(pair, request())
    gc.collect()
    gc.disable()
    try:
        exchange(pair, request() * 100)
        kept = sum(isinstance(item, Call) for item in gc.get_objects())
    finally:
        gc.enable()

    assert kept <= 1


def test_a_request_that_comes_byte_by_byte_is_answered(pair: Running) -> None:
    message = request()

    answer = exchange(pair, *(message[index : index + 1] for index in range(len(message))))

    assert statuses(answer) == [200]


def test_a_chunked_body_is_read(pair: Running) -> None:
    head = b"POST %b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" % PATH
    chunks = b"".join(
        b"%x\r\n%b\r\n" % (len(BODY[at : at + 7]), BODY[at : at + 7])
        for at in range(0, len(BODY), 7)
    )

    assert statuses(exchange(pair, head + chunks + b"0\r\n\r\n")) == [200]


def test_a_connection_serves_many_requests_until_one_asks_to_close(pair: Running) -> None:
    with pair.connect() as connection:
        connection.sendall(request() + request() + request(b"Connection: close") + request())
        answer = read_all(connection)

    assert statuses(answer) == [200, 200, 200]
    assert answer.count(b"connection: close") == 1


def test_a_waiting_client_is_invited_to_send_its_body(pair: Running) -> None:
    with pair.connect() as connection:
        connection.sendall(request(b"Expect: 100-continue", body=b"", length=len(BODY)))
        assert connection.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(BODY)
        assert connection.recv(10_000).startswith(b"HTTP/1.1 200 OK\r\n")


def test_a_body_that_is_announced_too_large_is_not_read(pair: Running) -> None:
    with pair.connect() as connection:
        connection.sendall(request(body=b"", length=10**9))
        answer = read_all(connection)

    assert statuses(answer) == [413]
    assert b"x-request-id" in answer
    assert b"takes bodies of at most" in answer


def test_H10_a_chunked_body_is_cut_off_at_the_limit(pair: Running) -> None:
    head = b"POST %b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" % PATH
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"

    answer = exchange(pair, head, *([chunk] * 20))

    assert statuses(answer) == [413]


def test_a_body_where_none_belongs_is_refused(pair: Running) -> None:
    answer = httpx.request("GET", f"{pair.url}/v2", content=b" " * 70_000)

    assert answer.status_code == 413


def test_H10_a_compressed_body_is_refused_unseen(pair: Running) -> None:
    answer = exchange(pair, request(b"Content-Encoding: gzip"))

    assert statuses(answer) == [415]
    assert b"content encoding" in answer


@pytest.mark.parametrize(
    "message",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"hello\r\n\r\n",
        request(b"Content-Length: 3"),
        request(b"Transfer-Encoding: chunked"),
        b"POST %b HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n" % PATH,
        b"POST %b HTTP/1.1\r\nHost: x\r\nContent-Length: 1,1\r\n\r\n{}" % PATH,
        b"POST %b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n" % PATH,
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /v2 HTTP/1.1\r\nHost: x\r\n folded: yes\r\n\r\n",
    ],
)
def test_H01_what_is_not_http_is_refused_and_the_connection_closed(
    pair: Running, message: bytes
) -> None:
    answer = exchange(pair, message)

    assert statuses(answer)[-1] == 400
    assert b"connection: close" in answer


def test_H09_endless_headers_are_refused(pair: Running) -> None:
    many = [b"x-%d: %b" % (number, b"v" * 100) for number in range(2000)]

    assert statuses(exchange(pair, request(*many))) == [431]


def test_H09_an_endless_path_is_refused(pair: Running) -> None:
    assert statuses(exchange(pair, request(path=b"/" + b"a" * 200_000))) == [431]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/v2/models/other", 404),
        ("POST", "/v2/models/other/infer", 404),
        ("POST", "/v2/models/sample/versions/2.0.0/infer", 404),
        ("POST", "/v2/models/sample/versions/9/infer", 404),
        ("POST", "/v2/models/sample/infer/", 404),
        ("POST", "/v2/models/%73ample/infer", 404),
        ("POST", "/v2/models//sample/infer", 404),
        ("POST", "/v2/repository/index", 404),
        ("POST", "/v2/systemsharedmemory/region/x/register", 404),
        ("GET", "/v2/models/sample/infer", 405),
        ("POST", "/v2/models/sample", 405),
        ("DELETE", "/v2/models/sample", 405),
        ("HEAD", "/v2/health/live", 405),
    ],
)
def test_H06_an_address_that_is_not_served_says_so(
    pair: Running, method: str, path: str, status: int
) -> None:
    answer = exchange(pair, b"%b %b HTTP/1.1\r\nHost: x\r\n\r\n" % (method.encode(), path.encode()))

    assert statuses(answer) == [status]


def test_the_query_of_an_address_is_ignored(pair: Running) -> None:
    assert httpx.get(f"{pair.url}/v2?a=b").status_code == 200


def test_an_answer_to_head_has_no_body(pair: Running) -> None:
    head = b"HEAD /v2 HTTP/1.1\r\nHost: x\r\n\r\n"

    answer = exchange(pair, head + request())

    assert statuses(answer) == [405, 200]
    assert b"\r\n\r\nHTTP/1.1 200" in answer
