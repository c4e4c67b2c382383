"""The servers that other tests stand on are the real ones."""

from pathlib import Path

import pytest
import redis
import sqlalchemy
import tritonclient.http

from tests.servers.kubernetes.controlplane import ControlPlane
from tests.servers.kubernetes.program import KUBERNETES
from tests.servers.triton import running_triton
from tests.waiting import eventually


def test_each_database_engine_answers_with_its_own_name(empty_database_url: str) -> None:
    engine = sqlalchemy.create_engine(empty_database_url)
    try:
        with engine.connect() as connection:
            version = "sqlite_version()" if engine.dialect.name == "sqlite" else "version()"
            answer = connection.execute(sqlalchemy.text(f"SELECT {version}")).scalar_one()
    finally:
        engine.dispose()

    expected = {"sqlite": "3.", "postgresql": "PostgreSQL", "mysql": "MariaDB"}
    assert expected[engine.dialect.name] in str(answer)


@pytest.mark.parametrize("key", ["a", "b"])
def test_redis_counts(redis_url: str, key: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.incrby(f"test-servers:{key}", 3) == 3


def test_tritonserver_answers_with_its_own_name(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    with (
        running_triton(tmp_path / "models", tmp_path / "server") as triton,
        tritonclient.http.InferenceServerClient(triton.http) as client,
    ):
        assert client.get_server_metadata()["name"] == "triton"


def test_the_control_plane_is_the_real_one_and_its_fake_nodes_run_pods(
    control_plane: ControlPlane,
) -> None:
    pods = f"/api/v1/namespaces/{control_plane.namespace()}/pods"
    containers = [{"name": "anything", "image": "example.invalid/nothing"}]

    control_plane.create(pods, {"metadata": {"name": "one"}, "spec": {"containers": containers}})

    assert control_plane.http.get("/version").json()["gitVersion"] == KUBERNETES
    assert eventually(lambda: control_plane.items(pods)[0]["status"]["phase"] == "Running")
