"""A synthetic day: the autoscaler against the reactive rule of the Kubernetes HPA, on the same calls.

    python -m tests.bench.scaling [--seeds 5]

The day rises from 11:00 to 13:00 and a little in the evening; every five minutes have noise of their
own, and two bursts of ten minutes come at random times. Two days of the same shape come before it,
as history for both. Calls arrive at random (Poisson) at one queue; a replica answers one at a time,
in 0.5 s in the mean (exponential), 1.5 times what the passport says, and takes 30 s to be ready. An
SLO violation is a span of five minutes in which more than one call in a hundred took longer than
4 s. Both rules
choose every 15 s within the same bounds and aim at 70 % of busy time; `hpa-60` aims at 60 %, which
costs about what the autoscaler does.
"""

import argparse
import asyncio
import math
import random
import sys
import tempfile
from pathlib import Path

from capability_sdk.contracts.scaling import ScalingRule
from scheduler.scaling.autoscaler import ScalingLimits
from tests.scaling_day import DAY, Curve, Farm, Hpa, Ours, Outcome, Rule, run, wanted

SERVICE_SECONDS = 0.5
BELIEVED_SECONDS = SERVICE_SECONDS / 1.5
TARGET_SECONDS = 4.0
START_SECONDS = 30.0
LEAST, MOST = 1, 40
UTILISATION = 0.7
HISTORY_DAYS = 2


def day_curve(seed: int) -> Curve:
    """Make the calls a second of three days; their shape is the same, their noise and bursts not."""
    chance = random.Random(seed)  # noqa: S311 - a synthetic load
    noise = [chance.lognormvariate(0, 0.12) for _ in range((HISTORY_DAYS + 1) * DAY // 300)]
    bursts = [chance.randrange(HISTORY_DAYS * DAY, (HISTORY_DAYS + 1) * DAY) for _ in range(2)]

    def rate(second: int) -> float:
        hour = second % DAY / 3600
        noon = 14 * math.exp(-(((hour - 12) / 0.7) ** 4))
        evening = 5 * math.exp(-(((hour - 20) / 1.2) ** 2))
        burst = 6 if any(at <= second < at + 600 for at in bursts) else 0
        return (0.8 + noon + evening) * noise[second // 300] + burst

    return rate


async def measure(seed: int) -> dict[str, Outcome]:
    """Let the rules live through the same days."""
    curve = day_curve(seed)
    times = {"warm": HISTORY_DAYS * DAY, "seconds": DAY}
    with tempfile.TemporaryDirectory() as folder:
        rule = ScalingRule(min=LEAST, max=MOST, target_p99_ms=TARGET_SECONDS * 1000)
        limits = ScalingLimits(utilisation=UTILISATION)
        ours = Ours(wanted(rule, BELIEVED_SECONDS), limits, Path(folder))
        rules: dict[str, Rule] = {
            "ours": ours,
            "hpa": Hpa(UTILISATION, LEAST, MOST),
            "hpa-60": Hpa(0.6, LEAST, MOST),
        }
        outcomes = {}
        for name, chosen in rules.items():
            farm = Farm(SERVICE_SECONDS, START_SECONDS, random.Random(seed))  # noqa: S311 - a synthetic load
            outcomes[name] = await run(chosen, farm, curve, target=TARGET_SECONDS, **times)
        ours.close()
    return outcomes


def main() -> None:
    """Print a line for each seed and rule."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    form = "{:>4} {:<7}{:>11}{:>11}{:>14}{:>8}{:>5}\n".format
    write = sys.stdout.write
    write(form("seed", "rule", "violations", "late", "replica-hours", "changes", "most"))
    for seed in range(parser.parse_args().seeds):
        for name, seen in asyncio.run(measure(seed)).items():
            late, hours = f"{seen.late / seen.calls:.3%}", f"{seen.replica_hours:.1f}"
            write(form(seed, name, seen.violations, late, hours, seen.changes, max(seen.replicas)))


if __name__ == "__main__":
    main()
