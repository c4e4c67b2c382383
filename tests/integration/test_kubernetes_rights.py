"""Which clusters are refused, in words that help, and how few rights are enough."""

import asyncio
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import yaml

from scheduler.adapters.kubernetes.check import check_cluster
from scheduler.errors import ClusterUnusable
from tests.integration.kubernetes_world import running_province
from tests.integration.scheduler_world import ROOT, deployment, package
from tests.servers.kubernetes.controlplane import ControlPlane
from tests.servers.process import free_port
from tests.waiting import eventually

JIUZHOU = [sys.executable, "-m", "capability_sdk.cli"]
RIGHTS = ROOT / "deploy" / "kubernetes" / "scheduler.yaml"
_COLLECTIONS = {
    "Namespace": "/api/v1/namespaces",
    "ServiceAccount": "/api/v1/namespaces/{}/serviceaccounts",
    "Role": "/apis/rbac.authorization.k8s.io/v1/namespaces/{}/roles",
    "RoleBinding": "/apis/rbac.authorization.k8s.io/v1/namespaces/{}/rolebindings",
    "ClusterRole": "/apis/rbac.authorization.k8s.io/v1/clusterroles",
    "ClusterRoleBinding": "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
}


def account(plane: ControlPlane, folder: Path) -> Path:
    """Apply the manifest that operators apply, and make its account's kubeconfig as they do."""
    for document in yaml.safe_load_all(RIGHTS.read_text()):
        namespace = document["metadata"].get("namespace", "")
        plane.create(_COLLECTIONS[document["kind"]].format(namespace), document)
    tokens = "/api/v1/namespaces/jiuzhou/serviceaccounts/jiuzhou-scheduler/token"
    made = plane.create(tokens, {"metadata": {"name": ""}, "spec": {"expirationSeconds": 3600}})
    return plane.write_kubeconfig(folder / "scheduler.kubeconfig", made["status"]["token"])


def why_not(kubeconfig: Path, namespace: str = "default") -> str:
    """Return why a cluster cannot be used."""
    with pytest.raises(ClusterUnusable) as refused:
        asyncio.run(check_cluster(kubeconfig, namespace))
    return str(refused.value)


def test_the_manifest_gives_the_scheduler_all_that_it_needs_and_nothing_elsewhere(
    control_plane: ControlPlane, tmp_path: Path
) -> None:
    kubeconfig = account(control_plane, tmp_path)
    settings = {"SCHEDULER_KUBECONFIG": str(kubeconfig)}
    with running_province(control_plane, namespace="jiuzhou", **settings) as province:
        province.scheduler.put(deployment(package(province.folder / "packages" / "one")))
        province.await_versions("1.0.0")
        province.scheduler.put(stop_all=True)
        assert eventually(lambda: province.left_behind() == {}, 90)

    words = why_not(kubeconfig, control_plane.namespace())
    assert "may not get deployments, list deployments" in words
    assert "deploy/kubernetes/scheduler.yaml" in words


def test_a_scheduler_without_its_cluster_ends_with_the_reason(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "scheduler", "--data", str(tmp_path)]
    command += ["--port", str(free_port()), "--runner", "kubernetes"]
    kubeconfig = ["--kubeconfig", str(tmp_path / "none")]

    done = subprocess.run(
        [*command, *kubeconfig], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert (done.returncode, "is no file: --kubeconfig names" in done.stderr) == (3, True)


def test_up_says_at_once_why_its_province_cannot_run_in_a_cluster() -> None:
    # A path short enough for Unix sockets.
    with tempfile.TemporaryDirectory(prefix="jz-") as folder:
        command = [*JIUZHOU, "up", "--data", folder, "--runner", "kubernetes"]

        def words(*options: str) -> str:
            done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
            assert done.returncode == 1
            return done.stderr

        assert "--runner kubernetes and --kubeconfig go together" in words()
        assert f"{folder}/none is no file" in words("--kubeconfig", f"{folder}/none")


def test_a_kubeconfig_that_is_none_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.write_text("not: a kubeconfig")

    assert f"{broken} is no usable kubeconfig" in why_not(broken)


def test_a_cluster_that_does_not_let_us_in_is_told_from_one_that_is_away(
    control_plane: ControlPlane, tmp_path: Path
) -> None:
    stranger = control_plane.write_kubeconfig(tmp_path / "stranger", "no-such-token")
    away = tmp_path / "away"
    nowhere = f"https://127.0.0.1:{free_port()}"
    away.write_text(stranger.read_text().replace(control_plane.server, nowhere))

    assert "has no namespace nowhere" in why_not(control_plane.kubeconfig, "nowhere")
    assert "does not accept the credential" in why_not(stranger)
    assert f"No API server answers at {nowhere}" in why_not(away)
