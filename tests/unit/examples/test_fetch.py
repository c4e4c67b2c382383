"""Fetching a data set: the licence first, then the very files that were named."""

import hashlib
import io
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from examples.fetch import NotFetched, Source, fetch, read_sources

_ROOT = Path(__file__).parents[3]
_FILE = "alarm/18V_55N_Wireless.tar.gz"


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        del format, args


def _publish(folder: Path) -> bytes:
    graph = io.BytesIO()
    np.save(graph, np.array([[0.0, 1.0], [0.0, 0.0]]))
    log = b"Alarm ID,Site ID,Start,End\n1,7,10,20\n0,7,30,40\n"
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in (("Alarm.csv", log), ("DAG.npy", graph.getvalue())):
            member = tarfile.TarInfo(f"18V_55N_Wireless/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    (folder / "alarm").mkdir(parents=True)
    (folder / _FILE).write_bytes(packed.getvalue())
    return packed.getvalue()


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Source]:
    content = _publish(tmp_path / "publisher")
    handler = partial(_Quiet, directory=str(tmp_path / "publisher"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield Source(
            title="Alarms",
            licence="MIT",
            url=f"http://127.0.0.1:{server.server_port}",
            files={_FILE: hashlib.sha256(content).hexdigest()},
        )
        server.shutdown()
        thread.join()


def test_a_fetched_set_is_what_the_training_script_reads(source: Source, tmp_path: Path) -> None:
    folder = fetch("alarm-rca", source, tmp_path / "data")

    graph = (folder / "18V_55N_Wireless_true_causal_graph.csv").read_text()
    assert graph == "0,1\n0,0\n"
    assert sorted(path.name for path in folder.iterdir()) == [
        "18V_55N_Wireless_alarms.csv.gz",
        "18V_55N_Wireless_true_causal_graph.csv",
    ]


def test_another_file_than_named_is_refused_and_nothing_is_left(
    source: Source, tmp_path: Path
) -> None:
    other = source.model_copy(update={"files": {_FILE: "0" * 64}})

    with pytest.raises(NotFetched, match="another file than expected"):
        fetch("alarm-rca", other, tmp_path / "data")

    assert list((tmp_path / "data").iterdir()) == []


def test_an_absent_file_is_named(source: Source, tmp_path: Path) -> None:
    absent = source.model_copy(update={"files": {"alarm/none.tar.gz": "0" * 64}})

    with pytest.raises(NotFetched, match=r"none\.tar\.gz cannot be fetched"):
        fetch("alarm-rca", absent, tmp_path / "data")


def test_without_acceptance_the_licence_is_shown_and_nothing_is_fetched(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "examples.fetch", "telecom-fault", "--into", str(tmp_path)]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert "Kaggle" in done.stdout
    assert "--accept-licence" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_every_source_names_a_commit_and_a_digest_for_every_file() -> None:
    for source in read_sources().values():
        assert len(source.url.rpartition("/")[2]) == 40
        assert source.files
        assert all(len(digest) == 64 for digest in source.files.values())
