"""A decided record reaches the spool exactly once, whatever is interrupted."""

from pathlib import Path

import pytest

from capability_sdk.spool import SpoolReader, SpoolWriter
from edge_gateway.agent.database import AgentDatabase, OutboxRow
from edge_gateway.agent.outbox import Outbox


def payloads(folder: Path) -> list[bytes]:
    reader = SpoolReader(folder)
    return [record.payload for epoch in reader.epochs() for record in reader.read(epoch, 0, 100)]


def decide(database: AgentDatabase, outbox: Outbox, *contents: bytes) -> None:
    with database.transaction() as session:
        for content in contents:
            outbox.put(session, content)


def test_records_come_in_the_order_in_which_they_were_decided(
    database: AgentDatabase, tmp_path: Path
) -> None:
    outbox = Outbox(database, tmp_path / "quality")
    decide(database, outbox, b"a", b"b")
    decide(database, outbox, b"c")
    outbox.drain()
    outbox.drain()
    outbox.close()

    assert payloads(tmp_path / "quality") == [b"a", b"b", b"c"]


def test_a_stop_before_the_spool_loses_nothing(database: AgentDatabase, tmp_path: Path) -> None:
    outbox = Outbox(database, tmp_path / "quality")
    decide(database, outbox, b"a")
    outbox.close()

    Outbox(database, tmp_path / "quality").close()

    assert payloads(tmp_path / "quality") == [b"a"]


@pytest.mark.parametrize("is_new_epoch", [False, True])
def test_a_stop_between_spool_and_database_doubles_nothing(
    database: AgentDatabase, tmp_path: Path, is_new_epoch: bool
) -> None:
    folder = tmp_path / "quality"
    with SpoolWriter(folder) as spool:
        epoch = spool.epoch
        spool.append(b"a")
    with database.transaction() as session:
        session.add(OutboxRow(stream="quality", epoch=epoch, seq=1, payload=b"a"))
        session.add(OutboxRow(stream="quality", epoch=epoch, seq=2, payload=b"b"))
    if is_new_epoch:
        # A torn write at the end makes the spool begin a new epoch.
        (segment,) = folder.glob("*.segment")
        segment.write_bytes(segment.read_bytes() + b"torn")

    Outbox(database, folder).close()

    assert payloads(folder) == [b"a", b"b"]
    assert len(SpoolReader(folder).epochs()) == 1 + is_new_epoch


def test_a_transaction_that_fails_decides_nothing(database: AgentDatabase, tmp_path: Path) -> None:
    outbox = Outbox(database, tmp_path / "quality")

    def decide_and_fail() -> None:
        with database.transaction() as session:
            outbox.put(session, b"a")
            raise LookupError

    with pytest.raises(LookupError):
        decide_and_fail()
    outbox.drain()
    outbox.close()

    assert payloads(tmp_path / "quality") == []
