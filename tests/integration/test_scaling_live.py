"""A province under load: its gateway, its scheduler and real instances, together."""

import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from capability_sdk.contracts.scaling import ScalingRule
from capability_sdk.packaging.digests import digests_of
from tests.gateway_province import (
    CAPABILITY,
    INTERNAL_TOKEN,
    Peers,
    Province,
    bearer,
    infer,
    kind,
    running_gateway,
)
from tests.integration.scheduler_world import SchedulerProcess
from tests.unit.capability_sdk.serving.packages import identity_model, manifest, write_package
from tests.waiting import eventually

REAL = {
    "SCHEDULER_SERVING_MODULE": "capability_sdk.serving",
    "SCHEDULER_SCALING_DOWN_AFTER": "PT3S",
    "SCHEDULER_SCALING_WINDOW": "PT5S",
}
ONE_CALL_A_SECOND = {
    "requests": [
        {
            "rows": 1,
            "connections": 1,
            "latency_p50_ms": 1,
            "latency_p99_ms": 1,
            "requests_per_second": 1,
            "cpu_microseconds_per_request": 1000,
        }
    ]
}
ROW = {"inputs": [{"name": "x", "datatype": "FP32", "shape": [1, 2], "data": [1.0, 2.0]}]}


class Live:
    """What a test does with the province."""

    def __init__(self, province: Province, scheduler: SchedulerProcess, http: httpx.Client) -> None:
        self.province = province
        self.scheduler = scheduler
        self._http = http
        self._token = province.token()

    def deploy(self, least: int, most: int) -> None:
        declared = manifest(name=CAPABILITY, version="1.0.0")
        where = self.province.folder / "package"
        package = write_package(where, declared, identity_model(declared))
        digests = digests_of(package)
        deployment: dict[str, Any] = {
            "capability": CAPABILITY,
            "version": "1.0.0",
            "package_path": str(package),
            "code_digest": digests.code,
            "weights_digest": digests.weights,
            "manifest": declared.model_dump(mode="json"),
            "passport": ONE_CALL_A_SECOND,
        }
        self.province.scaling = ScalingRule(min=least, max=most)
        self.province.publish()
        # Only what is up may sleep: nobody calls it yet, so it might sleep before that.
        for floor in sorted({1, least}, reverse=True):
            deployment["scaling"] = {"min": floor, "max": most}
            self.scheduler.put(deployment).raise_for_status()
            eventually(lambda: len(self.scheduler.endpoints()) == 1)

    def call(self) -> httpx.Response:
        return infer(self._http, self._token, json=ROW)


def metrics(http: httpx.Client) -> str:
    return http.get("/metrics", headers=bearer(INTERNAL_TOKEN)).text


@contextmanager
def running_live(folder: Path, *options: str) -> Iterator[Live]:
    with ExitStack() as stack:
        scheduler = SchedulerProcess(folder, **REAL)
        province = Province(folder, scheduler_port=scheduler.port)
        Peers(folder / "peers", stack).agent(province)
        stack.callback(scheduler.stop)
        scheduler.start()
        stack.enter_context(running_gateway(province, "--wake-patience", "PT120S", *options))
        url = f"http://127.0.0.1:{province.port}"
        http = stack.enter_context(httpx.Client(base_url=url, timeout=150))
        yield Live(province, scheduler, http)


@pytest.fixture
def live() -> Iterator[Live]:
    with (
        tempfile.TemporaryDirectory(prefix="jz-") as folder,
        running_live(Path(folder)) as live,
    ):
        yield live


def test_replicas_follow_real_calls_up_and_down_and_no_call_is_refused(live: Live) -> None:
    live.deploy(1, 3)
    answers: set[int] = set()

    def is_scaled() -> bool:
        answers.update(live.call().status_code for _ in range(10))
        return len(live.scheduler.endpoints()) >= 2

    eventually(is_scaled, 60)
    answers.update(live.call().status_code for _ in range(20))

    assert answers == {200}
    eventually(lambda: len(live.scheduler.endpoints()) == 1, 60)
    assert live.call().status_code == 200


def test_the_first_call_of_a_capability_that_sleeps_is_answered(live: Live) -> None:
    live.deploy(0, 2)
    eventually(lambda: not live.scheduler.pids(), 60)

    answer = live.call()

    assert answer.status_code == 200, answer.text
    assert [output["data"] for output in answer.json()["outputs"]] == [[1.0, 2.0]]
    (record,) = live.province.usage()
    assert record["status"] == 200


def test_a_right_that_is_withdrawn_while_a_call_waits_holds_for_that_call(tmp_path: Path) -> None:
    with ExitStack() as stack:
        province = Province(tmp_path / "p")
        Peers(tmp_path / "peers", stack).agent(province)
        province.scaling = ScalingRule(min=0, max=1)
        province.publish()
        stack.enter_context(running_gateway(province, "--wake-patience", "PT120S"))
        url = f"http://127.0.0.1:{province.port}"
        http = stack.enter_context(httpx.Client(base_url=url, timeout=60))
        token = province.token()
        province.subscribe(active=False)

        pool = stack.enter_context(ThreadPoolExecutor(1))
        call = pool.submit(infer, http, token)
        eventually(lambda: "gateway_waiting 1.0" in metrics(http), 30)
        province.publish()
        answer = call.result()

    assert kind(answer) == (403, "capability-not-granted")


def test_a_call_that_waits_in_vain_hears_when_to_try_again(tmp_path: Path) -> None:
    with ExitStack() as stack:
        province = Province(tmp_path / "p")
        Peers(tmp_path / "peers", stack).agent(province)
        province.scaling = ScalingRule(min=0, max=1)
        province.publish()
        stack.enter_context(running_gateway(province, "--wake-patience", "PT0.1S"))
        url = f"http://127.0.0.1:{province.port}"
        http = stack.enter_context(httpx.Client(base_url=url, timeout=60))

        answer = infer(http, province.token())

    assert kind(answer) == (503, "waking")
    assert answer.headers["retry-after"] == "5"
