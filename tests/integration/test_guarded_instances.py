"""An instance that takes calls from another machine: the credential, the lease, and the gateway's part."""

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import psutil

from capability_sdk.contracts.nodes import Endpoint, EndpointList, InstanceAccess
from capability_sdk.kit.lease import ServingLease
from tests.gateway_province import PROVINCE, Peers, Province, bearer, kind, running_gateway
from tests.integration.serving_process import (
    CAPABILITY,
    Instance,
    running_instance,
    scaling_package,
)

INFER = f"/v2/models/{CAPABILITY}/infer"
CALL = {"inputs": [{"name": "x", "datatype": "FP32", "shape": [1, 1], "data": [2.0]}]}
LONG = 600.0


@contextmanager
def running_guarded(folder: Path) -> Iterator[tuple[Instance, InstanceAccess, ServingLease]]:
    """Serve a package on TCP as well, under a lease that is in force."""
    package = scaling_package(folder / "package", "1.0.0", 3.0)
    lease = ServingLease.create(folder / "lease")
    lease.extend_to(time.monotonic() + LONG)
    access = folder / "access.json"
    options = ("--listen", "127.0.0.1", "--access", str(access), "--lease", str(folder / "lease"))
    with running_instance(package, folder / "i", *options) as instance:
        assert access.stat().st_mode & 0o777 == 0o600
        yield instance, InstanceAccess.model_validate_json(access.read_bytes()), lease


def test_without_its_credential_an_instance_tells_one_thing_whatever_it_is_asked(
    tmp_path: Path,
) -> None:
    with (
        running_guarded(tmp_path) as (instance, access, _),
        httpx.Client(base_url=access.address) as http,
    ):
        shown = [
            *({}, bearer("wrong"), bearer(access.credential[:-1])),
            {"authorization": f"Basic {access.credential}"},
        ]
        answers = [
            http.post(path, json=CALL, headers=headers)
            for path in (INFER, "/v2/health/ready", "/metrics", "/nowhere")
            for headers in shown
        ]
        good = http.post(INFER, json=CALL, headers=bearer(access.credential))
        told = instance.data.get("/v2/health/ready").headers["endpoint-load-metrics"]

        assert {answer.status_code for answer in answers} == {401}
        assert len({answer.content for answer in answers}) == 1
        assert good.json()["outputs"][0]["data"] == [6.0]
        load = json.loads(told.removeprefix("JSON "))["named_metrics"]
        assert (load["queue"], load["in_flight"]) == (0, 0)
        assert load["p99_ms"] > 0


def test_the_credential_is_new_at_each_start_and_stands_nowhere_but_in_its_file(
    tmp_path: Path,
) -> None:
    seen = []
    for start in ("first", "second"):
        with running_guarded(tmp_path / start) as (instance, access, _):
            seen.append(access.credential)
            process = psutil.Process(instance.process.pid)
            assert access.credential not in " ".join(process.cmdline())
            assert access.credential not in str(process.environ())
            assert access.credential not in instance.log

    assert seen[0] != seen[1]


def test_after_the_lease_nothing_is_answered_until_it_is_extended(tmp_path: Path) -> None:
    with (
        running_guarded(tmp_path) as (instance, access, lease),
        httpx.Client(base_url=access.address, headers=bearer(access.credential)) as http,
    ):
        lease.end()
        over = http.post(INFER, json=CALL)
        lease.extend_to(time.monotonic() + LONG)
        again = http.post(INFER, json=CALL)

        assert kind(over) == (421, "lease-over")
        assert again.status_code == 200
        assert instance.infer(1.0).status_code == 200


@contextmanager
def province_of(folder: Path, *endpoints: Endpoint) -> Iterator[tuple[Province, httpx.Client]]:
    """A gateway that knows these endpoints."""
    with ExitStack() as stack:
        province = Province(folder / PROVINCE)
        province.deployments = {CAPABILITY: {"1.0.0": 100}}
        province.subscribe(capability=CAPABILITY)
        known = EndpointList(revision=1, endpoints=list(endpoints))
        (province.folder / "endpoints.json").write_text(known.model_dump_json(by_alias=True))
        Peers(folder / "peers", stack).agent(province)
        province.publish()
        gateway = stack.enter_context(running_gateway(province))
        token = province.token(scope=f"infer:{CAPABILITY}")
        yield (
            province,
            stack.enter_context(httpx.Client(base_url=gateway.url, headers=bearer(token))),
        )


def endpoint(name: str, access: InstanceAccess, **changes: str) -> Endpoint:
    return Endpoint(
        **{
            "instance": name,
            "capability": CAPABILITY,
            "version": "1.0.0",
            **access.model_dump(),
            **changes,
        }
    )


def test_the_gateway_shows_the_credential_and_a_caller_cannot_bring_another(tmp_path: Path) -> None:
    with (
        running_guarded(tmp_path) as (_, access, _),
        province_of(tmp_path, endpoint("i-1", access)) as (province, http),
    ):
        answer = http.post(INFER, json=CALL)

        assert answer.json()["outputs"][0]["data"] == [6.0]
        assert access.credential not in (province.folder / "gateway.log").read_text()


def test_an_instance_that_is_not_the_gateways_any_more_is_passed_over(tmp_path: Path) -> None:
    with running_guarded(tmp_path) as (_, access, lease):
        stale = endpoint("i-old", access, credential="of-the-start-before")
        good = endpoint("i-new", access)
        with province_of(tmp_path, stale, good) as (_, http):
            answers = [http.post(INFER, json=CALL).status_code for _ in range(20)]
            lease.end()
            refused = http.post(INFER, json=CALL)

            assert set(answers) == {200}
            assert kind(refused) == (503, "no-instance")
