"""Reservations against a model, step by step: no room is given away twice (E15, E16)."""

import traceback

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.campaigns.harness import Campaign, PlantedBug, Run
from tests.campaigns.reservations.machine import Reservations

_SMALL, _LARGE = 1_000, 100_000
_STEPS_OF_AN_EXAMPLE = 50
_LEDGER = "scheduler/reservations/ledger.py"


def _play(run: Run) -> None:
    began = Reservations.steps
    while Reservations.steps - began < run.size:
        plan = settings(
            max_examples=max(run.size // _STEPS_OF_AN_EXAMPLE, 1),
            stateful_step_count=_STEPS_OF_AN_EXAMPLE,
            deadline=None,
            database=None,
            print_blob=False,
            phases=[Phase.generate],  # to shrink what failed costs a minute
            suppress_health_check=list(HealthCheck),
        )
        seed(run.random.getrandbits(32))(Reservations)
        try:
            run_state_machine_as_test(Reservations, settings=plan)
        except AssertionError as error:
            where = traceback.extract_tb(error.__traceback__)[-1]
            run.expect(False, f"ledger and model differ in {where.name}: {where.line}")
            break
    run.report(steps=Reservations.steps - began)


CAMPAIGN = Campaign(
    name="reservations",
    unit="steps",
    small=_SMALL,
    large=_LARGE,
    planted=(
        PlantedBug(
            "room-unchecked",
            _LEDGER,
            "if lacking := has.lacking(takes):",
            "if (lacking := has.lacking(takes)) == 'disk':",
        ),
        PlantedBug(
            "old-view-taken",
            _LEDGER,
            "if seen != self.version:",
            "if seen > self.version:",
        ),
        PlantedBug(
            "started-beside-victims",
            _LEDGER,
            "i.preempted_by]:",
            "i.preempted_by == instance and i.state is State.BOUND]:",
        ),
        PlantedBug(
            "dead-scheduler-keeps-its-room",
            _LEDGER,
            "or (others_than is not None and row.owner != others_than)",
            "or (others_than is not None and row.owner == others_than)",
        ),
    ),
    play=_play,
)
