"""The books of a province, read where each of them is kept, and whether they agree."""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from capability_sdk.spool import SpoolDamaged, SpoolReader
from tests.campaigns.exactly_once.traffic import AccessLog, Key, count_keys
from tests.campaigns.exactly_once.world import Province, World
from tests.campaigns.faults import Stream
from tests.campaigns.harness import Run

_AT_ONCE = 1_000_000
_SHOWN = 5
_FIRST_ERROR = 400
_TURNED_AWAY = 429
_SHIPPED = ("usage-0", "quality")


@dataclass
class Books:
    """What is written about one province's calls.

    Attributes:
        spooled: Records of the gateway's spool, in order.
        counted: Single calls at the center, as its API lists them.
        totals: ``calls``, ``units`` and ``errors`` at the center, by key.
        journalled: Predictions in the instance's journal.
        predicted: Predictions that the center counted.
        damage: What of the spool cannot be read.
    """

    spooled: list[dict[str, Any]]
    counted: list[dict[str, Any]]
    totals: dict[Key, tuple[int, int, int]]
    journalled: int
    predicted: int
    damage: str


def read_books(world: World, province: Province) -> Books:
    """Read every book of a province."""
    damage = ""
    spooled: list[dict[str, Any]] = []
    try:
        spooled = spooled_calls(province)
    except SpoolDamaged as error:
        damage = str(error)
    with world.client(province) as client:
        counted = list(client.pages("/usage/calls", province=province.name, limit=500))
        by = "province,application,capability"
        totals = {
            (item["province"], item["application"], item["capability"]): (
                *(item["calls"], item["units"], item["errors"]),
            )
            for item in client.get("/usage", by=by, limit=10_000)["items"]
        }
        quality = list(client.pages("/quality", province=province.name))
    predicted = sum(item["predictions"] for item in quality)
    journalled = sum(1 for _ in _payloads(province.journal))
    return Books(spooled, counted, totals, journalled, predicted, damage)


def spooled_calls(province: Province) -> list[dict[str, Any]]:
    """Read what a province's gateway wrote down.

    Raises:
        SpoolDamaged: Not all of it can be read.
    """
    return [json.loads(payload) for payload in _payloads(province.folder / "spool/usage-0")]


def _payloads(folder: Path) -> Iterator[bytes]:
    reader = SpoolReader(folder)
    for epoch in reader.epochs():
        for record in reader.read(epoch, 0, _AT_ONCE):
            yield record.payload


def compare(
    run: Run, name: str, log: AccessLog, books: Books, *, was_killed: bool
) -> dict[str, Any]:
    """Hold the access log, the spool and the center's books against each other.

    Args:
        run: The campaign's run.
        name: Of the province.
        log: What its callers know.
        books: What its edge and the center know.
        was_killed: Whether its gateway was, which may cost it a second of refusals.

    Returns:
        Figures of the province.
    """
    run.expect(not books.damage, f"{name}: the spool is damaged: {books.damage}")
    spooled = Counter(record["request_id"] for record in books.spooled)
    counted = Counter(record["request_id"] for record in books.counted)
    turned_away = _refusals(books.spooled, "turned_away")
    surplus = sorted(counted.keys() - log.answered.keys() - turned_away.keys())
    _expect_none(run, f"{name}: answered, never counted", log.answered.keys() - counted.keys())
    _expect_none(run, f"{name}: answered, not in the spool", log.answered.keys() - spooled.keys())
    _expect_none(run, f"{name}: spooled, never counted", spooled.keys() - counted.keys())
    _expect_none(run, f"{name}: counted, not in the spool", counted.keys() - spooled.keys())
    _expect_none(run, f"{name}: refused, yet counted", log.refused.keys() & counted.keys())
    _expect_none(run, f"{name}: spooled twice", {key for key in spooled if spooled[key] > 1})
    _expect_none(run, f"{name}: counted twice", {key for key in counted if counted[key] > 1})
    run.expect(
        len(surplus) <= log.in_flight_at_kills,
        f"{name}: {len(surplus)} counted without an answer, {log.in_flight_at_kills} calls were in"
        " flight when the gateway was killed",
    )
    run.note("surplus", province=name, ids=surplus)
    _compare_totals(run, log, books)
    _compare_refusals(run, name, log, turned_away, books, was_killed=was_killed)
    run.expect(
        books.predicted == books.journalled,
        f"{name}: {books.journalled} predictions were made, the center counted {books.predicted}",
    )
    return {
        "attempted": log.attempted.total(),
        "answered": len(log.answered),
        "unanswered": log.unanswered.total(),
        "in flight when killed": log.in_flight_at_kills,
        "refused": len(log.refused),
        "refused and counted": sum(turned_away.values()),
        "spooled": len(books.spooled),
        "counted": len(books.counted),
        "surplus": surplus,
        "predictions made": books.journalled,
        "predictions counted": books.predicted,
    }


def _compare_totals(run: Run, log: AccessLog, books: Books) -> None:
    """Acknowledged <= counted <= attempted, and totals equal to the sums of the records."""
    answered = count_keys(log.answered)
    sums = {key: _sums(key, books.spooled) for key in log.attempted}
    run.expect(set(books.totals) <= set(sums), f"totals of keys that nobody called: {books.totals}")
    for key, attempted in sorted(log.attempted.items()):
        total = books.totals.get(key, (0, 0, 0))
        label = "/".join(key)
        run.expect(
            answered.get(key, 0) <= total[0] <= attempted,
            f"{label}: {answered.get(key, 0)} answered, {total[0]} counted, {attempted} attempted",
        )
        run.expect(
            total == sums[key],
            f"{label}: calls, units, errors are {total} at the center, {sums[key]} in the spool",
        )


def _compare_refusals(
    run: Run,
    name: str,
    log: AccessLog,
    turned_away: dict[str, int],
    books: Books,
    *,
    was_killed: bool,
) -> None:
    """Refusals are counted once as well; only those of a gateway's last second may be lost."""
    told = _refusals(books.counted, "calls")
    run.expect(told == turned_away, f"{name}: turned away are {turned_away}, at the center {told}")
    seen = sum(status == _TURNED_AWAY for status in log.refused.values())
    written = sum(turned_away.values())
    least, most = (0, seen + log.unanswered.total()) if was_killed else (seen, seen)
    run.expect(
        least <= written <= most,
        f"{name}: callers saw {seen} refusals, {written} are in the books",
    )


def _refusals(records: list[dict[str, Any]], member: str) -> dict[str, int]:
    return {r["request_id"]: r[member] for r in records if r["status"] == _TURNED_AWAY}


def _sums(key: Key, records: list[dict[str, Any]]) -> tuple[int, int, int]:
    _, application, capability = key
    found = [r for r in records if (r["application"], r["capability"]) == (application, capability)]
    calls = [(record.get("turned_away", 1), record["status"]) for record in found]
    errors = sum(number for number, status in calls if status >= _FIRST_ERROR)
    return (
        sum(number for number, _ in calls),
        sum(record["units"] for record in found),
        errors,
    )


def _expect_none(run: Run, what: str, ids: set[str]) -> None:
    some = ", ".join(sorted(ids)[:_SHOWN])
    run.expect(not ids, f"{what}: {len(ids)} calls, such as {some}")


def has_shipped(province: Province) -> bool:
    """Tell whether the agent has taken everything in, and the center has acknowledged it all."""
    with closing(_open(province.folder / "agent.db")) as database:
        cursors = {
            (consumer, stream, epoch): seq
            for consumer, stream, epoch, seq in database.execute(
                "SELECT consumer, stream, epoch, seq FROM cursors"
            )
        }
        waiting = [
            database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608 - fixed names
            for table in ("quality_sums", "outbox")
        ]
    folders = {stream: province.folder / "spool" / stream for stream in _SHIPPED}
    instance = province.journal.parent.name
    wanted = [("ship", stream, folder) for stream, folder in folders.items()]
    wanted += [("intake", "usage-0", folders["usage-0"])]
    wanted += [("intake", f"journal:{instance}", province.journal)]
    return not any(waiting) and all(
        cursors.get((consumer, stream, epoch), 0) >= last
        for consumer, stream, folder in wanted
        for epoch, last in _ends(folder).items()
    )


def last_call(province: Province) -> tuple[int, int]:
    """Tell the epoch and number of the last call that a province's gateway wrote down."""
    return max(_ends(province.folder / "spool/usage-0").items(), default=(0, 0))


def _ends(folder: Path) -> dict[int, int]:
    """Last sequence number of each epoch; a damaged one is reported by `read_books`."""
    reader = SpoolReader(folder)
    ends: dict[int, int] = {}
    for epoch in reader.epochs():
        try:
            records = reader.read(epoch, 0, _AT_ONCE)
        except SpoolDamaged:
            continue
        ends[epoch] = records[-1].seq if records else 0
    return ends


def applied(database: Path) -> dict[Stream, int]:
    """Read the center's watermarks from its file, such as of a center that was just killed."""
    with closing(_open(database)) as opened:
        rows = opened.execute("SELECT edge, stream, epoch, applied_through FROM telemetry_stream")
        return {(edge, stream, epoch): seq for edge, stream, epoch, seq in rows}


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=60)
