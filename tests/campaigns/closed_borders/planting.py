"""Plants canaries wherever a caller, a process or a file of the province can put a value."""

import json
import random
import string
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
from pydantic import TypeAdapter

from capability_sdk.contracts.profiles import ColumnAnchors
from capability_sdk.spool import SpoolWriter
from tests.campaigns.closed_borders.province import (
    INFER,
    LEVELS,
    NAME,
    VERSION,
    BorderProvince,
    request,
)
from tests.leaks import Canary

_COLUMNS: TypeAdapter[list[ColumnAnchors]] = TypeAdapter(list[ColumnAnchors])
MANY_ROWS = 60
"""More than the 50 that a data profile needs."""


@dataclass
class Planting:
    """Makes canaries, and knows them all."""

    random: random.Random
    canaries: list[Canary] = field(default_factory=list)

    def phone(self, where: str) -> str:
        """Plant a telephone number as text."""
        digits = f"1{self.random.randint(3, 9)}{self.random.randrange(10**9):09}"
        return self._keep(f"phone of {where}", digits)

    def number(self, where: str) -> int:
        """Plant a telephone number as an integer."""
        return int(self.phone(where))

    def exact(self, where: str) -> float:
        """Plant a float with all its digits; its first byte is no character of any text."""
        value = -self.random.uniform(1e3, 1e5)
        self.canaries.append(Canary(f"float of {where}", value))
        return value

    def rare(self, where: str) -> str:
        """Plant a category that nobody declared."""
        return self._keep(
            f"word of {where}", "".join(self.random.choices(string.ascii_lowercase, k=14))
        )

    def identifier(self, where: str) -> str:
        """Plant an id that looks like one of the gateway's own."""
        return self._keep(f"id of {where}", f"{self.random.getrandbits(128):032x}")

    def _keep(self, name: str, value: str) -> str:
        self.canaries.append(Canary(name, value))
        return value

    def row(self) -> dict[str, Any]:
        """Make a row of which every value is a canary."""
        return {
            "amount": self.exact("an input"),
            "small": self.exact("a float32 input"),
            "phone": self.number("an input"),
            "word": self.rare("an input"),
            "secret": self.phone("a sensitive input"),
        }

    def plain_row(self) -> dict[str, Any]:
        """Make a row as the training data had it."""
        return {
            "amount": self.random.gauss(100.0, 20.0),
            "small": self.random.gauss(0.0, 1.0),
            "phone": self.random.randrange(1000, 2000),
            "word": self.random.choice(LEVELS),
            "secret": "none",
        }


@dataclass
class Caller:
    """Calls the province as an application does, and counts what was answered.

    Attributes:
        rows: Rows of calls that were answered.
        records: Calls that the gateway must have recorded.
    """

    province: BorderProvince
    planting: Planting
    rows: int = 0
    records: int = 0
    refused: int = 0
    judged: int = 0

    def call(self, rows: list[dict[str, Any]]) -> httpx.Response:
        """Make a good call, with canaries in every header that a caller may choose."""
        plant = self.planting
        body = {**request(rows), "id": plant.rare("a request id member")}
        body["parameters"] = {plant.rare("a parameter's name"): plant.phone("a parameter")}
        headers = {
            "x-request-id": plant.identifier("x-request-id"),
            "x-client-request-id": plant.phone("x-client-request-id"),
            "user-agent": plant.rare("a user agent"),
            "x-affinity-key": plant.phone("an affinity key"),
            "x-forwarded-for": plant.phone("a header"),
            "traceparent": f"00-{plant.identifier('a trace')}-00f067aa0ba902b7-01",
        }
        query = {"note": plant.phone("a query")}
        answer = self.province.http.post(INFER, json=body, headers=headers, params=query)
        assert answer.status_code == 200, answer.text
        self.rows += len(rows)
        self.records += 1
        return answer

    def judge(self, answer: httpx.Response, rows: int) -> None:
        """Give feedback of every kind: right, undeclared, and about calls that never were."""
        plant = self.planting
        request_id = answer.headers["x-request-id"]
        truths = [plant.rare("a truth"), plant.number("a truth"), plant.exact("a truth"), LEVELS[0]]
        items = [
            {"request_id": request_id, "row": row, "truth": truth}
            for row, truth in zip(range(rows), truths, strict=False)
        ]
        self.judged += len(items)
        unknown = {"request_id": plant.identifier("feedback"), "truth": plant.phone("a truth")}
        said = self.province.http.post("/v1/feedback", json={"items": [*items, unknown]})
        assert said.status_code == 202, said.text
        reason = {**items[0], "reason": plant.rare("a reason")}
        said = self.province.http.post("/v1/feedback", json={"items": [reason]})
        assert said.status_code == 422, said.text

    def err(self) -> None:
        """Make the calls whose refusals quote what was sent."""
        plant = self.planting
        good = request([plant.plain_row()])["inputs"]
        wrong: list[dict[str, Any]] = [
            {"inputs": [{**good[0], "data": [plant.rare("a wrong type")]}, *good[1:]]},
            {"inputs": [{**good[0], "name": plant.rare("a wrong name")}, *good[1:]]},
            {"inputs": [{**good[0], "datatype": plant.rare("a wrong datatype")}, *good[1:]]},
            {"inputs": [*good[:2], {**good[2], "data": [plant.exact("a wrong type")]}, *good[3:]]},
            {"inputs": [*good[:2], {**good[2], "data": [plant.number("an overflow") << 64]}]},
            {"inputs": [{**good[0], "shape": [plant.number("a shape")]}, *good[1:]]},
            {"inputs": good, "outputs": [{"name": plant.phone("a wanted output")}]},
        ]
        for body in wrong:
            self._refused(self.province.http.post(INFER, json=body), is_recorded=True)
        broken = f'{{"inputs": [{plant.phone("broken JSON")} {plant.rare("broken JSON")}'
        self._refused(self.province.http.post(INFER, content=broken), is_recorded=True)
        for path in (
            f"/v2/models/{plant.rare('a model')}/infer",
            f"/v2/models/{NAME}/versions/{plant.rare('a version')}/infer",
            f"/v2/models/{NAME}/versions/{plant.random.randrange(2, 999_999)}/infer",
            f"/{plant.phone('a path')}",
        ):
            self._refused(self.province.http.post(path, json={"inputs": good}), is_recorded=False)

    def _refused(self, answer: httpx.Response, *, is_recorded: bool) -> None:
        assert 400 <= answer.status_code < 500, answer.text
        self.refused += 1
        self.records += is_recorded


def write_into_logs(province: BorderProvince, planting: Planting) -> int:
    """Append canaries to every log of the province, as a talkative library would."""
    logs = [*province.folder.glob("logs/*.log"), *province.folder.glob("instances/*/log")]
    for log in logs:
        with log.open("a") as file:
            where = f"log {log.name}"
            file.write(f"ValueError: {planting.phone(where)} of {planting.rare(where)}\n")
    return len(logs)


def corrupt_processes(province: BorderProvince, planting: Planting) -> dict[str, bool]:
    """Write what a careless process of the province might: spools and journals with canaries.

    Returns:
        Streams by name, and whether what stands in them may leave once it is stripped.
    """
    usages: dict[str, dict[str, Any]] = {
        "usage-90": {"note": planting.phone("a member"), "path": f"/{planting.rare('a member')}"},
        "usage-91": {"application": planting.phone("an application")},
        "usage-92": {"request_id": f"id-{planting.phone('a request id')}"},
        "usage-93": {"version": "138001.380013.8"},
        "usage-94": {"capability": f"c{planting.phone('a capability')}"},
    }
    for stream, changes in usages.items():
        _append(province, f"spool/{stream}", {**_usage(province, planting), **changes})
    # The names of streams are reported with their backlog.
    _append(province, f"spool/usage-{planting.phone('a stream')}", {"phone": 1})
    anchors = province.remembered("select anchors, columns from declared_versions")[0]
    for surplus in (True, False):
        delta = _delta(planting, *anchors, rows=MANY_ROWS, surplus=surplus)
        _append(province, "instances/odd/journal", delta)
    prediction = {
        "kind": "prediction", "request_id": planting.identifier("a prediction"), "at": _now(),
        "capability": NAME, "version": VERSION, "values": [planting.rare("a prediction")],
    }  # fmt: skip
    _append(province, "instances/odd/journal", prediction)
    _append(province, "instances/odd/journal", {"kind": planting.phone("a journal")})
    return {stream: stream == "usage-90" for stream in usages}


def _append(province: BorderProvince, folder: str, record: dict[str, Any]) -> None:
    with SpoolWriter(province.folder / folder) as spool:
        spool.append(json.dumps(record).encode())


def _usage(province: BorderProvince, planting: Planting) -> dict[str, Any]:
    return {
        "request_id": f"{planting.random.getrandbits(128):032x}",
        "at": _now(),
        "application": province.credential["client_id"],
        "subscription": province.credential["subscription"],
        "capability": NAME,
        "version": VERSION,
        "status": 200,
        "units": 1,
        "latency_us": 1000,
        "request_bytes": 10,
        "response_bytes": 10,
    }


def _delta(
    planting: Planting, anchors: str, columns: str, *, rows: int, surplus: bool
) -> dict[str, Any]:
    """Make a delta that claims many rows and counts one, or that has a column by a canary's name."""
    counted = rows if surplus else 1
    counts = {
        column.column: [counted, *[0] * (column.cells - 1)]
        for column in _COLUMNS.validate_json(columns)
    }
    if surplus:
        counts[f"word.{planting.rare('a column')}"] = [rows]
    return {
        "kind": "profile", "capability": NAME, "version": VERSION, "window": _now(),
        "rows": rows, "anchors": anchors, "counts": counts,
    }  # fmt: skip


def _now() -> str:
    return datetime.now(UTC).isoformat()
