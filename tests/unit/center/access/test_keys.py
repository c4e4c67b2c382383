"""Key sets over time."""

from datetime import timedelta
from pathlib import Path

from center.access.domain import Purpose, SigningKey, key_set, signs_now
from center.access.service import rotate_if_due
from center.permissions import CENTER, Actor, ActorKind, Role
from tests.center_world import START, running_center

_ADMIN = Actor(ActorKind.PERSON, "root", Role.ADMIN, CENTER)


def _key(generation: int, active_from: timedelta, expires: timedelta | None = None) -> SigningKey:
    return SigningKey(
        kid=f"k{generation}",
        purpose=Purpose.TOKEN,
        generation=generation,
        public_jwk={"kid": f"k{generation}"},
        sealed=b"",
        active_from=START + active_from,
        expires_at=None if expires is None else START + expires,
    )


def test_the_newest_key_that_has_begun_signs() -> None:
    old, new = _key(1, timedelta(0), timedelta(hours=1)), _key(2, timedelta(minutes=2))

    assert signs_now([old, new], START) == old
    assert signs_now([new, old], START + timedelta(minutes=2)) == new
    assert signs_now([old], START + timedelta(hours=1)) is None
    assert signs_now([], START) is None


def test_the_version_of_the_key_set_only_grows_also_by_the_passing_of_time() -> None:
    keys = [_key(1, timedelta(0), timedelta(hours=1)), _key(2, timedelta(minutes=2))]

    before = key_set(keys[:1], START)
    both = key_set(keys, START)
    after = key_set(keys, START + timedelta(hours=1))

    assert [key["kid"] for key in both.keys] == ["k2", "k1"]
    assert [key["kid"] for key in after.keys] == ["k2"]
    assert before.version < both.version < after.version


def test_keys_rotate_by_themselves_when_they_are_old_and_only_then(tmp_path: Path) -> None:
    with running_center(f"sqlite:///{tmp_path / 'c.db'}", tmp_path) as world:

        def rotated(age_days: int) -> bool:
            now = START + timedelta(days=age_days)
            with world.database.session() as session:
                made = rotate_if_due(
                    session,
                    _ADMIN,
                    world.app.state.signer,
                    now,
                    lead=timedelta(minutes=2),
                    age=timedelta(days=30),
                )
            return made is not None

        assert [rotated(days) for days in (0, 29, 30, 30, 31, 60, 61)] == [
            *(False, False, True, False, False, False, True)
        ]
