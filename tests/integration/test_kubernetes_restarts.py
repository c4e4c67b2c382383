"""Bar 6: the API server is killed in the middle of whatever is done, and in the end all is as desired."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.kubernetes_world import KubernetesProvince, running_province
from tests.integration.scheduler_world import deployment, package
from tests.servers.kubernetes.controlplane import API_SERVER, ControlPlane, running_control_plane
from tests.servers.kubernetes.program import program
from tests.waiting import eventually


@pytest.fixture
def control_plane(tmp_path: Path) -> Iterator[ControlPlane]:
    """A control plane of this test's own, since its API server dies."""
    with running_control_plane(program(), tmp_path / "plane") as own:
        yield own


def desire_in_the_middle_of_a_crash(
    province: KubernetesProvince,
    *deployments: dict[str, Any],
    **members: bool,
) -> None:
    """Ask for something, take the API server away while it is being done, and bring it back."""
    answer = province.scheduler.put(*deployments, **members)
    province.plane.kill(API_SERVER)
    assert answer.json()["acted_upon"] is True
    # What was desired is wanted without the cluster, too: the scheduler goes on answering.
    assert province.scheduler.http.get("/api/v1/instances").status_code == 200
    province.plane.restart_api()


def test_whatever_is_done_while_the_api_server_dies_is_done_in_the_end(
    control_plane: ControlPlane,
) -> None:
    with running_province(control_plane) as province:

        def version(number: str, replicas: int = 1) -> dict[str, Any]:
            where = package(province.folder / "packages" / number)
            return deployment(where, number, replicas=replicas)

        first, scaled, weights = version("1.0.0"), version("1.0.0", 3), version("1.1.0")

        desire_in_the_middle_of_a_crash(province, first)
        province.await_agreement(first)
        desire_in_the_middle_of_a_crash(province, scaled)
        province.await_agreement(scaled)
        pods = province.pods()
        desire_in_the_middle_of_a_crash(province, scaled, weights)  # a split
        province.await_agreement(scaled, weights)
        assert province.pods() == pods
        desire_in_the_middle_of_a_crash(province, weights)  # the weights are swapped
        province.await_agreement(weights)
        assert set(province.pods()) <= set(pods)
        desire_in_the_middle_of_a_crash(province, first)  # rolled back
        province.await_agreement(first)
        desire_in_the_middle_of_a_crash(province, stop_all=True)
        assert eventually(lambda: province.left_behind() == {}, 120, pause=0.5)
