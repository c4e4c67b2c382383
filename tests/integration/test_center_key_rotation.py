"""The worker replaces the key that signs access tokens, and every gateway learns it in time."""

from datetime import timedelta
from pathlib import Path

from center.rotation import KeyRotation
from tests.center_world import running_center


def test_an_old_token_key_is_joined_by_a_new_one_in_the_key_set(tmp_path: Path) -> None:
    with running_center(f"sqlite:///{tmp_path / 'c.db'}", tmp_path) as world:

        def published_keys() -> set[str]:
            keys = world.anonymous.get("/.well-known/jwks.json").json()["keys"]
            return {key["kid"] for key in keys}

        rotation = KeyRotation(world.database, world.settings, world.clock)
        before = published_keys()
        rotation.run()
        assert published_keys() == before

        world.clock.move(world.settings.token_key_age + timedelta(seconds=1))
        rotation.run()

        assert before < published_keys()
