"""The audit trail against somebody who can write the database."""

from pathlib import Path

from sqlalchemy import select

from center.identity.audit import AuditRow
from tests.center_world import World, running_center


def _acts(world: World) -> list[AuditRow]:
    with world.database.session(write=False) as session:
        return list(session.scalars(select(AuditRow).order_by(AuditRow.seq)))


def test_an_act_with_a_valid_hash_from_another_history_is_found(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    url = f"sqlite:///{tmp_path / 'a' / 'c.db'}"
    with running_center(url, tmp_path / "a") as world:
        world.add_province("hunan")
        foreign = _acts(world)[1]
    url = f"sqlite:///{tmp_path / 'b' / 'c.db'}"
    with running_center(url, tmp_path / "b") as world:
        world.add_province("zhejiang")
        world.add_province("guizhou")

        with world.database.session() as session:
            session.merge(foreign)

        verdict = world.admin.get("/audit:verify").json()
        # The planted act fits what is before it, but not what comes after.
        assert (verdict["intact"], verdict["broken_at"]) == (False, 3)


def test_a_refused_act_leaves_no_trace(tmp_path: Path) -> None:
    with running_center(f"sqlite:///{tmp_path / 'c.db'}", tmp_path) as world:
        world.add_province("hunan")
        body = {"name": "hunan", "titles": {"zh": "x", "en": "y"}}

        assert world.admin.post("/provinces", body).status_code == 409

        assert [row.act for row in _acts(world)] == ["admin.created", "province.founded"]
