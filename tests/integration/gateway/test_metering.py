import http.client
import json
import os
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from capability_sdk.spool import examine
from tests.gateway_province import (
    INFER,
    PROVINCE,
    Peers,
    Province,
    bearer,
    infer,
    running_gateway,
)
from tests.waiting import eventually


def call_until_it_ends(province: Province, token: str, answered: list[str]) -> None:
    """Call one after the other; note the id of each whole answer."""
    connection = http.client.HTTPConnection("127.0.0.1", province.port, timeout=60)
    try:
        while True:
            connection.request("POST", INFER, b"{}", bearer(token))
            answer = connection.getresponse()
            answer.read()
            if answer.status == 200:
                answered.append(answer.headers["x-request-id"])
    except (OSError, http.client.HTTPException):
        return
    finally:
        connection.close()


def test_M01_every_answered_call_is_in_the_spool_after_a_kill(tmp_path: Path, peers: Peers) -> None:
    province = Province(tmp_path / PROVINCE)
    province.place({"1.0.0": peers.instance()})
    peers.agent(province)
    province.publish()
    token = province.token()
    answered: list[str] = []
    with running_gateway(province) as gateway:
        for round_ in range(1, 6):
            threads = [
                threading.Thread(target=call_until_it_ends, args=(province, token, answered))
                for _ in range(8)
            ]
            for thread in threads:
                thread.start()
            eventually(lambda n=round_: len(answered) >= n * 150)  # type: ignore[misc]  # a default binds the loop's value
            gateway.kill()
            for thread in threads:
                thread.join()
            gateway.start()

    counted = Counter(record["request_id"] for record in province.usage())
    assert len(answered) == len(set(answered))
    assert set(answered) <= set(counted)
    assert set(counted.values()) == {1}
    assert len(counted) - len(answered) <= 8 * 5


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)]
    if subprocess.run(mount, check=False).returncode:
        pytest.skip("mounting a small tmpfs needs root")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_M07_on_a_full_disk_nothing_is_served_and_nothing_is_lost(
    small_disk: Path, peers: Peers
) -> None:
    province = Province(small_disk / PROVINCE)
    province.place({"1.0.0": peers.instance()})
    province.subscribe("slow", rate_per_second=0.01)
    province.applications["slow"] = True
    province.publish()
    token, slow = province.token(), province.application_token("slow")
    with running_gateway(province) as gateway, httpx.Client(base_url=gateway.url) as client:
        answers = [infer(client, token)]
        assert [infer(client, slow).status_code for _ in range(4)] == [200, *[429] * 3]
        filler = small_disk / "filler"
        fill(filler)

        while answers[-1].status_code == 200:
            answers.append(infer(client, token))

        assert answers[-1].json()["type"] == "/problems/not-metered"
        assert client.get("/health/ready").status_code == 503
        assert "no call is served" in gateway.log.read_text()
        filler.unlink()
        eventually(lambda: client.get("/health/ready").status_code == 200)
        answers.append(infer(client, token))
        assert answers[-1].status_code == 200
        eventually(lambda: province.turned_away("slow") == 3)

    served = [a.headers["x-request-id"] for a in answers if a.status_code == 200]
    counted = [record["request_id"] for record in province.usage()]
    assert set(served) <= set(counted)
    assert len(counted) == len(set(counted))


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        for size in (65536, 4096, 256, 1):
            while write_fits(file.fileno(), size):
                pass


def write_fits(descriptor: int, size: int) -> bool:
    try:
        return os.write(descriptor, b"\0" * size) == size
    except OSError:
        return False


def test_M09_a_damaged_spool_is_told_and_quarantined(tmp_path: Path, peers: Peers) -> None:
    province = Province(tmp_path / PROVINCE)
    province.place({"1.0.0": peers.instance()})
    peers.agent(province)
    province.publish()
    token = province.token()
    with running_gateway(province) as gateway, httpx.Client(base_url=gateway.url) as client:
        for _ in range(20):
            assert infer(client, token).status_code == 200
        assert gateway.stop() == 0
        spool = province.folder / "spool" / "usage-0"
        (segment,) = spool.glob("*.segment")
        data = bytearray(segment.read_bytes())
        data[len(data) // 2] ^= 1
        segment.write_bytes(data)

        gateway.start()

        assert infer(client, token).status_code == 200
        (report,) = (spool / "quarantine").glob("*.json")
        told = json.loads(report.read_text())
        assert told["first"] == told["last"]
        assert f"records {told['first']} to {told['last']}" in gateway.log.read_text()
        condition = examine(spool)
        assert condition.records == 20 - 1 + 1
        assert sum(condition.quarantined.values()) == 1
