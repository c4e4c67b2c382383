"""What happens to calls when one of several instances hangs, dies, refuses or is slow."""

import concurrent.futures
import contextlib
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from capability_sdk.contracts.nodes import Endpoint
from tests.gateway_province import (
    CAPABILITY,
    INTERNAL_TOKEN,
    PROVINCE,
    Gateway,
    Peers,
    Province,
    bearer,
    infer,
    kind,
    running_gateway,
)
from tests.waiting import eventually


def endpoint(address: str, name: str, **fields: Any) -> Endpoint:  # noqa: ANN401 - fields of the model
    return Endpoint(
        **{"instance": name, "capability": CAPABILITY, "version": "1.0.0", "address": address}
        | {"node": f"node-{name}", "is_stateless": True}
        | fields
    )


class World:
    """A province with a gateway and instances ``a`` and ``b`` of one version."""

    def __init__(self, province: Province, peers: Peers, gateway: Gateway) -> None:
        self.peers = peers
        self.client = httpx.Client(base_url=gateway.url, timeout=60)
        self.token = province.token()

    def call(self, **body: Any) -> httpx.Response:  # noqa: ANN401 - members of a request
        return infer(self.client, self.token, json=body or {"inputs": []})

    def routes(self) -> dict[str, dict[str, Any]]:
        """Read why calls go where they go, by instance."""
        page = self.client.get("/dispatch", headers=bearer(INTERNAL_TOKEN)).json()
        return {item["instance"]: item for v in page["versions"] for item in v["endpoints"]}

    def ejected(self, name: str) -> str | None:
        found: str | None = self.routes()[name]["ejected"]
        return found

    def stop(self, name: str) -> None:
        self.peers.processes[name].send_signal(signal.SIGSTOP)

    def go_on(self, name: str) -> None:
        self.peers.processes[name].send_signal(signal.SIGCONT)

    def wake(self) -> None:
        for name, process in self.peers.processes.items():
            if process.poll() is None:
                self.go_on(name)

    def call_often(self, count: int) -> set[int]:
        return {self.call().status_code for _ in range(count)}

    def calls(self, name: str) -> int:
        return sum(" POST " in line for line in self.peers.seen(name))


@contextlib.contextmanager
def running(tmp_path: Path, *names: str, **fields: Any) -> Iterator[World]:  # noqa: ANN401 - fields of the model
    with contextlib.ExitStack() as stack:
        peers = Peers(tmp_path / "peers", stack)
        province = Province(tmp_path / PROVINCE)
        province.place_endpoints(
            [endpoint(peers.instance(name=name), name, **fields) for name in names]
        )
        peers.agent(province)
        province.publish()
        world = World(province, peers, stack.enter_context(running_gateway(province)))
        # A stopped process does not hear that it shall end.
        stack.callback(world.wake)
        stack.callback(world.client.close)
        yield world


@pytest.fixture(scope="module")
def lone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with running(tmp_path_factory.mktemp("lone"), "a") as world:
        yield world


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with running(tmp_path_factory.mktemp("three"), "a", "b", "c") as world:
        yield world


def test_who_is_slower_gets_fewer_calls_whatever_its_weight_says(three: World) -> None:
    def ask(_: int) -> str:
        name: str = three.call(act="slow-if", name="a", seconds=0.1).json()["name"]
        return name

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        shares = Counter(pool.map(ask, range(200)))

    # Beside the mean of the others: which of two equal ones a neighbour slows down is chance.
    assert shares["a"] < (shares["b"] + shares["c"]) / 4
    assert three.routes()["a"]["weight"] == 1.0


def test_E18_calls_go_round_an_instance_that_hangs_and_come_back_when_it_wakes(
    three: World,
) -> None:
    three.stop("b")

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: three.call().status_code, range(60)))

    # Those that it had taken are computed again by another one.
    assert set(answers) == {200}
    eventually(lambda: three.call_often(5) == {200} and three.ejected("b") == "hangs")
    assert three.ejected("c") is None
    three.go_on("b")
    eventually(lambda: three.ejected("b") is None)
    before = three.calls("b")
    eventually(lambda: three.call_often(20) == {200} and three.calls("b") > before)


def test_a_slow_call_is_no_hang(lone: World) -> None:
    slow = lone.call(act="sleep", seconds=2.5)

    assert slow.status_code == 200
    assert lone.ejected("a") is None


def test_routes_are_explained_to_the_provinces_own_processes_alone(lone: World) -> None:
    assert lone.call().status_code == 200
    own = bearer(INTERNAL_TOKEN)

    page = lone.client.get("/dispatch", headers=own).json()
    metrics = lone.client.get("/metrics", headers=own).text

    (version,) = page["versions"]
    (route,) = version["endpoints"]
    assert (version["capability"], version["version"]) == (CAPABILITY, "1.0.0")
    assert (route["node"], route["weight"], route["ejected"]) == ("node-a", 1.0, None)
    labels = f'capability="{CAPABILITY}",instance="a",node="node-a",version="1.0.0"'
    assert f"gateway_endpoint_answers_total{{{labels}}} {float(route['answers'])}" in metrics
    assert f'gateway_endpoint_ejected{{{labels},why=""}} 0.0' in metrics
    for path in ("/dispatch", "/metrics"):
        assert lone.client.get(path, headers=bearer(lone.token)).status_code == 401


def test_E18_the_only_instance_hangs_and_callers_hear_so_at_once(lone: World) -> None:
    lone.stop("a")
    waiting = threading.Thread(target=lone.call)
    waiting.start()
    eventually(lambda: lone.ejected("a") == "hangs")

    refused = lone.call()

    assert kind(refused) == (503, "no-instance")
    assert refused.headers["retry-after"] == "1"
    assert "has stopped answering" in refused.json()["detail"]
    lone.go_on("a")
    # Nobody could have stood in for it, so the call that it had taken was left with it.
    waiting.join(60)
    assert not waiting.is_alive()
    eventually(lambda: lone.call().status_code == 200)


@pytest.mark.parametrize(("is_stateless", "computed"), [(True, 2), (False, 1)])
def test_a_call_that_ended_its_instance_is_computed_again_only_where_that_is_safe(
    tmp_path: Path, *, is_stateless: bool, computed: int
) -> None:
    with running(tmp_path, "a", "b", "c", is_stateless=is_stateless) as world:
        answer = world.call(act="crash")

        assert answer.status_code in (502, 503)
        assert sum(world.calls(name) for name in "abc") == computed
        # A process that crashed takes a moment to end; until then its socket takes connections.
        ending = world.peers.processes.values()
        eventually(lambda: sum(item.poll() is not None for item in ending) == computed)
        # Whoever takes no connection takes no call either, so another one answers.
        assert world.call_often(20) == {200}
