"""The board joins every domain's figures: one state, one cause, the worst first."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest
from sqlalchemy import event, update

from capability_sdk.profiling.anchors import build_reference
from capability_sdk.profiling.carrier import to_whylogs
from capability_sdk.profiling.digest import anchors_digest
from center.board.joining import Board
from center.board.store import BoardStore
from center.board.views import BoardView
from center.database import Database
from center.instance.store import DeploymentRow
from center.subscription.store import SubscriptionRow
from tests.campaigns.drift.images import WINDOW, counted, noisy, split
from tests.center_stock import DIGITS, MANIFEST
from tests.integration.telemetry_world import (
    NOW,
    PROVINCES,
    Center,
    guizhou,
    health,
    keep_package,
    profile,
    quality,
    running_center,
    turned_away,
    usage,
    work,
)


@pytest.fixture
def center(database_url: str, tmp_path: Path) -> Iterator[Center]:
    with running_center(database_url, tmp_path) as running:
        deploy(running.database)
        yield running


def test_a_drifting_province_stands_first_with_its_column_and_the_other_is_well(
    center: Center,
) -> None:
    send_profiles(center, drifting=("guizhou",))
    assert center.send([usage(seq) for seq in range(1, 31)]).status_code == 200
    join(center)

    board = center.get("/board", "admin")
    BoardView.model_validate(board)
    first, second = board["cells"]
    assert (first["province"], first["state"], first["verdict"]) == ("guizhou", "drift", "drift")
    cause = first["cause"]
    assert cause["code"] == "drift"
    assert cause["figures"]["column"] == first["column"]
    assert cause["figures"]["moved"] == first["moved"] > 20
    assert cause["figures"]["since"] == "2026-11-20T12:00:00Z"
    assert cause["figures"]["also_in"] == []
    assert (second["province"], second["state"]) == ("zhejiang", "healthy")
    assert (second["calls"], second["used"], second["quota"]) == (30, 30, 1000)
    assert second["latency_ms"] == pytest.approx(0.9)
    tiles = {tile["name"]: tile for tile in board["provinces"]}
    assert tiles["guizhou"]["state"] == "drift"
    assert tiles["zhejiang"]["counts"] == {"healthy": 1}
    assert board["capabilities"][0]["titles"] == {"zh": "数字识别", "en": "Digits"}


def test_provinces_that_drift_in_the_same_column_name_each_other(center: Center) -> None:
    send_profiles(center, drifting=PROVINCES)
    join(center)

    cells = center.get("/board", "admin")["cells"]
    assert {c["province"]: c["cause"]["figures"]["also_in"] for c in cells} == {
        "guizhou": ["zhejiang"],
        "zhejiang": ["guizhou"],
    }


def test_a_silent_province_has_no_data_and_one_that_stopped_is_late_then_silent(
    center: Center,
) -> None:
    center.send([health(1)], stream="health")
    join(center)
    assert states(center) == {"guizhou": ("no-data", "never-heard"), "zhejiang": ("healthy",) * 2}

    yesterday = (NOW - timedelta(hours=25)).isoformat()
    center.send([health(1, at=yesterday)], of="guizhou", stream="health")
    join(center)
    assert states(center) == {"guizhou": ("no-data", "silent"), "zhejiang": ("healthy",) * 2}

    center.world.clock.move(timedelta(hours=4))
    assert states(center)["zhejiang"] == ("late", "late")


def test_refused_calls_failing_calls_and_a_used_up_quota_are_watched(center: Center) -> None:
    center.send([*(usage(seq) for seq in range(1, 33)), turned_away(33, 8)])
    center.send([guizhou(s, status=503 if s % 5 == 0 else 200) for s in range(1, 41)], of="guizhou")
    join(center)
    assert states(center) == {"zhejiang": ("watch", "flooded"), "guizhou": ("watch", "errors")}
    (flooded,) = (c for c in center.get("/board", "admin")["cells"] if c["province"] == "zhejiang")
    assert (flooded["calls"], flooded["refused"], flooded["latency_ms"]) == (40, 8, 0.9)

    with center.database.session() as session:
        session.execute(update(SubscriptionRow).values(daily_quota=40))
    center.send([guizhou(seq) for seq in range(41, 800)], of="guizhou")
    join(center)
    assert states(center)["guizhou"] == ("watch", "quota")


def test_answers_that_got_worse_come_before_everything_else(center: Center) -> None:
    send_profiles(center, drifting=("guizhou",))
    before = quality(1, {(1, 1): 190, (1, 2): 10}, 500)
    before["body"]["window"] = (NOW - timedelta(days=5)).replace(minute=0).isoformat()
    center.send([before, quality(2, {(1, 1): 120, (1, 2): 80}, 500)], stream="quality")
    join(center)

    cells = center.get("/board", "admin")["cells"]
    assert [(c["province"], c["state"]) for c in cells] == [
        ("zhejiang", "quality-down"),
        ("guizhou", "drift"),
    ]
    assert cells[0]["cause"]["figures"] == {"accuracy": 0.6, "before": 0.95, "labelled": 200}


def test_a_cell_shows_its_timeline_its_columns_and_both_histograms(center: Center) -> None:
    send_profiles(center, drifting=("guizhou",), hours=(26, 25, 2, 1, 0))
    center.send([quality(1, {(1, 1): 80, (1, 2): 20}, 500)], of="guizhou", stream="quality")
    join(center)

    cell = center.get(f"/board/{DIGITS}/guizhou", "guizhou")
    assert [point["verdict"] for point in cell["drift"]] == ["drift"] * 5
    assert cell["drift"][-1]["effect"] == cell["columns"][0]["effect"]
    assert cell["columns"] == sorted(cell["columns"], key=lambda c: -c["effect"])
    assert cell["quality"][0]["low"] < 0.8 < cell["quality"][0]["high"]
    assert cell["thresholds"]["set_by"] == "platform"
    assert max(abs(c["shift"] or 0.0) for c in cell["columns"]) > 0.3

    name = cell["columns"][0]["column"]
    column = center.get(f"/board/{DIGITS}/guizhou/columns/{name}", "guizhou")
    assert len(column["edges"]) == len(column["current"]["counts"]) + 1
    assert len(column["reference"]["counts"]) == len(column["current"]["counts"])
    assert column["current"]["rows"] == WINDOW
    assert [item["at"] for item in column["same_hour"]] == []
    shown = column["reference"]["counts"]
    assert sum(shown) + column["reference"]["outside"] == column["reference"]["rows"]

    missing = center.ask(f"/board/{DIGITS}/guizhou/columns/nothing", "guizhou")
    assert missing.json()["type"].endswith("/no-profile-column")


def test_nobody_sees_cells_that_are_not_theirs(center: Center) -> None:
    send_profiles(center, drifting=PROVINCES)
    join(center)

    own = center.get("/board", "zhejiang")
    assert {cell["province"] for cell in own["cells"]} == {"zhejiang"}
    assert [tile["name"] for tile in own["provinces"]] == ["zhejiang"]
    assert own["cells"][0]["cause"]["figures"]["also_in"] == []
    assert center.get("/board", "stranger")["cells"] == []
    assert center.ask(f"/board/{DIGITS}/guizhou", "zhejiang").status_code == 404
    assert center.ask(f"/board/{DIGITS}/guizhou", "stranger").status_code == 404
    column = f"/board/{DIGITS}/guizhou/columns/image[3]"
    assert center.ask(column, "zhejiang").status_code == 404


def test_the_board_asks_as_often_for_one_cell_as_for_many(center: Center) -> None:
    send_profiles(center, drifting=("guizhou",))
    join(center)
    center.client("zhejiang")

    with statements(center.database) as one:
        center.get("/board", "zhejiang")
    with statements(center.database) as all_of_them:
        center.get("/board", "admin")

    assert len(one) == len(all_of_them)
    with statements(center.database) as again:
        center.get("/board", "admin")
    assert len(again) == len(all_of_them) - 1  # cells are read once a joining


def test_cells_joined_twice_at_one_moment_are_those_of_the_second_time(center: Center) -> None:
    join(center)
    assert set(states(center)) == set(PROVINCES)

    with center.database.session() as session:
        BoardStore(session).replace("guizhou", [], None, center.world.clock())

    assert set(states(center)) == {"zhejiang"}


def deploy(database: Database) -> None:
    share = {"version": "1.0.0", "weight": 1, "replicas": 1}
    with database.session() as session:
        session.add_all(
            DeploymentRow(
                province=name,
                capability=DIGITS,
                shares=[share],
                present=True,
                revision=1,
                updated_by="root",
                updated_at=NOW,
            )
            for name in PROVINCES
        )


def send_profiles(
    center: Center, *, drifting: tuple[str, ...], hours: tuple[int, ...] = (0,)
) -> None:
    """Send real digits from both provinces, noisy from those that drift, and judge them."""
    train, unseen = split(0)
    reference = build_reference({"image": train}, MANIFEST)
    keep_package(center, reference)
    for name in PROVINCES:
        records, generator = [], np.random.default_rng(5)
        for seq, ago in enumerate(hours, start=1):
            images = unseen[:WINDOW]
            if name in drifting:
                images = noisy(images, 4.0, generator)
            content = to_whylogs(counted(reference, images), reference.columns)
            digest, hour = anchors_digest(reference), NOW - timedelta(hours=ago)
            records.append(profile(seq, content, len(images), digest, hour))
        assert center.send(records, of=name, stream="profile").status_code == 200
    work(center)


def join(center: Center) -> None:
    center.world.clock.move(timedelta(seconds=1))
    board = Board(center.database, center.world.clock)
    while board.run():
        pass


def states(center: Center) -> Mapping[str, tuple[str, str]]:
    cells = center.get("/board", "admin")["cells"]
    return {cell["province"]: (cell["state"], cell["cause"]["code"]) for cell in cells}


class statements(list[str]):  # noqa: N801 - reads as a block
    """Collects the SELECTs of a block."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        self._engine = database.engine

    def _note(self, _c: Any, _k: Any, text: str, *_: Any) -> None:  # noqa: ANN401 - SQLAlchemy's own
        if text.lstrip().upper().startswith("SELECT"):
            self.append(text)

    def __enter__(self) -> Self:
        event.listen(self._engine, "before_cursor_execute", self._note)
        return self

    def __exit__(self, *_: object) -> None:
        event.remove(self._engine, "before_cursor_execute", self._note)
