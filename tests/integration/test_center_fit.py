"""Will it work in my province, and how good is it where it runs: from telemetry to what people read."""

from datetime import timedelta
from typing import Any

import pytest

from capability_sdk.contracts.profiles import (
    GroupedColumn,
    NumericAnchors,
    QualityBasis,
    QualityReference,
    ReferenceProfile,
)
from capability_sdk.profiling.carrier import to_whylogs
from capability_sdk.profiling.digest import anchors_digest
from tests.center_stock import DIGITS
from tests.integration.telemetry_world import (
    NOW,
    Center,
    keep_package,
    profile,
    quality,
    work,
)

FIT = f"/capabilities/{DIGITS}/fit"
LIVE = f"/capabilities/{DIGITS}/live-quality"
COLUMNS = [
    NumericAnchors(column="dark", edges=[0.0, 1.0, 2.0]),
    NumericAnchors(column="sure", edges=[0.0, 0.5, 1.0]),
]
REFERENCE = ReferenceProfile(
    rows=1000,
    columns=COLUMNS,
    counts={"dark": [0, 0, 0, 0, 500, 500], "sure": [0, 0, 0, 0, 100, 900]},
)
# Of 1,000 held-back rows 100 were unsure and half right; of the others all but 5 in 100 were.
FITS = [[0.5, 0.0, 0.45], [0.48, 0.0, 0.46], [0.52, 0.0, 0.44], [0.5, 0.0, 0.45]]
QUALITY = QualityReference(
    rows=1000,
    right=905,
    bases=[
        QualityBasis(
            about="scores",
            columns=[GroupedColumn(column="sure", groups=[-1, -1, -1, -1, 0, 1], rows=[100, 900])],
            fits=FITS,
            spread=0.01,
            reach=0.1,
        )
    ],
)


def _profile(dark: list[int], sure: list[int], *, seq: int = 1) -> dict[str, Any]:
    counts = {"dark": dark, "sure": sure}
    content = to_whylogs(counts, COLUMNS)
    return profile(seq, content, sum(dark), anchors_digest(REFERENCE))


USUAL = _profile([0, 0, 0, 0, 400, 100], [0, 0, 0, 0, 200, 300])
STRANGE = _profile([0, 0, 0, 300, 100, 100], [0, 0, 0, 0, 50, 450])


def test_a_province_whose_data_are_counted_gets_an_estimate_with_its_interval(
    center: Center,
) -> None:
    keep_package(center, REFERENCE, QUALITY)
    center.send([USUAL], stream="profile")
    work(center)

    fit = center.get(FIT, "zhejiang", province="zhejiang")

    assert (fit["finding"], fit["version"], fit["missing"]) == ("estimated", "1.0.0", [])
    first, second = fit["shifts"]
    assert (first["column"], round(first["distance"], 3)) == ("dark", 0.3)
    assert (second["column"], round(second["distance"], 3)) == ("sure", 0.3)
    assert first["source"]["capability"] == DIGITS
    assert first["source"]["rows"] == 500
    expected = fit["expected"]
    assert expected["method"] == "generalized-regression"
    assert expected["quality"]["value"] == pytest.approx(0.5 + 0.6 * 0.45)
    assert expected["loss"]["value"] == pytest.approx(0.905 - 0.77)
    assert expected["loss"]["low"] < expected["loss"]["value"] < expected["loss"]["high"]
    assert (expected["held_back_rows"], expected["basis"]) == (1000, "scores")


def test_where_no_training_row_ever_stood_nothing_is_estimated(center: Center) -> None:
    keep_package(center, REFERENCE, QUALITY)
    center.send([STRANGE], stream="profile")
    work(center)

    fit = center.get(FIT, "zhejiang", province="zhejiang")

    assert (fit["finding"], fit["expected"]) == ("no-overlap", None)
    assert fit["unknown"] == pytest.approx(0.6)
    assert fit["shifts"][0]["distance"] == pytest.approx(0.6)


def test_a_province_that_counts_nothing_is_told_which_columns_are_missing(center: Center) -> None:
    keep_package(center, REFERENCE, QUALITY)

    fit = center.get(FIT, "guizhou", province="guizhou")

    assert (fit["finding"], fit["missing"]) == ("no-profile", ["dark", "sure"])
    assert center.ask(FIT, "guizhou", province="zhejiang").status_code == 404
    assert center.ask(FIT, "admin", province="nowhere").status_code == 404
    assert center.ask(FIT, "admin").status_code == 422


def test_few_rows_and_a_package_that_says_little_are_called_so(center: Center) -> None:
    keep_package(center, REFERENCE, QUALITY)
    few = _profile([0, 0, 0, 0, 50, 50], [0, 0, 0, 0, 50, 50])
    center.send([few], stream="profile")
    work(center)
    assert center.get(FIT, "admin", province="zhejiang")["finding"] == "too-few-rows"


def test_without_held_back_rows_only_shifts_are_shown(center: Center) -> None:
    keep_package(center, REFERENCE)
    center.send([USUAL], stream="profile")
    work(center)

    fit = center.get(FIT, "admin", province="zhejiang")

    assert (fit["finding"], fit["expected"]) == ("shifts-only", None)
    assert len(fit["shifts"]) == 2


def test_live_quality_is_realized_with_its_interval_and_estimated_beside_it(
    center: Center,
) -> None:
    keep_package(center, REFERENCE, QUALITY)
    center.send([USUAL], stream="profile")
    work(center)
    center.send([quality(1, {(1, 1): 15, (2, 1): 4, (10, 10): 1}, 40)], stream="quality")
    center.world.clock.move(timedelta(minutes=10))

    live = center.get(LIVE, "zhejiang")

    (place,) = live["provinces"]
    assert (place["province"], place["version"], place["predictions"]) == ("zhejiang", "1.0.0", 40)
    realized = place["realized"]
    # Undeclared classes are never right: 15 of 20.
    assert (realized["method"], realized["rows"]) == ("wilson", 20)
    assert realized["quality"]["value"] == pytest.approx(0.75)
    assert round(realized["quality"]["low"], 4) == 0.5313
    assert realized["begins"] == NOW.replace(minute=0).isoformat().replace("+00:00", "Z")
    assert realized["age_seconds"] == pytest.approx(600)
    assert place["estimated"]["quality"]["value"] == pytest.approx(0.77)
    assert place["estimated"]["rows"] == 500
    assert place["basis"] == "scores"


def test_a_capability_that_nobody_called_has_no_quality_anywhere(center: Center) -> None:
    keep_package(center, REFERENCE, QUALITY)

    assert center.get(LIVE, "admin")["provinces"] == []
    assert center.ask("/capabilities/unknown/live-quality", "admin").status_code == 404


def test_other_provinces_are_told_as_a_sum_of_several_or_not_at_all(center: Center) -> None:
    keep_package(center, REFERENCE, QUALITY)
    center.send([quality(1, {(1, 1): 30, (2, 1): 10}, 90)], stream="quality")

    for reader in ("guizhou", "stranger"):
        live = center.get(LIVE, reader)
        assert (live["provinces"], live["elsewhere"], live["is_withheld"]) == ([], [], True)

    for province, right in (("jiangsu", 15), ("fujian", 5)):
        center.enrol(province)
        cells = {(1, 1): right, (2, 1): 20 - right}
        center.send([quality(1, cells, 30)], of=province, stream="quality")
    live = center.get(LIVE, "guizhou")

    (others,) = live["elsewhere"]
    assert (live["provinces"], live["is_withheld"]) == ([], False)
    assert (others["version"], others["provinces"], others["predictions"]) == ("1.0.0", 3, 150)
    assert others["realized"]["rows"] == 80
    assert others["realized"]["quality"]["value"] == pytest.approx(50 / 80)
    # Their own province is not in the sum, so two are left: too few.
    own = center.get(LIVE, "zhejiang")
    assert [item["province"] for item in own["provinces"]] == ["zhejiang"]
    assert (own["elsewhere"], own["is_withheld"]) == ([], True)
    for reader in ("engineer", "admin"):
        places = [item["province"] for item in center.get(LIVE, reader)["provinces"]]
        assert places == ["fujian", "jiangsu", "zhejiang"]
