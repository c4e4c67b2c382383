"""Requests to a gateway, from a seed: its documented calls, and what lies beside them."""

import base64
import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from capability_sdk.contracts.tokens import audience
from tests.gateway_province import CAPABILITY, INTERNAL_TOKEN, Province, Signer

_METHODS = ("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE")
_TYPES = ("application/json", "application/x-www-form-urlencoded", "text/plain", "", "application/octet-stream",
          "application/json; charset=utf-16", "multipart/form-data; boundary=x", "*/*")  # fmt: skip
_VALUES: tuple[Any, ...] = (None, True, 0, -1, 1.5, 10**30, 2**63, "", "x", "\u4e5d\u5dde", [], {},
                            [[]], {"a": {}}, "x" * 3000)  # fmt: skip
_DOCUMENTED_SHARE = 0.75


@dataclass(frozen=True)
class Generated:
    """One request.

    Attributes:
        method: HTTP method.
        template: The documented path that it is for; None for a path beside them.
        is_permitted: Whether it brings what the path asks for as a right.
        id: What the gateway has to send back as ``x-client-request-id``.
        wire: Its bytes.
    """

    method: str
    template: str | None
    is_permitted: bool
    id: bytes
    wire: bytes


class Generator:
    """Makes requests."""

    def __init__(self, document: dict[str, Any], province: Province, chance: random.Random) -> None:
        self._paths: dict[str, dict[str, Any]] = document["paths"]
        self._chance = chance
        self._number = 0
        now = int(time.time())
        good = province.token()
        self._good = f"Bearer {good}"
        self._bad = [
            None, "", "Bearer", "Bearer x", f"Bearer {good[:-3]}", f"Basic {good}",
            f"Bearer {province.token(Signer('token-1'))}",
            f"Bearer {province.token(iat=now - 900, exp=now - 60)}",
            f"Bearer {province.token(aud=audience('guizhou'))}",
        ]  # fmt: skip

    def one(self) -> Generated:
        """Make the next request."""
        template, path = self._path()
        methods = [name.upper() for name in self._paths.get(template or "", {})]
        is_usual = methods and self._chance.random() < 0.9
        method = self._chance.choice(methods if is_usual else _METHODS)
        authorization, is_permitted = self._authorization(template)
        headers = self._headers()
        if authorization is not None:
            headers.append(f"Authorization: {authorization}")
        body, media_type = self._body(template, method)
        if media_type:
            headers.append(f"Content-Type: {media_type}")
        self._number += 1
        own_id = f"r-{self._number}".encode()
        wire = self._wire(f"{method} {path}", own_id, headers, body)
        return Generated(method, template, is_permitted, own_id, wire)

    # --- head -----------------------------------------------------------------------------------

    def _path(self) -> tuple[str | None, str]:
        template = self._chance.choice(sorted(self._paths))
        name = self._pick(CAPABILITY, CAPABILITY, CAPABILITY, "other", "ab", "x" * 63)
        version = self._pick("1.0.0", "1", "1.0.0", "2", "9.9.9", "0.0.0", "999999")
        path = template.replace("{capability}", name).replace("{version}", version)
        query = self._pick("", "", "", "?", "?a=b", "?a=%00&b[]=1", f"?{'q' * 200}", "?x=/../")
        if self._chance.random() < _DOCUMENTED_SHARE:
            return template, path + query
        return None, self._beside(path) + query

    def _beside(self, path: str) -> str:
        place = self._chance.randrange(len(path))
        changed: str = self._pick(
            path, path[place:], path.replace("/", "//", 1), path + "/", path.upper(), path + "/..",
            path[:place] + "%2f" + path[place:], path[:place] + "%00" + path[place:],
            path[:place] + "{}" + path[place:], path + "a" * 9000, "/../" + path,
        )  # fmt: skip
        return "/~" + changed.lstrip("/")

    def _authorization(self, template: str | None) -> tuple[str | None, bool]:
        if template == "/oauth2/token":
            pair = self._pick("app-1:right", "app-1:wrong", ":", "", "\u4e5d:\u5dde", "a" * 3000)
            encoded = base64.b64encode(pair.encode(self._pick("utf-8", "utf-16"))).decode()
            return self._pick(
                None, None, f"Basic {encoded}", "Basic !", "Bearer x", "Basic /w=="
            ), True
        if template == "/metrics" and self._chance.random() < 0.5:
            return f"Bearer {INTERNAL_TOKEN}", True
        is_good = self._chance.random() < 0.7
        is_open = template is not None and not self._needs_right(template)
        return (self._good, template != "/metrics") if is_good else (
            self._chance.choice(self._bad), is_open)  # fmt: skip

    def _needs_right(self, template: str) -> bool:
        # An empty requirement among them makes the others optional (OpenAPI 3.1).
        operations = self._paths[template].values()
        return any({} not in operation.get("security", [{}]) for operation in operations)

    def _headers(self) -> list[str]:
        wanted = self._chance.random()
        extra = ["Accept: application/json", "Accept-Encoding: gzip", "Cookie: a=b", "X-Forwarded-For: ::1",
                 "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "x-affinity-key: k",
                 "Inference-Header-Content-Length: 5", "Inference-Header-Content-Length: x", "Range: bytes=0-1",
                 "Content-Encoding: gzip", "If-None-Match: *", "Transfer-Coding: x", "TE: trailers",
                 "X_Authorization: Bearer x", "Expect: 100-continue", "X-Long: " + "a" * 3000,
                 "Origin: http://console", "Connection: keep-alive"]  # fmt: skip
        return self._chance.sample(extra, self._chance.randrange(4)) if wanted < 0.5 else []

    # --- body -----------------------------------------------------------------------------------

    def _body(self, template: str | None, method: str) -> tuple[bytes, str]:
        if method in ("GET", "HEAD") and self._chance.random() < 0.9:
            return b"", ""
        make: Callable[[], tuple[bytes, str]] = {
            "/oauth2/token": self._form,
            "/v1/feedback": self._feedback,
        }.get(template or "", self._infer)
        body, media_type = make()
        if self._chance.random() < 0.25:
            body = self._damaged(body)
        return body, media_type if self._chance.random() < 0.8 else self._pick(*_TYPES)

    def _infer(self) -> tuple[bytes, str]:
        rows = self._pick(1, 1, 2, 64, 65, 0)
        inputs: list[Any] = [
            {"name": "x", "datatype": "FP32", "shape": [rows, 2], "data": [0.5] * (2 * rows)},
            {"name": "n", "datatype": "INT64", "shape": [rows, 1], "data": [7] * rows},
        ]
        request: dict[str, Any] = {"inputs": inputs}
        if self._chance.random() < 0.5:
            self._spoil(self._pick(request, *inputs), ("name", "datatype", "shape", "data", "inputs",
                                                       "outputs", "parameters", "id"))  # fmt: skip
        return json.dumps(request).encode(), "application/json"

    def _feedback(self) -> tuple[bytes, str]:
        item: dict[str, Any] = {"request_id": "r-1", "row": 0, "truth": self._pick(1, "a", 1.5)}
        request: dict[str, Any] = {"items": [item] * self._pick(1, 1, 3, 0)}
        if self._chance.random() < 0.5:
            self._spoil(self._pick(request, item), ("items", "request_id", "row", "truth", "x"))
        return json.dumps(request).encode(), "application/json"

    def _form(self) -> tuple[bytes, str]:
        fields = {"grant_type": self._pick("client_credentials", "password", ""),
                  "client_id": self._pick("app-1", "", "\u4e5d"), "client_secret": self._pick("right", "wrong"),
                  "scope": self._pick("", f"infer:{CAPABILITY}", "x y", "x" * 9000)}  # fmt: skip
        kept = self._chance.sample(list(fields), self._chance.randrange(1, 5))
        return urlencode({name: fields[name] for name in kept}).encode(), _TYPES[1]

    def _spoil(self, target: dict[str, Any], names: tuple[str, ...]) -> None:
        target[self._chance.choice(names)] = self._chance.choice(_VALUES)

    def _damaged(self, body: bytes) -> bytes:
        place = self._chance.randrange(len(body) + 1)
        noise = self._chance.randbytes(self._pick(1, 4, 64))
        damaged: bytes = self._pick(b"", body[:place], body[:place] + noise + body[place:], noise, body * 2,
                          b"\xff\xfe" + body, b"[" * 2000, b"x" * 40_000)  # fmt: skip
        return damaged

    def _wire(self, line: str, own_id: bytes, headers: list[str], body: bytes) -> bytes:
        head = [f"{line} HTTP/1.1", "Host: gateway", f"X-Request-Id: {own_id.decode()}", *headers]
        if body and self._chance.random() < 0.2:
            head.append("Transfer-Encoding: chunked")
            half = max(1, len(body) // 2)
            parts = [part for part in (body[:half], body[half:]) if part]
            body = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
        elif body or line.startswith("POST"):
            head.append(f"Content-Length: {len(body)}")
        return "\r\n".join(head).encode() + b"\r\n\r\n" + body

    def _pick(self, *choices: Any) -> Any:  # noqa: ANN401 - one of anything
        return self._chance.choice(choices)
