import errno
import json
import os
import resource
import signal
import subprocess
import sys
from datetime import timedelta
from io import FileIO
from pathlib import Path

import pytest

from capability_sdk.spool import (
    SpoolBusy,
    SpoolDamaged,
    SpoolReader,
    SpoolUnwritable,
    SpoolWriter,
    examine,
    reported_end,
    retire,
)

PAYLOADS = [
    json.dumps({"call": number, "text": "x" * (number % 40)}).encode() for number in range(50)
]


def fill(folder: Path, payloads: list[bytes] = PAYLOADS, *, segment_bytes: int = 1000) -> int:
    with SpoolWriter(folder, segment_bytes=segment_bytes) as writer:
        for payload in payloads:
            writer.append(payload)
            writer.flush()
        return writer.epoch


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.segment"))


def payloads(folder: Path, epoch: int) -> list[bytes]:
    return [record.payload for record in SpoolReader(folder).read(epoch, 0, 10_000)]


def write_until_full(writer: SpoolWriter) -> None:
    for _ in range(100):
        writer.append(b"x" * 100)
        writer.flush()


def is_written(file: FileIO) -> bool:
    try:
        file.write(b"\0" * 4096)
    except OSError as error:
        return error.errno != errno.ENOSPC
    return True


def flip(path: Path, offset: int) -> None:
    data = bytearray(path.read_bytes())
    data[offset] ^= 0x10
    path.write_bytes(data)


def test_what_is_appended_is_read_in_order_over_many_segments(tmp_path: Path) -> None:
    epoch = fill(tmp_path)

    records = SpoolReader(tmp_path).read(epoch, 0, 1000)

    assert [record.payload for record in records] == PAYLOADS
    assert [record.seq for record in records] == list(range(1, 51))
    assert len(files(tmp_path)) > 3


def test_a_reader_follows_its_writer_in_pages(tmp_path: Path) -> None:
    with SpoolWriter(tmp_path, segment_bytes=700) as writer:
        reader = SpoolReader(tmp_path)
        assert reader.read(writer.epoch, 0, 10) == []
        seen: list[bytes] = []
        for payload in PAYLOADS:
            writer.append(payload)
            assert reader.read(writer.epoch, len(seen), 10) == []  # not flushed yet
            writer.flush()
            seen += [record.payload for record in reader.read(writer.epoch, len(seen), 10)]

        assert seen == PAYLOADS
        assert [r.seq for r in reader.read(writer.epoch, 44, 3)] == [45, 46, 47]


def test_a_folder_opened_again_continues_its_numbers(tmp_path: Path) -> None:
    epoch = fill(tmp_path)

    with SpoolWriter(tmp_path) as writer:
        assert (writer.epoch, writer.last_seq, writer.damage) == (epoch, 50, ())
        assert writer.append(b"next") == 51

    assert payloads(tmp_path, epoch) == [*PAYLOADS, b"next"]


def test_a_new_folder_has_an_epoch_of_its_own(tmp_path: Path) -> None:
    epochs = {fill(tmp_path / str(number), []) for number in range(20)}

    assert len(epochs) == 20
    assert all(0 < epoch < 2**53 for epoch in epochs)


def test_one_folder_has_one_writer(tmp_path: Path) -> None:
    with SpoolWriter(tmp_path), pytest.raises(SpoolBusy):
        SpoolWriter(tmp_path)


def test_M01_flushed_records_survive_a_killed_writer(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib; from capability_sdk.spool import SpoolWriter\n"
        "writer = SpoolWriter(pathlib.Path(sys.argv[1]), segment_bytes=5000)\n"
        "while True:\n"
        "    seq = writer.append(b'{}' * 20); writer.flush(); print(seq, flush=True)\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        acknowledged = 0
        while acknowledged < 2000:
            acknowledged = int(process.stdout.readline())
        process.kill()
        rest = process.stdout.read().split()
    acknowledged = int(rest[-1]) if rest else acknowledged

    with SpoolWriter(tmp_path) as writer:
        assert writer.damage == ()
        first, *others = SpoolReader(tmp_path).epochs()
        # Killed while it began a segment, it leaves one with nothing in it, and goes on in an epoch.
        assert (writer.last_seq, others) in (
            (acknowledged, []),
            (acknowledged + 1, []),
            (0, [writer.epoch]),
        )
        assert len(payloads(tmp_path, first)) in (acknowledged, acknowledged + 1)


def test_M09_an_unfinished_end_is_cut_and_a_new_epoch_begins(tmp_path: Path) -> None:
    epoch = fill(tmp_path)
    last = files(tmp_path)[-1]
    with last.open("ab") as file:
        file.write(last.read_bytes()[-30:] + b"\0" * 500)

    with SpoolWriter(tmp_path) as writer:
        assert writer.damage == ()
        assert writer.epoch > epoch
        assert writer.append(b"first of the new epoch") == 1

    assert payloads(tmp_path, epoch) == PAYLOADS
    assert payloads(tmp_path, writer.epoch) == [b"first of the new epoch"]


def test_M09_a_synced_record_that_is_gone_is_named_and_not_taken_for_a_torn_end(
    tmp_path: Path,
) -> None:
    epoch = fill(tmp_path)
    last = files(tmp_path)[-1]
    os.truncate(last, last.stat().st_size - 5)

    with SpoolWriter(tmp_path) as writer:
        (damage,) = writer.damage
        assert (damage.epoch, damage.first, damage.last) == (epoch, 50, 50)
        report = json.loads(damage.copy.with_name(f"{damage.copy.name}.json").read_text())

    assert report["records"] == 1
    assert payloads(tmp_path, epoch) == PAYLOADS[:-1]


def test_M09_a_flipped_bit_in_the_newest_segment_is_quarantined(tmp_path: Path) -> None:
    epoch = fill(tmp_path, segment_bytes=1 << 20)
    flip(files(tmp_path)[-1], 400)

    with SpoolWriter(tmp_path) as writer:
        (damage,) = writer.damage
        assert writer.epoch > epoch

    assert damage.first == damage.last
    assert damage.copy.exists()
    reader = SpoolReader(tmp_path)
    found = [*reader.read(epoch, 0, 1000), *reader.read(epoch, damage.last, 1000)]
    assert [r.seq for r in found] == [n for n in range(1, 51) if n != damage.first]


def test_M09_an_unreadable_header_costs_no_record(tmp_path: Path) -> None:
    epoch = fill(tmp_path, segment_bytes=1 << 20)
    flip(files(tmp_path)[-1], 9)

    with SpoolWriter(tmp_path) as writer:
        assert writer.damage == ()
        assert writer.epoch > epoch

    assert payloads(tmp_path, epoch) == PAYLOADS


def test_M09_a_writer_names_each_gap_of_a_segment_and_its_lost_end(tmp_path: Path) -> None:
    epoch = fill(tmp_path, segment_bytes=1 << 20)
    (segment,) = files(tmp_path)
    for offset in (150, 700, segment.stat().st_size - 10):
        flip(segment, offset)

    with SpoolWriter(tmp_path) as writer:
        gaps = [(damage.first, damage.last) for damage in writer.damage]

    assert len(gaps) == 3
    assert gaps[-1] == (50, 50)
    condition = examine(tmp_path)
    assert condition.records == 47
    assert sum(condition.damaged.values()) == 2
    assert sum(condition.quarantined.values()) == 3
    told = reported_end(tmp_path, epoch, 49)
    assert told is not None
    assert (told.first, told.last) == (50, 50)
    assert reported_end(tmp_path, epoch, 50) is None


@pytest.mark.parametrize("offset", [130, 400])
def test_M09_a_reader_names_damaged_records_and_reads_on_behind_them(
    tmp_path: Path, offset: int
) -> None:
    epoch = fill(tmp_path)
    flip(files(tmp_path)[1], offset)
    reader = SpoolReader(tmp_path)

    found = reader.read(epoch, 0, 1000)
    with pytest.raises(SpoolDamaged) as damaged:
        reader.read(epoch, found[-1].seq, 1000)
    rest = reader.read(epoch, damaged.value.last, 1000)

    error = damaged.value
    assert error.segment == files(tmp_path)[1].name
    assert error.first == found[-1].seq + 1
    assert [r.seq for r in found + rest] == [
        *range(1, error.first),
        *range(error.last + 1, 51),
    ]
    assert SpoolReader(tmp_path).read(epoch, error.last, 1000) == rest


def test_a_middle_segment_cut_short_or_gone_is_named(tmp_path: Path) -> None:
    epoch = fill(tmp_path)
    second, third = files(tmp_path)[1:3]
    behind = int(third.stem.split("-")[1])
    os.truncate(second, 140)
    reader = SpoolReader(tmp_path)
    found = reader.read(epoch, 0, 1000)

    with pytest.raises(SpoolDamaged) as damaged:
        reader.read(epoch, len(found), 1000)

    assert (damaged.value.first, damaged.value.last) == (len(found) + 1, behind - 1)
    for path in files(tmp_path)[:2]:
        path.unlink()
    with pytest.raises(SpoolDamaged) as missing:
        SpoolReader(tmp_path).read(epoch, 0, 1000)
    assert (missing.value.first, missing.value.last) == (1, behind - 1)


def test_a_record_swapped_for_a_well_formed_one_breaks_the_chain(tmp_path: Path) -> None:
    epoch = fill(tmp_path / "spool", [b"aaaa", b"bbbb", b"cccc"])
    forged = tmp_path / "forged" / "spool"
    fill(forged, [b"aaaa", b"ZZZZ", b"cccc"])
    header = 108
    data = files(tmp_path / "spool")[0].read_bytes()
    record = 40
    assert len(data) == header + 3 * record
    bad = files(forged)[0].read_bytes()[header + record : header + 2 * record]
    files(tmp_path / "spool")[0].write_bytes(data[: header + record] + bad + data[-record:])

    reader = SpoolReader(tmp_path / "spool")
    assert [r.payload for r in reader.read(epoch, 0, 9)] == [b"aaaa"]
    with pytest.raises(SpoolDamaged):
        reader.read(epoch, 1, 9)


def test_M07_a_full_disk_refuses_whole_records_and_keeps_the_spool_readable(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    writer = SpoolWriter(tmp_path, segment_bytes=1 << 20, ballast_bytes=0)
    previous = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        # A limit on the size of files makes a write fall short, as a full disk does.
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, before[1]))
        with pytest.raises(SpoolUnwritable):
            write_until_full(writer)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, previous)

    assert writer.is_on_ballast
    written = writer.last_seq
    assert 5 < written < 20
    assert writer.reserve_ballast()
    assert writer.append(b"after") == written + 1
    writer.close()
    assert payloads(tmp_path, writer.epoch) == [b"x" * 100] * written + [b"after"]


def test_M07_the_ballast_pays_for_what_is_in_flight(tmp_path: Path) -> None:
    size = 512 << 10
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", tmp_path], check=False
    )
    if mounted.returncode:
        pytest.skip("mounting a small tmpfs needs root")
    try:
        writer = SpoolWriter(tmp_path / "spool", ballast_bytes=64 << 10)
        filler = tmp_path / "filler"
        with filler.open("wb", buffering=0) as file:
            while is_written(file):
                pass
        while not writer.is_on_ballast:
            writer.append(b"y" * 500)
            writer.flush()
        in_flight = writer.last_seq
        writer.append(b"in flight")
        writer.flush()
        assert not writer.reserve_ballast()
        filler.unlink()
        assert writer.reserve_ballast()
        writer.close()
        assert len(payloads(tmp_path / "spool", writer.epoch)) == in_flight + 1
    finally:
        subprocess.run(["umount", tmp_path], check=True)


def test_a_folder_that_cannot_be_made_is_said_to_be_unwritable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(SpoolUnwritable):
        SpoolWriter(tmp_path / "file" / "spool")


def test_a_power_cut_begins_a_new_epoch_even_where_no_record_is_torn(tmp_path: Path) -> None:
    epoch = fill(tmp_path)
    mark = tmp_path / "mark"
    data = bytearray(mark.read_bytes())
    data[16:56] = b"another boot of this machine".ljust(40, b"\0")
    data[56] = 0
    mark.write_bytes(data)

    with SpoolWriter(tmp_path) as writer:
        assert writer.epoch > epoch
        assert writer.damage == ()


def test_acknowledged_old_segments_are_retired_and_the_newest_stays(tmp_path: Path) -> None:
    epoch = fill(tmp_path)
    count = len(files(tmp_path))
    second = int(files(tmp_path)[1].stem.split("-")[1])

    assert retire(tmp_path, epoch, 50) == 0  # younger than 72 hours
    assert retire(tmp_path, epoch, second - 2, keep=timedelta(0)) == 0
    assert SpoolReader(tmp_path).first(epoch) == 1
    assert retire(tmp_path, epoch, second - 1, keep=timedelta(0)) == 1
    assert SpoolReader(tmp_path).first(epoch) == second
    assert retire(tmp_path, epoch, 50, keep=timedelta(0)) == count - 2
    with SpoolWriter(tmp_path) as writer:
        assert (writer.epoch, writer.last_seq) == (epoch, 50)


def test_synced_is_what_was_flushed_before(tmp_path: Path) -> None:
    with SpoolWriter(tmp_path) as writer:
        writer.append(b"one")
        writer.flush()
        writer.append(b"two")
        assert writer.synced_seq == 0
        writer.sync()
        assert writer.synced_seq == 1
