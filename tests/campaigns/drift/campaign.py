"""Drift: a province with a worn scanner is flagged at once, a clean one is left in peace.

The bar is on unseen digits: over 20 seeds Guizhou, whose images are noisy, is flagged in every first
window, and Zhejiang, whose images are clean, in at most one of all its windows. Beside it stand what
the verdict's thresholds were chosen on: nulls where nothing moved, simulated and of real radio cells.
"""

import os
from pathlib import Path

import numpy as np

from capability_sdk.contracts.profiles import ReferenceProfile
from capability_sdk.profiling.anchors import build_reference
from center.monitoring.domain import (
    FALSE_DISCOVERY_RATE,
    MATERIAL_EFFECT,
    DriftVerdict,
    Judgement,
)
from tests.campaigns.drift.images import (
    WINDOW,
    Images,
    counted,
    counted_columns,
    judged,
    noisy,
    split,
)
from tests.campaigns.drift.nulls import CELLS, SIMULATED, cells, simulated, windows
from tests.campaigns.drift.whole_way import verdicts
from tests.campaigns.harness import Campaign, PlantedBug, Run, Void
from tests.center_stock import MANIFEST

_TRAIN = 797
"""Leaves 1,000 unseen images: two windows that share none."""
_GUIZHOU = 4.0
_LEVELS = (0.5, 1.0, 2.0)
_SHARES = (0.1, 0.2, 0.3, 0.5)
_REDRAWN = 4
_SEEDS_OF_THE_BAR = 20
_NULL_WINDOWS = 20
_HARMLESS = 0.05
_STORE = "center/monitoring/store.py"


def play(run: Run) -> None:
    """Judge the windows of ``size`` seeds, then the nulls, then one seed the whole way."""
    seeds = [run.seed * 1000 + number for number in range(run.size)]
    _digits(run, seeds)
    _simulated_nulls(run, seeds)
    _radio_cells(run, seeds)
    _whole_way(run, seeds[0])


def _is_drift(judgement: Judgement) -> bool:
    return judgement.verdict is DriftVerdict.DRIFT


def _digits(run: Run, seeds: list[int]) -> None:
    flagged = dict.fromkeys(("zhejiang", "redrawn", "guizhou"), 0)
    by_level, by_share = dict.fromkeys(_LEVELS, 0), dict.fromkeys(_SHARES, 0)
    for seed in seeds:
        train, unseen = split(seed, _TRAIN)
        reference = build_reference({"image": train}, MANIFEST)
        chance = np.random.default_rng(seed)
        own = [unseen[:WINDOW], unseen[WINDOW : 2 * WINDOW]]
        redrawn = [unseen[chance.integers(0, len(unseen), WINDOW)] for _ in range(_REDRAWN)]
        flagged["zhejiang"] += _alarms(reference, own)
        flagged["redrawn"] += _alarms(reference, redrawn)
        flagged["guizhou"] += _alarms(reference, [noisy(own[0], _GUIZHOU, chance)])
        for level in _LEVELS:
            by_level[level] += _alarms(reference, [noisy(own[0], level, chance)])
        for share in _SHARES:
            worn = int(share * WINDOW)
            mixed = np.concatenate((noisy(own[0][:worn], _GUIZHOU, chance), own[0][worn:]))
            by_share[share] += _alarms(reference, [mixed])
    seen, allowed = len(seeds), -(-len(seeds) // _SEEDS_OF_THE_BAR)
    run.expect(flagged["guizhou"] == seen, f"Guizhou was flagged in {flagged['guizhou']} of {seen}")
    run.expect(
        flagged["zhejiang"] <= allowed,
        f"Zhejiang was flagged in {flagged['zhejiang']} of {2 * seen} windows, {allowed} allowed",
    )
    run.report(
        seeds=seen,
        guizhou_first_windows_flagged=f"{flagged['guizhou']} of {seen}",
        zhejiang_windows_flagged=f"{flagged['zhejiang']} of {2 * seen}",
        zhejiang_redrawn_windows_flagged=f"{flagged['redrawn']} of {_REDRAWN * seen}",
        flagged_by_noise={f"sd {level}": f"{n} of {seen}" for level, n in by_level.items()},
        flagged_by_share_of_noisy_images={
            f"{k:.0%}": f"{n} of {seen}" for k, n in by_share.items()
        },
        other_writers=_other_writers(),
    )


def _alarms(reference: ReferenceProfile, hours: list[Images]) -> int:
    """Count the hours that are flagged, each judged as it comes, with those before it known."""
    counts = [counted(reference, images) for images in hours]
    return sum(_is_drift(judged(reference, counts[: n + 1])) for n in range(len(counts)))


def _other_writers() -> str:
    """Judge digits of people who wrote none of the training data: no null, and no bar."""
    train, unseen = _in_order()
    reference = build_reference({"image": train}, MANIFEST)
    judgement = judged(reference, [counted(reference, unseen)])
    return f"{judgement.verdict.value}, largest effect {judgement.columns[0].effect:.3f}"


def _in_order() -> tuple[Images, Images]:
    train, unseen = split(0)
    whole = np.concatenate((train, unseen))
    order = np.random.default_rng(0).permutation(len(whole))
    images = np.empty_like(whole)
    images[order] = whole
    return images[:-WINDOW], images[-WINDOW:]


def _largest_certain(judgement: Judgement) -> float:
    certain = [item.effect for item in judgement.columns if item.q <= FALSE_DISCOVERY_RATE]
    return max(certain, default=0.0)


def _simulated_nulls(run: Run, seeds: list[int]) -> None:
    certain, total, alarms, harmless = 0, 0, 0, 0
    for seed in seeds:
        chance = np.random.default_rng(seed)
        reference = build_reference(simulated(WINDOW, chance), SIMULATED)
        for _ in range(_NULL_WINDOWS):
            counts = counted_columns(reference, simulated(WINDOW, chance))
            judgement = judged(reference, [counts])
            certain += _largest_certain(judgement) > 0
            alarms += _is_drift(judgement)
            total += 1
        wide = build_reference(simulated(20_000, chance), SIMULATED)
        moved = counted_columns(wide, simulated(20_000, chance, _HARMLESS))
        judgement = judged(wide, [moved])
        if not _largest_certain(judgement):
            raise Void("the harmless shift is not even certain")
        harmless += _is_drift(judgement)
    # Correction keeps a null window from having any certain column in 99 of 100; four standard
    # deviations above is chance no more.
    most = FALSE_DISCOVERY_RATE * total + 4 * (FALSE_DISCOVERY_RATE * total) ** 0.5 + 1
    run.expect(certain <= most, f"{certain} of {total} null windows have a certain column")
    run.expect(alarms == 0, f"{alarms} of {total} simulated null windows were flagged")
    run.expect(harmless == 0, f"a harmless shift was flagged in {harmless} of {len(seeds)}")
    run.report(
        null_windows=total, null_windows_with_a_certain_column=certain, null_alarms=alarms,
        harmless_shifts_flagged=f"{harmless} of {len(seeds)}",
    )  # fmt: skip


def _radio_cells(run: Run, seeds: list[int]) -> None:
    """Measure the effect that chance alone shows in real KPI: thresholds have to stand above it."""
    data = Path(os.environ.get("JIUZHOU_TEST_DATA", "../shared/data"))
    if not (data / "ran-cell-kpi").is_dir():
        run.report(radio_cells="not measured: no real data here; set JIUZHOU_TEST_DATA")
        return
    home = cells(data, "P1")
    elsewhere = {name: cells(data, name) for name in ("P2", "P3")}
    largest, judged_windows, alarms = 0.0, 0, 0
    moved: dict[str, list[float]] = {name: [] for name in elsewhere}
    for seed in seeds:
        chance = np.random.default_rng(seed)
        shuffled = home[chance.permutation(len(home))]
        reference = build_reference({"kpi": shuffled[:1200]}, CELLS)
        for rows in windows(shuffled[1200:], WINDOW, 8):
            judgement = judged(reference, [counted_columns(reference, {"kpi": rows})])
            largest = max(largest, _largest_certain(judgement))
            alarms += _is_drift(judgement)
            judged_windows += 1
        for name, values in elsewhere.items():
            rows = values[chance.permutation(len(values))[:WINDOW]]
            judgement = judged(reference, [counted_columns(reference, {"kpi": rows})])
            moved[name].append(_largest_certain(judgement))
    run.expect(
        largest < MATERIAL_EFFECT, f"chance alone shows an effect of {largest:.3f} in radio cells"
    )
    run.expect(alarms == 0, f"{alarms} of {judged_windows} windows of radio cells were flagged")
    run.report(
        radio_cells={
            "null windows": judged_windows,
            "alarms": alarms,
            "largest certain effect by chance": round(largest, 3),
            "effects in the other provinces": {
                name: f"{min(found):.3f} to {max(found):.3f}" for name, found in moved.items()
            },
        }
    )


def _whole_way(run: Run, seed: int) -> None:
    train, unseen = split(seed, _TRAIN)
    reference = build_reference({"image": train}, MANIFEST)
    chance = np.random.default_rng(seed)
    clean = [unseen[:WINDOW], unseen[WINDOW : 2 * WINDOW]]
    worn = [noisy(images, _GUIZHOU, chance) for images in clean]
    hours = {"zhejiang": clean, "guizhou": worn}
    found = verdicts(run.folder, reference, hours)
    for province, expected in (("zhejiang", "stable"), ("guizhou", "drift")):
        item = found.get(province, {"verdict": "missing", "rows": 0, "columns_moved": 0})
        here = judged(reference, [counted(reference, images) for images in hours[province]])
        run.expect(item["verdict"] == expected, f"the whole way {province} is {item['verdict']}")
        run.expect(
            (item["rows"], item["columns_moved"]) == (here.rows, here.columns_moved),
            f"the center judged other counts of {province} than the edge made",
        )
    run.report(whole_way={name: item["verdict"] for name, item in found.items()})


_MERGED = """        whole = {}
        for at in (*known, *fresh):
            was = whole.get(at.hour, Window(at.hour, 0, {}))
            counts = add_counts(was.counts, at.counts)
            whole[at.hour] = Window(at.hour, was.rows + at.rows, counts)
        return [whole[hour] for hour in sorted(whole)]
"""

CAMPAIGN = Campaign(
    name="drift",
    unit="seeds",
    small=6,
    large=200,
    play=play,
    planted=(
        PlantedBug(
            "ks-takes-reference-as-exact",
            "center/monitoring/drift.py",
            "np.sqrt(rows * window_rows / (rows + window_rows))",
            "np.sqrt(window_rows)",
        ),
        PlantedBug(
            "chi-square-takes-reference-as-exact",
            "center/monitoring/drift.py",
            "statistic = float(((table - expected) ** 2 / expected).sum())",
            "exact = table[0] / rows * window_rows\n"
            "    statistic = float(((table[1] - exact) ** 2 / np.maximum(exact, 1e-9)).sum())",
        ),
        PlantedBug(
            "no-correction-over-columns",
            "center/monitoring/drift.py",
            "stepped = p_values[order] * columns / np.arange(1, columns + 1)",
            "stepped = p_values[order]",
        ),
        PlantedBug(
            "no-effect-gate",
            "center/monitoring/judging.py",
            "return item.q <= FALSE_DISCOVERY_RATE and item.effect >= least_effect",
            "return item.q <= FALSE_DISCOVERY_RATE",
        ),
        PlantedBug(
            # Windows of all provinces, hour by hour: no two of one hour meet, so no key refuses them.
            "national-profile-decides",
            _STORE,
            "columns = select(row.hour, row.rows, row.counts).where(*_of(row, seen.series))",
            "columns = select(row.hour, row.rows, row.counts).where("
            "row.capability == seen.series.capability)",
            along=(
                (
                    _STORE,
                    "        return sorted((*known, *fresh), key=lambda window: window.hour)\n",
                    _MERGED,
                ),
            ),
        ),
        PlantedBug(
            "cells-off-by-one",
            "center/monitoring/judging.py",
            "kolmogorov_smirnov(_ordered(before), _ordered(now))",
            "kolmogorov_smirnov(_ordered(before)[1:], _ordered(now)[:-1])",
        ),
    ),
)
