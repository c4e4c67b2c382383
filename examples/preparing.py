"""Turns the publishers' files into the folders that the training scripts read."""

import csv
import gzip
import io
import tarfile
from collections.abc import Callable, Mapping
from itertools import islice
from pathlib import Path

import numpy as np

Files = Mapping[str, bytes]
"""Path at the publisher to content."""

# Base stations to provinces: the first number of a cell's name, and the last that is of a province.
_PROVINCES = ((3, "P1"), (5, "P2"), (7, "P3"), (10, "P4"))
# Terciles of the numbers of the sites.
_REGIONS = ((476, "R1"), (821, "R2"), (10_000, "R3"))
_FIRST_THREE_DAYS = 2160
_ALARM_COLUMNS = ["alarm_id", "device_id", "start_timestamp", "end_timestamp"]


def prepare(name: str, files: Files, folder: Path) -> None:
    """Write the folder of a data set."""
    for target, text in _PREPARED[name](files).items():
        content = text.encode()
        packed = gzip.compress(content, mtime=0) if target.endswith(".gz") else content
        (folder / target).write_bytes(packed)


def _cell_kpis(files: Files) -> dict[str, str]:
    (content,) = files.values()
    header, *rows = _rows(content)
    cell = header.index("CellName")
    unique = dict.fromkeys(map(tuple, rows))
    labelled = [[_within(_PROVINCES, _leading_number(row[cell])), *row] for row in unique]
    return {"train.csv.gz": _csv([["province", *header], *labelled])}


def _cell_traffic(files: Files) -> dict[str, str]:
    texts = {Path(path).stem: content.decode() for path, content in files.items()}
    prepared = {}
    for name, text in texts.items():
        if name == "LesCorts":
            days = "".join(islice(text.splitlines(keepends=True), _FIRST_THREE_DAYS + 1))
            prepared["LesCorts_first3days.csv.gz"] = days
        else:
            prepared[f"{name}{'' if name.endswith('_test') else '_train'}.csv.gz"] = text
    return prepared


def _faults(files: Files) -> dict[str, str]:
    texts = {Path(path).stem: content.decode() for path, content in files.items()}
    reports = _rows(files["data/train.csv"])[1:]
    # Within a site, this table lists the reports in order of time.
    order = {row[0]: place for place, row in enumerate(_rows(files["data/severity_type.csv"])[1:])}
    labelled = [
        [key, site, _within(_REGIONS, int(site.split()[1])), str(order[key]), severity]
        for key, site, severity in reports
    ]
    header = ["id", "location", "region", "order", "fault_severity"]
    tables = {f"{name}.csv.gz": text for name, text in texts.items() if name != "train"}
    return {"fault_train.csv.gz": _csv([header, *labelled]), **tables}


def _alarms(files: Files) -> dict[str, str]:
    (content,) = files.values()
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        # Read member by member: nothing of an archive is written where it says.
        log, graph = (_member(archive, f"18V_55N_Wireless/{n}") for n in ("Alarm.csv", "DAG.npy"))
    rows = _rows(log)[1:]
    causes = np.load(io.BytesIO(graph), allow_pickle=False).astype(int).tolist()
    return {
        "18V_55N_Wireless_alarms.csv.gz": _csv([_ALARM_COLUMNS, *rows]),
        "18V_55N_Wireless_true_causal_graph.csv": _csv([[str(v) for v in row] for row in causes]),
    }


def _tickets(files: Files) -> dict[str, str]:
    (content,) = files.values()
    return {"tickets_train.csv.gz": content.decode()}


_PREPARED: dict[str, Callable[[Files], dict[str, str]]] = {
    "ran-cell-kpi": _cell_kpis,
    "lte-cell-traffic": _cell_traffic,
    "telecom-fault": _faults,
    "alarm-rca": _alarms,
    "ticket-text": _tickets,
}


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(name)
    if file is None:
        raise ValueError(f"{name} is no file")
    return file.read()


def _rows(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode())))


def _csv(rows: list[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _within(limits: tuple[tuple[int, str], ...], number: int) -> str:
    return next(name for last, name in limits if number <= last)


def _leading_number(cell: str) -> int:
    return int("".join(c for c in cell if c.isdigit()))
