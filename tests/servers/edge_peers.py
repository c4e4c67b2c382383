"""Small programs around a gateway under test: an instance and an agent, as raw ASGI.

The instance answers what it saw; the agent counts quota leases in memory. Both run in processes of
their own, on Unix sockets, through ``python -m uvicorn``.
"""

import asyncio
import functools
import json
import os
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from capability_sdk.contracts.autonomy import AutonomyReport
from capability_sdk.contracts.feedback import PredictionRecord
from capability_sdk.contracts.problem import PROBLEM_JSON
from capability_sdk.spool import SpoolWriter
from edge_gateway.adapters.memory_quota import MemoryQuotaLedger
from edge_gateway.agent.errors import InvalidClient, TokenError
from edge_gateway.agent.tokens import read_request, token_problem
from edge_gateway.errors import QuotaExceeded
from tests.waiting import eventually

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

_ledger = MemoryQuotaLedger()


async def _body(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def _note(line: str) -> None:
    with Path(os.environ["INSTANCE_LOG"]).open("a") as log:
        log.write(f"{line}\n")


@functools.cache
def _journal() -> SpoolWriter:
    return SpoolWriter(Path(os.environ["INSTANCE_JOURNAL"]))


def _predict(request_id: str, capability: str, version: str) -> None:
    prediction = PredictionRecord(
        request_id=request_id,
        at=datetime.now(UTC),
        capability=capability,
        version=version,
        values=["3"],
    )
    record = {"kind": "prediction", **prediction.model_dump(mode="json")}
    _journal().append(json.dumps(record).encode())
    _journal().flush()


async def _answer(send: Send, status: int, content: bytes, headers: dict[str, str]) -> None:
    lines = [(name.encode(), value.encode()) for name, value in headers.items()]
    lines.append((b"content-length", str(len(content)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": lines})
    await send({"type": "http.response.body", "body": content})


async def instance(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with what arrived; ``INSTANCE_VERSION`` and ``INSTANCE_LOG`` come from outside.

    With ``INSTANCE_JOURNAL`` it writes a prediction into that folder for each good answer, as a
    serving instance does. A JSON body may ask for ``{"act": "crash"|"sleep"|"hold"|"slow-if"|
    "fail", ...}``; it holds the answer back until there is a file.
    """
    if scope["type"] != "http":
        return
    body = await _body(receive)
    headers = {name.decode(): value.decode() for name, value in scope["headers"]}
    _note(f"{headers.get('x-request-id', '')} {scope['method']} {scope['path']}")
    asked = json.loads(body) if body.startswith(b'{"act"') else {}
    if asked.get("act") == "crash":
        os._exit(1)
    if asked.get("act") == "sleep":
        await asyncio.sleep(asked["seconds"])
    if asked.get("act") == "hold":
        await asyncio.to_thread(eventually, Path(asked["until"]).exists)
    name = Path(os.environ["INSTANCE_LOG"]).stem
    if asked.get("act") == "slow-if" and asked["name"] == name:
        await asyncio.sleep(asked["seconds"])
    version = os.environ["INSTANCE_VERSION"]
    status = asked.get("status", 200)
    if status == 200 and "INSTANCE_JOURNAL" in os.environ:
        _predict(headers["x-request-id"], scope["path"].split("/")[3], version)
    content = {"path": scope["path"], "headers": headers, "bytes": len(body), "version": version}
    content["name"] = name
    answer_headers = {
        "content-type": "application/json",
        "x-capability-version": version,
        "x-code-digest": "sha256:" + "c" * 64,
        "x-weights-digest": "sha256:" + "d" * 64,
        "x-internal-address": "not for callers",
        "server": "not for callers",
    }
    await _answer(send, status, json.dumps(content).encode(), answer_headers)


async def agent(scope: Scope, receive: Receive, send: Send) -> None:
    """Grant quota leases and answer token requests, to the province's own processes only."""
    if scope["type"] != "http":
        return
    body = await _body(receive)
    headers = dict(scope["headers"])
    if headers.get(b"authorization") != f"Bearer {os.environ['AGENT_TOKEN']}".encode():
        await _answer(send, 401, b"{}", {"content-type": "application/problem+json"})
    elif scope["path"] == "/v1/quota-leases":
        asked = json.loads(body)
        try:
            granted = await _ledger.lease(**asked)
        except QuotaExceeded:
            granted = 0
        await _answer(send, 200, json.dumps({"granted": granted}).encode(), {})
    elif scope["path"] == "/health/autonomy":
        report = AutonomyReport(at=datetime.now(UTC), autonomous=False, summary="not looked at")
        content_type = {"content-type": "application/json"}
        await _answer(send, 200, report.model_dump_json(by_alias=True).encode(), content_type)
    else:
        try:
            asked = read_request(body)
            if asked.client_secret != "right":
                raise InvalidClient("The client credentials are not valid.")
        except TokenError as error:
            problem = json.dumps(token_problem(error)).encode()
            await _answer(send, error.status, problem, {"content-type": PROBLEM_JSON})
            return
        content = {"client_id": asked.client_id, "scope": asked.scope}
        await _answer(send, 200, json.dumps(content).encode(), {"content-type": "application/json"})
