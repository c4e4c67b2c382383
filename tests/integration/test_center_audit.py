"""The audit trail: looked up, exported, and proven without the center."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from center.commands import admin
from tests.center_world import World, running_center


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> Iterator[World]:
    with running_center(database_url, tmp_path) as made:
        for province in ("zhejiang", "guizhou"):
            made.add_province(province)
            made.admin.post("/applications", {"name": "desk", "province": province})
        yield made


def _found(world: World, query: str) -> list[str]:
    items = world.admin.get(f"/audit?{query}").json()["items"]
    return [f"{item['act']} {item['province']}" for item in items]


def test_acts_are_found_by_who_what_whose_and_when(world: World) -> None:
    world.add_person("li-na", "engineer")
    now = world.clock().isoformat().replace("+", "%2B")

    assert _found(world, "act=application.&province=guizhou") == ["application.registered guizhou"]
    assert _found(world, "subject=province/") == [
        "province.founded guizhou",
        "province.founded zhejiang",
    ]
    assert _found(world, "actor=li-na") == ["invitation.accepted None"]
    assert _found(world, f"act=user.&from={now}") == ["user.invited None"]
    assert _found(world, f"act=user.&to={now}") == []
    csv = world.admin.get("/audit?act=user.invited", headers={"Accept": "text/csv"})
    assert csv.text.splitlines()[1].count("user.invited") == 1


def test_an_admin_of_a_region_reads_its_acts_alone(world: World) -> None:
    regional = world.add_person("regional", "admin", provinces=["guizhou"])

    items = regional.get("/audit").json()["items"]

    assert {item["province"] for item in items} == {"guizhou"}
    assert regional.get("/audit?province=zhejiang").status_code == 403
    assert regional.get("/audit:proof").status_code == 403


def test_C03_a_cut_off_trail_is_found_though_its_head_was_set_back(world: World) -> None:
    assert world.admin.get("/audit:verify").json()["intact"] is True
    with world.database.session() as session:
        session.execute(text("DELETE FROM audit WHERE seq=5"))
        kept = session.execute(text("SELECT hash FROM audit WHERE seq=4")).scalar_one()
        session.execute(text("UPDATE audit_head SET seq=4, hash=:kept"), {"kept": kept})

    verdict = world.admin.get("/audit:verify").json()

    assert (verdict["intact"], verdict["broken_at"]) == (False, 5)
    refused = world.admin.get("/audit:proof")
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/trail-broken")


def test_a_proof_is_verified_offline_and_against_an_earlier_one(
    world: World, tmp_path: Path
) -> None:
    key, early, late = (tmp_path / name for name in ("key.json", "early.jsonl", "late.jsonl"))
    key.write_text(world.admin.get("/audit:keys").text)
    early.write_bytes(world.admin.get("/audit:proof").content)
    world.add_province("hunan")
    late.write_bytes(world.admin.get("/audit:proof").content)

    def verify(file: Path, *options: str) -> str:
        command = ["audit", "verify", str(file), "--key", str(key), *options]
        return CliRunner().invoke(admin, command).output

    assert "Whole: 6 acts" in verify(late, "--anchor", str(early))
    assert "missing after act 5" in verify(early, "--anchor", str(late))
    lines = late.read_bytes().splitlines(keepends=True)
    late.write_bytes(b"".join([*lines[:2], *lines[3:]]))
    assert "broken at act 3" in verify(late)
    other = json.loads(key.read_text())
    other["keys"][0]["kid"] = "another"
    key.write_text(json.dumps(other))
    assert "not a head that this center signed" in verify(early)
