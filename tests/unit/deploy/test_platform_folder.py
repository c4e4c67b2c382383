"""What stands in a platform's folder, and whether it is believed."""

import json
import os
import socket
from pathlib import Path

import pytest

from deploy.embedded.demo import DemoRecord, mark_as_demo
from deploy.embedded.folders import (
    FolderUnusable,
    ProvinceAddress,
    check_province_folder,
    lock,
    settle,
)
from deploy.embedded.platform import CenterView, NotRunning, PlatformStatus, read_status
from deploy.embedded.platform import own_start_time as start_time
from deploy.embedded.ports import PortPicker


def status(data: Path, *, pid: int, started: float) -> PlatformStatus:
    return PlatformStatus(
        data=str(data),
        supervisor_pid=pid,
        supervisor_started=started,
        center=CenterView(url="http://127.0.0.1:1"),
    )


def test_the_status_of_a_live_supervisor_is_believed(tmp_path: Path) -> None:
    written = status(tmp_path, pid=os.getpid(), started=start_time())
    written.save()

    assert read_status(tmp_path) == written
    assert (tmp_path / "platform.json").stat().st_mode & 0o777 == 0o600


def test_a_pid_that_belongs_to_a_later_process_is_not_believed(tmp_path: Path) -> None:
    status(tmp_path, pid=os.getpid(), started=start_time() - 3600).save()

    with pytest.raises(NotRunning, match="has ended"):
        read_status(tmp_path)


@pytest.mark.parametrize("content", ["", "{}", "no json"])
def test_a_damaged_status_means_that_nothing_runs(tmp_path: Path, content: str) -> None:
    (tmp_path / "platform.json").write_text(content)

    with pytest.raises(NotRunning, match="No platform runs"):
        read_status(tmp_path)


def test_a_folder_is_held_by_one_process_at_a_time(tmp_path: Path) -> None:
    held = lock(tmp_path)

    with pytest.raises(FolderUnusable, match="already"):
        lock(tmp_path)

    os.close(held)
    os.close(lock(tmp_path))


@pytest.mark.parametrize(("length", "is_refused"), [(76, False), (77, True)])
def test_a_province_path_may_leave_room_for_its_sockets(length: int, is_refused: bool) -> None:
    folder = Path("/" + "x" * (length - 1))

    if is_refused:
        with pytest.raises(FolderUnusable, match="1 bytes too long"):
            check_province_folder(folder)
    else:
        check_province_folder(folder)


def test_an_enrolled_province_learns_its_ports_and_keeps_its_identity(tmp_path: Path) -> None:
    identity = {"province": "zhejiang", "edge": "edge-zhejiang", "center_url": "http://old"}
    (tmp_path / "edge.json").write_text(json.dumps(identity))

    name = settle(tmp_path, ProvinceAddress("http://new", 1001, 1002))

    assert name == "zhejiang"
    assert json.loads((tmp_path / "edge.json").read_text()) == {
        "province": "zhejiang",
        "edge": "edge-zhejiang",
        "center_url": "http://new",
        "gateway_port": 1001,
        "scheduler_port": 1002,
    }


def test_the_passwords_of_an_interrupted_first_start_are_kept(tmp_path: Path) -> None:
    mark_as_demo(tmp_path)
    first = DemoRecord.load(tmp_path)

    mark_as_demo(tmp_path)

    assert DemoRecord.load(tmp_path) == first
    assert len({account.password for account in first.accounts}) == len(first.accounts) == 4
    assert (tmp_path / "demo.json").stat().st_mode & 0o777 == 0o600


def test_a_port_is_given_once_and_never_one_that_is_taken() -> None:
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.listen()
        taken: int = stranger.getsockname()[1]
        ports = PortPicker()

        first, second = ports.pick(taken), ports.pick(taken)

    assert len({taken, first, second}) == 3
