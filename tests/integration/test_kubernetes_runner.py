"""A province's instances in a real Kubernetes cluster, through the scheduler's HTTP API.

The nodes are fake and their pods run nothing, so what needs a real call is tested on processes.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.kubernetes_world import CLAIM, KubernetesProvince, name_of, running_province
from tests.integration.scheduler_world import deployment, package
from tests.servers.kubernetes.controlplane import ControlPlane
from tests.waiting import eventually

MERGE = {"content-type": "application/merge-patch+json"}


@pytest.fixture(scope="module")
def _province(control_plane: ControlPlane) -> Iterator[KubernetesProvince]:
    with running_province(control_plane) as running:
        yield running


@pytest.fixture
def province(_province: KubernetesProvince) -> Iterator[KubernetesProvince]:
    """A province without instances; whatever a test deploys is gone after it, or the test fails."""
    yield _province
    _province.scheduler.put(stop_all=True)
    assert eventually(lambda: _province.left_behind() == {}, 90)


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
    assert eventually(lambda: province.left_behind() == {}, 90)
    assert province.scheduler.endpoints() == []


def test_what_somebody_edits_or_deletes_is_put_right_and_what_is_not_ours_is_left(
    province: KubernetesProvince,
) -> None:
    http, one = province.plane.http, wanted(province, "1.0.0", replicas=2)
    stranger = {"metadata": {"name": "stranger"}, "data": {"kept": "yes"}}
    province.plane.create(province.path("configmaps"), stranger)
    province.scheduler.put(one)
    province.await_agreement(one)
    name = province.one("deployments")["metadata"]["name"]

    merge = {"content-type": "application/strategic-merge-patch+json"}
    intruder = {"name": "intruder", "image": "example.invalid/miner"}
    template = {"spec": {"containers": [intruder], "nodeSelector": {"nowhere": "at-all"}}}
    edits: dict[str, dict[str, Any]] = {
        "deployments": {"spec": {"replicas": 7, "template": template}},
        "configmaps": {"data": {"served.json": "{}", "more": "of theirs"}},
        "services": {"spec": {"ports": [{"name": "ssh", "port": 22, "protocol": "TCP"}]}},
        "horizontalpodautoscalers": {"spec": {"maxReplicas": 90}},
    }
    for plural, edit in edits.items():
        answer = http.patch(province.path(plural, name), json=edit, headers=merge)
        assert answer.is_success, answer.text
    province.await_agreement(one)
    spec = province.one("deployments")["spec"]["template"]["spec"]
    assert [item["name"] for item in spec["containers"]] == ["instance"]
    assert "nodeSelector" not in spec
    assert list(province.one("configmaps")["data"]) == ["served.json"]
    assert [item["port"] for item in province.one("services")["spec"]["ports"]] == [8480]
    assert province.one("horizontalpodautoscalers")["spec"]["maxReplicas"] == 2

    for plural in ("secrets", "services", "pods", "deployments"):
        for item in province.objects(plural):
            http.delete(province.path(plural, item["metadata"]["name"]))
    province.await_agreement(one)
    province.scheduler.put(stop_all=True)
    assert eventually(lambda: province.left_behind() == {}, 90)
    assert http.get(province.path("configmaps", "stranger")).json()["data"] == {"kept": "yes"}


def test_a_restarted_scheduler_adopts_what_runs_and_removes_what_was_given_up_meanwhile(
    province: KubernetesProvince,
) -> None:
    first, weights = wanted(province, "1.0.0"), wanted(province, "1.1.0")
    province.scheduler.put(first)
    province.await_agreement(first)
    before = (
        province.one("deployments")["metadata"],
        province.pods(),
        province.scheduler.endpoints(),
    )

    province.restart()
    province.await_agreement(first)

    after = (
        province.one("deployments")["metadata"],
        province.pods(),
        province.scheduler.endpoints(),
    )
    assert after[0]["generation"] == before[0]["generation"]
    assert after[1:] == before[1:]

    # Its pods take other weights in place, also under a scheduler that did not start them.
    province.scheduler.put(weights)
    province.await_agreement(weights)
    assert province.pods() == before[1]

    province.scheduler.put(stop_all=True)
    eventually(lambda: province.scheduler.instances() == [])
    province.restart()
    assert eventually(lambda: province.left_behind() == {}, 90)


def test_pods_have_no_more_rights_than_they_need_and_models_apart_from_code(
    province: KubernetesProvince,
) -> None:
    province.scheduler.put(wanted(province, "1.0.0"))
    province.await_versions("1.0.0")

    pod = province.one("pods")["spec"]
    (container,) = pod["containers"]
    volumes = {item["name"]: item for item in pod["volumes"]}
    mounts = {item["mountPath"]: item for item in container["volumeMounts"]}

    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
    }
    assert volumes["models"]["persistentVolumeClaim"]["claimName"] == CLAIM
    assert mounts["/var/lib/jiuzhou/packages"]["readOnly"] is True
    assert container["resources"]["requests"] == {"cpu": "10m", "memory": "64Mi"}
    assert container["resources"]["limits"] == {"cpu": "1", "memory": "128Mi"}


def test_a_pod_goes_where_the_nodes_labels_let_its_family_go(
    province: KubernetesProvince, control_plane: ControlPlane
) -> None:
    label = {"family.jiuzhou.io/lstm": "false"}
    control_plane.node("no-lstm", labels=label)
    nodes = province.scheduler.http
    eventually(lambda: "no-lstm" in nodes.get("/api/v1/nodes").text)

    province.scheduler.put(wanted(province, "1.0.0", algorithm_family="lstm", replicas=3))
    province.await_versions("1.0.0", "1.0.0", "1.0.0")

    assert "no-lstm" not in {pod["spec"]["nodeName"] for pod in province.objects("pods")}
    (decision, *_) = province.scheduler.decisions()
    failed = {item["node"]: item["failed"] for item in decision["candidates"]}
    assert failed["no-lstm"]["constraint"] == "family"


def test_the_clusters_autoscaler_stays_within_the_rule_and_its_pods_are_told_to_the_gateway(
    province: KubernetesProvince,
) -> None:
    province.scheduler.put(wanted(province, "1.0.0", scaling={"min": 1, "max": 3}))
    province.await_versions("1.0.0")
    autoscaler = province.one("horizontalpodautoscalers")
    assert (autoscaler["spec"]["minReplicas"], autoscaler["spec"]["maxReplicas"]) == (1, 3)

    # No pod reports load here, so its controller's word is said for it: by its name, at its door.
    scale = province.path("deployments", name_of(autoscaler)) + "/scale"
    answer = province.plane.http.patch(
        scale,
        params={"fieldManager": "kube-controller-manager"},
        json={"spec": {"replicas": 3}},
        headers=MERGE,
    )
    assert answer.is_success, answer.text
    province.await_versions("1.0.0", "1.0.0", "1.0.0")
    assert len({item["address"] for item in province.scheduler.endpoints()}) == 3

    # Anybody else's word on it does not count.
    province.plane.http.patch(
        scale, json={"spec": {"replicas": 2}}, headers=MERGE
    ).raise_for_status()
    province.await_versions("1.0.0")
