"""Machines that join a province run its instances, and nothing that is not theirs."""

import os
import signal
from collections.abc import Iterator
from functools import partial
from typing import Any

import httpx
import pytest

from tests.gateway_province import bearer, kind
from tests.integration.joined_world import JoinedWorld, Machine, gateway_of, joined_world
from tests.integration.serving_process import CAPABILITY
from tests.unit.capability_sdk.serving.engines import code
from tests.waiting import alive, eventually

INFER = f"/v2/models/{CAPABILITY}/infer"
CALL = {"inputs": [{"name": "x", "datatype": "FP32", "shape": [1, 1], "data": [2.0]}]}


@pytest.fixture(scope="module")
def world() -> Iterator[JoinedWorld]:
    """Two machines; each test leaves them running."""
    with joined_world() as made:
        made.add("node-a")
        made.add("node-b")
        yield made


def value(answer: httpx.Response) -> float:
    (found,) = answer.json()["outputs"][0]["data"]
    return float(found)


def owner(world: JoinedWorld, endpoint: dict[str, Any]) -> Machine:
    (name,) = world.nodes_of([endpoint])
    return world.machines[name]


def ask(endpoint: dict[str, Any]) -> httpx.Response:
    """Ask an instance as its gateway does."""
    version = endpoint["version"]
    path = f"{endpoint['address']}/v2/models/{CAPABILITY}/versions/{version}/infer"
    return httpx.post(path, json=CALL, headers=bearer(endpoint["credential"]), timeout=60)


def test_replicas_on_two_machines_answer_through_the_gateway_and_no_secret_is_told(
    world: JoinedWorld,
) -> None:
    world.scheduler.put(world.version("1.0.0", 2.0))
    endpoints = world.endpoints(2)

    assert world.nodes_of(endpoints) == {"node-a", "node-b"}
    with gateway_of(world, "1.0.0") as http:
        answers = [http.post(INFER, json=CALL) for _ in range(20)]
        assert {answer.status_code for answer in answers} == {200}
        assert {value(answer) for answer in answers} == {4.0}
    for endpoint in endpoints:
        assert httpx.post(f"{endpoint['address']}{INFER}", json=CALL).status_code == 401
        assert ask(endpoint).status_code == 200
    secrets = [endpoint["credential"] for endpoint in endpoints]
    for machine in world.machines.values():
        token = machine.folder / "node.token"
        assert token.stat().st_mode & 0o777 == 0o600
        secrets.append(token.read_text())
    logs = [machine.log for machine in world.machines.values()]
    logs += [file.read_text() for file in world.province.folder.glob("*.log")]
    assert not [secret for secret in secrets for log in logs if secret in log]


def test_E16_what_a_machine_ran_that_dies_is_placed_elsewhere_and_its_return_brings_nothing_back(
    world: JoinedWorld,
) -> None:
    world.scheduler.put(world.version("1.1.0", 3.0))
    endpoints = world.endpoints(2, lambda item: item["version"] == "1.1.0")
    dead = owner(world, endpoints[0])
    (other,) = [machine for machine in world.machines.values() if machine is not dead]
    before = {endpoint["instance"] for endpoint in endpoints}
    pids = dead.instances()

    assert dead.process is not None
    dead.process.kill()
    dead.process.wait()

    eventually(lambda: not alive(pids))
    moved = world.endpoints(2, lambda item: item["node"] == other.name)
    assert len(before & {item["instance"] for item in moved}) == 1
    reserved = {
        item["metadata"]["node"]: item["reserved_memory_mib"]
        for item in world.scheduler.http.get("/api/v1/nodes").json()
    }
    assert reserved.get(dead.name, 0) == 0
    with gateway_of(world, "1.1.0") as http:
        assert {value(http.post(INFER, json=CALL)) for _ in range(10)} == {6.0}

    heard = dead.log.count("hears this machine")
    dead.run()
    eventually(lambda: dead.log.count("hears this machine") > heard, 60)
    assert dead.instances() == []


def test_E18_a_machine_that_was_frozen_serves_no_stale_weights_when_it_wakes(
    world: JoinedWorld,
) -> None:
    world.scheduler.put(world.version("1.2.0", 4.0))
    stale, _ = world.endpoints(2, lambda item: item["version"] == "1.2.0")
    frozen = owner(world, stale)
    pids = frozen.instances()
    assert value(ask(stale)) == 8.0

    frozen.signal(signal.SIGSTOP)
    world.endpoints(2, lambda item: item["node"] != frozen.name)
    world.scheduler.put(world.version("1.3.0", 5.0))
    world.endpoints(2, lambda item: item["version"] == "1.3.0")
    # The instances wake before their agent does: nobody has told them anything yet.
    for pid in pids:
        os.kill(pid, signal.SIGCONT)
    answer = ask(stale)
    frozen.signal(signal.SIGCONT)

    assert kind(answer) == (421, "lease-over")
    eventually(lambda: not alive(pids))
    assert [item["version"] for item in world.endpoints(2)] == ["1.3.0", "1.3.0"]


def test_E14_a_package_that_was_altered_on_the_schedulers_disk_is_refused_by_the_machine(
    world: JoinedWorld,
) -> None:
    described = world.version("1.4.0", 6.0, replicas=1)
    readme = world.folder / "package-1.4.0" / "README.md"
    readme.write_text("Something else.\n")
    world.scheduler.put(described)

    def refused() -> list[str]:
        seen = [item for item in world.scheduler.instances() if item["version"] == "1.4.0"]
        return [item["detail"] for item in seen if item["health"] == "failed"]

    assert eventually(lambda: refused() == ["package-refused"], 60)
    assert {item["version"] for item in world.endpoints(2)} == {"1.3.0"}


@code.needs_sandbox
def test_what_the_province_chose_reaches_a_machine_and_nothing_else_does(
    world: JoinedWorld,
) -> None:
    described = world.code("1.4.1")

    def answers(expected: float) -> bool:
        (endpoint,) = world.endpoints(1, lambda item: item["version"] == "1.4.1")
        answer = ask(endpoint)
        return answer.is_success and value(answer) == expected

    for factor in (3.0, 5.0):
        world.choose(described, factor=factor)
        world.scheduler.put(described)
        eventually(partial(answers, 2.0 * factor), pause=0.5)

    altered = world.choose(described, factor=7.0)
    altered.write_bytes(b'{"factor":9.0}')
    world.scheduler.put(described)
    eventually(
        lambda: "settings-refused" in [item["detail"] for item in world.scheduler.instances()]
    )
    assert answers(10.0)


def test_a_machine_that_is_removed_stops_what_it_runs(world: JoinedWorld) -> None:
    world.scheduler.put(world.version("1.5.0", 7.0))
    endpoints = world.endpoints(2, lambda item: item["version"] == "1.5.0")
    gone = owner(world, endpoints[0])

    answer = world.scheduler.http.delete(f"/api/v1/joined-nodes/{gone.name}")

    assert answer.status_code == 204
    eventually(lambda: not gone.instances(), 60)
    world.endpoints(2, lambda item: item["node"] != gone.name)


def test_a_code_is_good_once_and_a_name_in_use_needs_a_code_of_its_own(world: JoinedWorld) -> None:
    http = httpx.Client(base_url=world.scheduler.http.base_url)
    code, other = world.invite(), world.invite()

    def join(code: str, node: str) -> httpx.Response:
        body = {"code": code, "node": node, "host": "127.0.0.1"}
        return http.post("/api/v1/joined-nodes", json=body)

    first = join(code, "node-c")
    used = join(code, "node-d")
    wrong = join("x" * 40, "node-d")
    taken = join(other, "node-c")
    renewed = join(world.invite("node-c"), "node-c")

    assert (first.status_code, renewed.status_code) == (201, 201)
    assert {kind(answer) for answer in (used, wrong, taken)} == {(403, "code-refused")}
    assert len({answer.content for answer in (used, wrong, taken)}) == 1
    old = http.get(
        "/api/v1/joined-nodes/node-c/assignment", headers=bearer(first.json()["credential"])
    )
    assert old.status_code == 401
    http.close()


def test_without_its_own_credential_a_machine_hears_one_thing(world: JoinedWorld) -> None:
    http = httpx.Client(base_url=world.scheduler.http.base_url)
    body = {"code": world.invite(), "node": "node-e", "host": "127.0.0.1"}
    credential = http.post("/api/v1/joined-nodes", json=body).json()["credential"]
    own, others = "/api/v1/joined-nodes/node-e", "/api/v1/joined-nodes/node-b"
    digest = "sha256:" + "0" * 64

    answers = [
        http.request(method, f"{node}{path}", headers=headers, json={} if method == "PUT" else None)
        for method, path in (
            *(("PUT", ""), ("PUT", "/report"), ("GET", "/assignment")),
            ("GET", f"/packages/{digest}"),
        )
        for node, headers in ((own, {}), (own, bearer("wrong")), (others, bearer(credential)))
    ]
    inside = http.get("/api/v1/nodes", headers=bearer(credential))
    package = http.get(f"{own}/packages/{digest}", headers=bearer(credential))

    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.content for answer in answers}) == 1
    assert inside.status_code == 401
    assert kind(package) == (404, "package-not-here")
    http.close()


def test_E07_a_machine_with_absurd_metadata_is_rejected_with_the_reason(world: JoinedWorld) -> None:
    liar = world.machine("node-f")
    joined = liar.join(world.invite())
    assert joined.returncode == 0, joined.stderr

    liar.run(NODE_LABELS='{"zone": "<script>alert(1)</script>"}')
    assert liar.process is not None

    assert liar.process.wait(60) == 1
    assert "other characters" in liar.log
    assert "Traceback" not in liar.log
    nodes = world.scheduler.http.get("/api/v1/nodes").json()
    assert "node-f" not in {item["metadata"]["node"] for item in nodes}


def test_a_code_that_is_not_accepted_is_said_in_one_line(world: JoinedWorld) -> None:
    refused = world.machine("node-g").join("x" * 40)

    assert refused.returncode == 1
    assert "jiuzhou node invite" in refused.stderr
    assert "x" * 40 not in refused.stderr
    assert not (world.folder / "node-g").exists()
