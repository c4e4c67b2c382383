"""The servers that other tests stand on are the real ones."""

from pathlib import Path

import pytest
import redis
import sqlalchemy
import tritonclient.http

from tests.servers.triton import running_triton


def test_each_database_engine_answers_with_its_own_name(database_url: str) -> None:
    engine = sqlalchemy.create_engine(database_url)
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
