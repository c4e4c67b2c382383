"""A province's instances in a real Kubernetes cluster, through the scheduler's HTTP API.

The nodes are fake and their pods run nothing, so what needs a real call is tested on processes.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.kubernetes_world import KubernetesProvince, running_province
from tests.integration.scheduler_world import deployment, package
from tests.servers.kubernetes.controlplane import ControlPlane
from tests.waiting import eventually


@pytest.fixture
def province(control_plane: ControlPlane) -> Iterator[KubernetesProvince]:
    with running_province(control_plane) as running:
        yield running


def wanted(province: KubernetesProvince, version: str, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - members of a JSON document
    return deployment(package(province.folder / "packages" / version), version, **changes)


def test_a_deployment_becomes_pods_that_the_gateway_is_told_of(
    province: KubernetesProvince,
) -> None:
    province.scheduler.put(wanted(province, "1.0.0", replicas=2))

    province.await_versions("1.0.0", "1.0.0")
    endpoints = province.scheduler.endpoints()
    addresses = {f"http://{pod['status']['podIP']}:8480" for pod in province.objects("pods")}
    assert {item["address"] for item in endpoints} == addresses
    assert all(item["credential"] for item in endpoints)
    assert {item["health"] for item in province.scheduler.instances()} == {"ready"}

    province.scheduler.put(stop_all=True)
    assert eventually(lambda: province.left_behind() == {})
    assert province.scheduler.endpoints() == []
