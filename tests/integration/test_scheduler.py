"""A scheduler as agent, gateway and operators meet it: over HTTP, with real child processes."""

import concurrent.futures
import os
import signal
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from tests.integration.scheduler_world import Launch, SchedulerProcess, deployment, package
from tests.waiting import alive, eventually

OTHER_CODE = "sha256:" + "1" * 64


@pytest.fixture
def scheduler(launch: Launch) -> SchedulerProcess:
    return launch()


def test_a_deployment_becomes_a_ready_endpoint(scheduler: SchedulerProcess) -> None:
    where = package(scheduler.province / "packages" / "one")

    answer = scheduler.put(deployment(where, replicas=2))

    assert answer.json()["acted_upon"] is True
    endpoints = eventually(lambda: e if len(e := scheduler.endpoints()) == 2 else [])
    for endpoint in endpoints:
        path = endpoint["address"].removeprefix("unix:")
        assert Path(path).stat().st_mode & 0o777 == 0o600
        with httpx.Client(transport=httpx.HTTPTransport(uds=path)) as http:
            assert http.get("http://instance/v2/health/ready").is_success
    assert {item["health"] for item in scheduler.instances()} == {"ready"}


def test_every_route_but_health_wants_the_internal_token(scheduler: SchedulerProcess) -> None:
    stranger = httpx.Client(base_url=scheduler.http.base_url)
    paths = ["instances", "nodes", "decisions", "endpoints", "placement/weights"]

    answers = [stranger.get(f"/api/v1/{path}") for path in paths]
    answers += [stranger.put("/api/v1/deployments", json={}), stranger.get("/metrics")]
    answers += [stranger.put("/api/v1/nodes/n", json={})]

    assert {answer.status_code for answer in answers} == {401}
    assert stranger.get("/health/live").status_code == 200
    stranger.close()


def test_the_old_version_serves_until_the_new_one_is_ready(scheduler: SchedulerProcess) -> None:
    old = package(scheduler.province / "old")
    new = package(scheduler.province / "new", "slow")
    scheduler.put(deployment(old, "1.0.0"))
    eventually(lambda: scheduler.versions() == ["1.0.0"])

    scheduler.put(deployment(new, "2.0.0", code_digest=OTHER_CODE))
    eventually(lambda: len(scheduler.pids()) == 2)
    assert scheduler.versions() == ["1.0.0"]

    (new / "go").touch()
    eventually(lambda: scheduler.versions() == ["2.0.0"])
    eventually(lambda: len(scheduler.pids()) == 1)


def test_a_new_version_that_is_refused_takes_nothing_away(scheduler: SchedulerProcess) -> None:
    old = package(scheduler.province / "old")
    scheduler.put(deployment(old, "1.0.0"))
    eventually(lambda: scheduler.versions() == ["1.0.0"])

    bad = package(scheduler.province / "bad", "refuse")
    scheduler.put(deployment(bad, "2.0.0", code_digest=OTHER_CODE))

    def failed() -> list[dict[str, object]]:
        return [
            item
            for item in scheduler.instances()
            if item["health"] == "failed" and item["restarts"]
        ]

    (instance,) = eventually(failed)
    assert instance["detail"] == "package-refused"
    assert instance["version"] == "2.0.0"
    assert scheduler.versions() == ["1.0.0"]


def test_an_empty_list_stops_nothing_unless_it_says_so(scheduler: SchedulerProcess) -> None:
    scheduler.put(deployment(package(scheduler.province / "one")))
    eventually(lambda: scheduler.versions() == ["1.0.0"])

    assert scheduler.put().json()["acted_upon"] is False
    assert scheduler.put(stop_all=True).json()["acted_upon"] is True

    eventually(lambda: not scheduler.pids())
    assert scheduler.endpoints() == []


def test_an_older_revision_is_refused(scheduler: SchedulerProcess) -> None:
    where = package(scheduler.province / "one")
    scheduler.put(deployment(where), revision=9)

    stale = scheduler.put(deployment(where), revision=8)
    again = scheduler.put(deployment(where), revision=1, epoch=2)

    assert (stale.status_code, stale.json()["type"]) == (409, "/problems/stale-revision")
    assert again.status_code == 200


def test_a_list_that_names_a_version_twice_is_refused(scheduler: SchedulerProcess) -> None:
    one = deployment(package(scheduler.province / "one"))

    answer = scheduler.put(one, one)

    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/ambiguous-deployments")
    assert scheduler.instances() == []


@pytest.mark.parametrize(
    ("demand", "constraint"),
    [
        ({"engine": "triton"}, "engine"),
        ({"resources": {"cpu_millicores": 900_000}}, "cpu"),
        ({"resources": {"memory_mib": 3_900_000}}, "memory"),
        ({"resources": {"gpu_milli": 500}}, "gpu"),
        ({"passport": {"memory_bytes": 1 << 50}}, "memory"),
    ],
)
def test_what_fits_nowhere_is_shown_with_the_first_failing_constraint(
    scheduler: SchedulerProcess, demand: dict[str, Any], constraint: str
) -> None:
    scheduler.put(deployment(package(scheduler.province / "one"), **demand))

    (decision,) = eventually(scheduler.decisions)

    assert decision["node"] is None
    assert decision["reason"].startswith("not placed: none of 1 nodes can take it")
    (candidate,) = decision["candidates"]
    assert candidate["failed"]["constraint"] == constraint
    assert candidate["failed"]["cure"]


def test_a_killed_instance_is_started_again(scheduler: SchedulerProcess) -> None:
    scheduler.put(deployment(package(scheduler.province / "one")))
    eventually(scheduler.versions)
    (before,) = scheduler.pids()

    os.kill(before, signal.SIGKILL)

    eventually(lambda: scheduler.pids() and before not in scheduler.pids())
    instance = eventually(lambda: [i for i in scheduler.instances() if i["health"] == "ready"])[0]
    eventually(lambda: scheduler.instances()[0]["restarts"] == 1)
    assert instance["id"]


def test_an_instance_that_stops_answering_is_replaced(province: Path, launch: Launch) -> None:
    running = launch()
    where = package(province / "one", "deaf")
    running.put(deployment(where))
    eventually(running.versions)
    (before,) = running.pids()

    (where / "deaf").touch()
    eventually(lambda: not running.versions())
    (where / "deaf").unlink()

    eventually(running.versions)
    assert before not in running.pids()


def test_a_stop_is_clean_and_prompt_though_somebody_waits(province: Path, launch: Launch) -> None:
    running = launch()
    running.put(deployment(package(province / "one"), replicas=3))
    eventually(lambda: len(running.versions()) == 3)
    pids = running.pids()
    revision = running.http.get("/api/v1/endpoints").json()["revision"]
    waiting = httpx.Client(base_url=running.http.base_url, headers=running.http.headers, timeout=40)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        answer = pool.submit(waiting.get, f"/api/v1/endpoints?after={revision}&wait=30")
        eventually(lambda: len(psutil.Process(running.process.pid).net_connections()) > 2)  # type: ignore[union-attr]  # start() set it

        # The server raises the signal again when everything has ended.
        assert running.stop() == -signal.SIGTERM
        assert answer.result().json()["revision"] == revision

    eventually(lambda: not alive(pids))
    waiting.close()


def test_killed_and_started_again_it_runs_the_same_instances(
    province: Path, launch: Launch
) -> None:
    running = launch()
    running.put(deployment(package(province / "one"), replicas=2))
    eventually(lambda: len(running.versions()) == 2)
    before = {item["id"] for item in running.instances()}
    orphans = running.pids()
    assert running.process is not None

    running.process.kill()
    running.process.wait()
    running.start()

    # The first list that it tells holds what it ran before: no gateway hears of an empty one.
    assert len(running.versions()) == 2
    assert {item["id"] for item in running.instances()} == before
    assert not orphans & running.pids()
    eventually(lambda: not alive(orphans))


def test_a_second_scheduler_in_the_same_folder_refuses_to_start(
    scheduler: SchedulerProcess,
) -> None:
    second = SchedulerProcess(scheduler.province)

    assert second.spawn().wait(60) == 3
    assert "Another scheduler works in" in (scheduler.province / "scheduler.log").read_text()
    second.http.close()


def test_a_long_poll_answers_as_soon_as_an_endpoint_is_there(scheduler: SchedulerProcess) -> None:
    revision = scheduler.http.get("/api/v1/endpoints").json()["revision"]
    scheduler.put(deployment(package(scheduler.province / "one")))

    answer = scheduler.http.get(f"/api/v1/endpoints?after={revision}&wait=25").json()

    assert answer["revision"] > revision
    assert len(answer["endpoints"]) == 1


def test_the_own_node_says_how_fast_it_is_and_what_its_instances_are_busy_with(
    province: Path, launch: Launch
) -> None:
    tool = province / "bin" / "nvidia-smi"
    tool.parent.mkdir()
    # Two devices; with --loop the tool goes on telling.
    tool.write_text(
        "#!/bin/sh\ncase \"$*\" in *name*) printf 'NVIDIA A10\\nNVIDIA A10\\n';;"
        " *) printf '20\\n60\\n'; exec sleep 60;; esac\n"
    )
    tool.chmod(0o700)
    path = f"{tool.parent}{os.pathsep}{os.environ['PATH']}"
    scheduler = launch(
        PATH=path, SCHEDULER_LABELS='{"zone": "a"}', SCHEDULER_LOAD_INTERVAL="PT0.2S"
    )
    scheduler.put(deployment(package(province / "one")))

    def told() -> dict[str, Any]:
        (node,) = scheduler.http.get("/api/v1/nodes").json()
        load = node["load"]
        found: dict[str, Any] = node if load["instances"] and load["gpu_fraction"] else {}
        return found

    node = eventually(told)
    assert node["metadata"]["cpu_score"] > 0
    assert node["metadata"]["labels"] == {"zone": "a"}
    assert (node["metadata"]["gpu_model"], node["metadata"]["gpu_milli"]) == ("NVIDIA A10", 2000)
    assert node["load"]["gpu_fraction"] == 0.4
    (instance,) = node["load"]["instances"]
    assert (instance["queue"], instance["in_flight"], instance["p99_ms"]) == (3, 5, 7.5)


def test_profiles_say_what_a_version_needs_and_where_that_is_known_from(
    scheduler: SchedulerProcess,
) -> None:
    scheduler.put(
        deployment(package(scheduler.province / "one"), passport={"peak_bytes": 99 << 20})
    )

    found = scheduler.http.get("/api/v1/profiles").json()

    assert {item["family"] for item in found["families"]} >= {"lstm", "gradient-boosting", "rule"}
    (card,) = found["versions"]
    assert card["memory_mib"] == {"amount": 99, "source": "passport"}
    assert card["cpu_millicores"] == {"amount": 10, "source": "declaration"}


def test_nodes_report_and_absurd_ones_are_refused(scheduler: SchedulerProcess) -> None:
    sound = {
        "node": "far",
        "epoch": 5,
        "families": ["mlp"],
        "engines": ["onnx"],
        "cpu_millicores": 4000,
        "memory_mib": 4096,
    }
    load = {
        "node": "far",
        "cpu_fraction": 0.5,
        "memory_fraction": 0.1,
        "at": "2026-01-01T00:00:00Z",
    }

    assert scheduler.http.put("/api/v1/nodes/far", json=sound).status_code == 200
    assert scheduler.http.put("/api/v1/nodes/far/load", json=load).status_code == 204
    absurd = scheduler.http.put("/api/v1/nodes/liar", json={**sound, "node": "liar", "epoch": 0})
    older = scheduler.http.put("/api/v1/nodes/far", json={**sound, "epoch": 4})
    unknown = scheduler.http.put("/api/v1/nodes/nobody/load", json=load)

    assert [absurd.status_code, older.status_code, unknown.status_code] == [422, 422, 404]
    assert absurd.json()["type"] == "/problems/node-rejected"
    nodes = {item["metadata"]["node"]: item for item in scheduler.http.get("/api/v1/nodes").json()}
    assert len(nodes) == 2
    assert nodes["far"]["load"]["cpu_fraction"] == 0.5

    scheduler.put(deployment(package(scheduler.province / "one")))
    (decision,) = eventually(scheduler.decisions)
    verdicts = {item["node"]: item["failed"] for item in decision["candidates"]}
    assert verdicts["far"]["constraint"] == "runner"
    assert decision["node"] != "far"


def test_an_instances_folder_is_kept_for_its_journal_and_dropped_in_time(
    province: Path, launch: Launch
) -> None:
    running = launch()
    running.put(deployment(package(province / "one")))
    eventually(running.versions)
    (instance,) = running.instances()
    folder = province / "instances" / instance["id"]
    running.put(stop_all=True)
    eventually(lambda: not running.pids())
    running.stop()
    assert folder.is_dir()

    later = launch(SCHEDULER_KEEP_RETIRED="PT0S")
    later.stop()

    assert not folder.exists()
