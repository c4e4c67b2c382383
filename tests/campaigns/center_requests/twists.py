"""Hostile changes of one place of a request that would otherwise get far."""

import base64
import json
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from urllib.parse import quote

from tests.campaigns.center_requests.steering import as_json, compressed

Request = dict[str, Any]
"""Arguments of `requests.request`."""

TEXTS = (
    "\x00",
    "a\x00b",
    "\ud800",
    "\U0001f9ff" * 40,
    "é",
    "A" * 101,
    "x" * 501,
    "名" * 300,
    "' OR '1'='1",
    '"; DROP TABLE province; --',
    "%' ESCAPE '",
    "${jndi:ldap://127.0.0.1}",
    '{"$gt": ""}',
    "../../etc/passwd",
    "..%2f..%2f",
    "\u202egnp.exe",
    "zhejiang\u200b",
    "\u1d22hejiang",
    "ZHEJIANG",
    "1.0.٣",
    " ",
    "",
    "\r\nX-Injected: 1",
)
NUMBERS = (
    *(-1, 0, 2**31 - 1, 2**31, 2**53, 2**53 + 1, 2**63 - 1, 2**63, 2**64, 10**30),
    *(-(2**63) - 1, 1e308, -0.0, 1.5),
)
MOMENTS = (
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "0001-01-01T00:00:00Z",
    "0999-12-31T23:59:59Z",
    "9999-12-31T23:59:59.999999Z",
    "2026-11-21T10:00:00",
    "-0001-01-01T00:00:00Z",
    "99999999999999",
    "2026-02-30T00:00:00Z",
    "1970-01-01T00:00:00+23:59",
)
WORST_CURSORS: tuple[object, ...] = (
    ["\ud800"],
    ["\x00"],
    ["\x00", "\x00"],
    ["\ud800", "\ud800"],
    [{"t": "0001-01-01T00:00:00+14:00"}, "x"],
    [{"t": "9999-12-31T23:59:59-14:00"}, "x"],
    [{"t": "0001-01-01T00:00:00+00:00"}, "x"],
    [{"t": "0001-01-01T00:00:00+14:00"}, "\x00"],
    [2**63],
    [2**63 - 1],
    [-(2**63)],
    [True],
    [None],
    [],
    {},
    ["a", "b", "c"],
    [[["a"]]],
    "text",
)
_STRANGE: tuple[Any, ...] = (None, True, [], {}, [[]], {"$gt": ""}, 0, "")
_RAW: tuple[bytes, ...] = (
    b"",
    b"{",
    b"\x00",
    b"\xff\xfe{}",
    b"\xef\xbb\xbf{}",
    b"[" * 3000,
    b'{"a":' * 3000,
    b"[]",
    b"null",
    b'"text"',
    b"1" * 5000,
    b'{"name": NaN}',
    b'{"name": Infinity, "province": -Infinity}',
    b'{"\\ud800": 1}',
    b'{"\\u0000": 1}',
    b'{"name": "\\ud800"}',
    b'{"name": "\xff"}',
    b'{"name": 1, "name": 2}',
    b'{"__proto__": {"role": "admin"}, "role": "admin"}',
    b'{"schema": 1, "stream": "s", "epoch": 1' + b"0" * 4000 + b', "records": []}',
)
_HEADERS = (
    ("Idempotency-Key", "k" * 16),
    ("Idempotency-Key", "k" * 15),
    ("Idempotency-Key", "k" * 201),
    ("Idempotency-Key", "\xe9" * 20),
    ("Idempotency-Key", "' OR 1=1 --         "),
    ("If-Match", '"1"'),
    ("If-Match", '"' + "9" * 30 + '"'),
    ("If-Match", "*"),
    ("If-Match", 'W/"1"'),
    ("If-Match", "\xff,,,"),
    ("If-Match", "x" * 201),
    ("Content-Type", "text/plain"),
    ("Content-Type", "application/json; charset=utf-7"),
    ("Content-Type", "multipart/form-data"),
    ("Content-Type", "application/x-www-form-urlencoded"),
    ("Content-Type", "\xff"),
    ("Content-Encoding", "gzip"),
    ("Content-Encoding", "br"),
    ("Content-Encoding", "x" * 101),
    ("Accept", "text/csv"),
    ("Accept", "image/png"),
    ("Accept", "\xff" * 501),
    ("Authorization", "Bearer"),
    ("Authorization", "Bearer \xff\xfe"),
    ("Authorization", "Bearer jzt_" + "x" * 9000),
    ("Authorization", "Bearer a.b." + "c" * 86),
    ("Authorization", "Basic cm9vdDpyb290"),
    ("Cookie", "jiuzhou_session=\xff"),
    ("Cookie", "jiuzhou_session="),
    ("Cookie", "=;;;=" * 50),
    ("X-CSRF-Token", "\xff"),
    ("Origin", "https://evil.example"),
    ("Range", "bytes=0-0,1-1,-1"),
    ("Range", "bytes=99999999999999999999-"),
    ("If-None-Match", "*"),
    ("Expect", "100-continue"),
    ("X-HTTP-Method-Override", "DELETE"),
)


def twist(request: Request, rng: random.Random) -> str:
    """Change one place of a request for the worse; returns what was done."""
    change = rng.choice(_TWISTS)
    change(request, rng)
    return change.__name__.strip("_")


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:  # noqa: ANN401 - JSON
    """Return the way to each leaf of a JSON value."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in pairs:
        if isinstance(inner, dict | list) and inner:
            yield from leaves(inner, (*path, key))
        else:
            yield (*path, key)


def _value(request: Request, rng: random.Random) -> None:
    """Put a hostile value where a leaf of the body stands."""
    body = request.get("body")
    if not isinstance(body, dict | list) or not body:
        _query(request, rng)
        return
    way = rng.choice(list(leaves(body)))
    values = rng.choice((_STRANGE, *[_alike(_at(body, way))] * 4))
    _send(request, as_json(replaced(body, way, rng.choice(values))))


def _alike(value: object) -> tuple[Any, ...]:
    if isinstance(value, str):
        return MOMENTS if value[:4].isdigit() and "T" in value else TEXTS
    return NUMBERS if isinstance(value, int | float) else _STRANGE


def _at(body: Any, way: Sequence[Any]) -> Any:  # noqa: ANN401 - JSON
    for key in way:
        body = body[key]
    return body


def replaced(body: Any, way: Sequence[Any], value: object) -> Any:  # noqa: ANN401 - JSON
    """Return a copy of a body with another value at one place."""
    copy = json.loads(as_json(body))
    *outer, last = way
    _at(copy, outer)[last] = value
    return copy


def _member(request: Request, rng: random.Random) -> None:
    """Add a member that a body may not have."""
    body = request.get("body")
    if isinstance(body, dict):
        extra = rng.choice(("is_admin", "role", "client_id", "state", "\ud800", "\x00", "id"))
        _send(request, as_json({**body, extra: rng.choice((True, "admin", None))}))


def _raw(request: Request, rng: random.Random) -> None:
    """Send bytes that are no good JSON."""
    _send(request, rng.choice(_RAW))


def _gzip(request: Request, rng: random.Random) -> None:
    """Compress the body, perhaps not to its end."""
    body = request.get("body")
    plain = as_json(body) if body is not None else b"0" * (1 << 20)
    packed = compressed(plain)
    _send(request, rng.choice((packed, packed[:-4], packed + b"x", packed[:10])))
    request["headers"]["Content-Encoding"] = "gzip"


def _header(request: Request, rng: random.Random) -> None:
    """Set a hostile header."""
    name, value = rng.choice(_HEADERS)
    request["headers"][name] = value.encode("latin-1")


def _cursor(request: Request, rng: random.Random) -> None:
    """Send a cursor of another making."""
    content = as_json(rng.choice(WORST_CURSORS))
    cursor = base64.urlsafe_b64encode(content).rstrip(b"=").decode()
    request["params"] = {**_params(request), "cursor": rng.choice((cursor, cursor, "%", "=", "!"))}


def _query(request: Request, rng: random.Random) -> None:
    """Put a hostile value into a query parameter."""
    params = _params(request)
    names = [*params, "province", "capability", "limit", "q", "from", "to", "after", "wait", "by"]
    values = (*TEXTS, *NUMBERS, *MOMENTS, "nan", "inf", "١٢")
    params[rng.choice(names)] = str(rng.choice(values)).encode("utf-8", "surrogatepass")
    request["params"] = params


def _segment(request: Request, rng: random.Random) -> None:
    """Put a hostile value into a part of the path."""
    head, _, path = request["url"].partition("/api/v1/")
    parts = path.split("/")
    hostile = quote(rng.choice(TEXTS).encode("utf-8", "surrogatepass"), safe="")
    if len(parts) > 1:
        index = rng.randrange(1, len(parts))
        _, colon, act = parts[index].partition(":")
        parts[index] = rng.choice((hostile, str(2**64), "%ff%fe")) + colon + act
        request["url"] = f"{head}/api/v1/{'/'.join(parts)}"


def _params(request: Request) -> dict[str, Any]:
    params = request.get("params")
    return dict(params) if isinstance(params, dict) else {}


def _send(request: Request, body: bytes) -> None:
    for name in ("json", "files"):
        request.pop(name, None)
    request["data"] = body
    request["headers"].setdefault("Content-Type", "application/json")


_TWISTS: tuple[Callable[[Request, random.Random], None], ...] = (
    *(_value, _value, _value, _value),
    *(_member, _raw, _gzip, _header, _header, _cursor, _query, _segment),
)
