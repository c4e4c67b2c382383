"""Is an answer a function of its request alone? Determinism and statelessness.

Two fresh instances get the same long series: every sample again and again, in changing order. An answer
that changes within the series, and changes in the same way on the other instance, comes from what the
capability remembers; one that changes differently comes from chance or from the clock.
"""

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import ExitStack

from capability_sdk.contracts.packages import Check, Figure, Section
from capability_sdk.gate.cases import (
    Case,
    Outputs,
    alike,
    complaint_of,
    group_of,
    infer,
    joined,
    outputs_of,
    rows_of,
)
from capability_sdk.gate.instance import Instance
from capability_sdk.gate.verdicts import Findings
from capability_sdk.gate.wire import Answer, NoAnswer, Wire

_MOST_CASES = 16
_ROUNDS = 6
_MATES = 8
_CHANCE = "Remove what is random in the model, or fix its seed; let no answer depend on the time."
_MEMORY = "Keep nothing between requests: no counters, caches of inputs, or files."


class Series:
    """The answers of one instance to the series of requests, in order."""

    def __init__(self, cases: Sequence[Case]) -> None:
        self.cases = list(cases[:_MOST_CASES])
        shuffle = random.Random(7).sample  # noqa: S311 - an order, not a secret
        self.order = [
            case
            for round_ in range(_ROUNDS)
            for case in (self.cases if round_ == 0 else shuffle(self.cases, len(self.cases)))
            # A sample twice in a row, as well as far apart.
            for _ in range(1 + round_ % 2)
        ]

    def answers(self, wire: Wire) -> list[Answer]:
        """Ask the whole series, one request after the other.

        Raises:
            NoAnswer: The instance stopped to answer.
        """
        return [wire.ask(case.request) for case in self.order]

    def changed(self, answers: Sequence[Answer]) -> dict[str, int]:
        """Name the samples that were not always answered alike, with the place of the change."""
        first: dict[str, Outputs | None] = {}
        changed: dict[str, int] = {}
        for place, (case, answer) in enumerate(zip(self.order, answers, strict=True)):
            outputs = outputs_of(answer)
            if first.setdefault(case.name, outputs) != outputs:
                changed.setdefault(case.name, place)
        return changed


def check_repetition(first: Instance, second: Instance, cases: list[Case]) -> tuple[Check, Check]:
    """Judge determinism and statelessness on two fresh instances."""
    chance = Findings("determinism", Section.DETERMINISM, _CHANCE)
    memory = Findings("statelessness", Section.STATELESSNESS, _MEMORY)
    series = Series(cases)
    try:
        with first.connect() as one, second.connect() as other:
            left, right = series.answers(one), series.answers(other)
            _compare(series, left, right, chance, memory)
            if not chance.breaks and not memory.breaks:
                _interleave(series, one, other, memory)
        if not chance.breaks and not memory.breaks:
            _mix(first, series.cases, chance)
    except NoAnswer as error:
        chance.breaks.append(f"the instance stopped to answer: {error}")
    for findings in (chance, memory):
        findings.figures.append(Figure(name="requests", value=2 * len(series.order)))
    return (
        chance.check("repeated, reordered and beside others in a batch, a sample has one answer"),
        memory.check("two instances agree on interleaved and replayed requests"),
    )


def _compare(
    series: Series,
    left: Sequence[Answer],
    right: Sequence[Answer],
    chance: Findings,
    memory: Findings,
) -> None:
    same = [outputs_of(a) == outputs_of(b) for a, b in zip(left, right, strict=True)]
    changed = series.changed(left)
    for name, place in changed.items():
        text = f"{name} got another answer as request {place + 1} of a series"
        if all(same):
            memory.breaks.append(f"{text}, the same on a second instance: it remembers")
        else:
            chance.breaks.append(f"{text}, and yet another on a second instance")
    if not changed and not all(same):
        name = series.order[same.index(False)].name
        chance.breaks.append(f"{name} has two answers on two instances")


def _interleave(series: Series, one: Wire, other: Wire, memory: Findings) -> None:
    """Have two callers take turns, each now here, now there, in opposite orders."""
    known = {case.name: outputs_of(one.ask(case.request)) for case in series.cases}
    callers = zip(series.order, reversed(series.order), strict=True)
    for turn, (case, replayed) in enumerate(callers):
        here, there = (one, other) if turn % 2 else (other, one)
        for wire, asked in ((here, case), (there, replayed)):
            if outputs_of(wire.ask(asked.request)) != known[asked.name]:
                memory.breaks.append(f"{asked.name} changed between the requests of others")
                return


def _mix(instance: Instance, cases: Sequence[Case], chance: Findings) -> None:
    """Put samples into one batch: of one request, and of requests that arrive together."""
    with instance.connect() as wire:
        known = {case.name: outputs_of(wire.ask(case.request)) for case in cases}
        for group in _groups(cases).values():
            _ask_as_one(wire, group, known, chance)
    _ask_together(instance, cases, known, chance)


def _groups(cases: Sequence[Case]) -> Mapping[str, list[Case]]:
    groups: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        groups[group_of(case.sample.request)].append(case)
    return groups


def _ask_as_one(
    wire: Wire, group: Sequence[Case], known: Mapping[str, Outputs | None], chance: Findings
) -> None:
    mates = _that_fit((list(group) * _MATES)[:_MATES])
    if len(mates) < 2:  # noqa: PLR2004 - a batch of one is what was asked before
        return
    batch = joined([case.sample.request for case in mates])
    answer = wire.ask(infer(mates[0].manifest, batch))
    outputs = outputs_of(answer)
    if outputs is None:
        chance.breaks.append(f"{rows_of(batch)} rows in one request: {complaint_of(answer)}")
        return
    expected: dict[str, list[object]] = {name: [] for name in outputs}
    for case in mates:
        for name, values in (known[case.name] or {}).items():
            expected.setdefault(name, []).extend(values)
    if not alike(outputs, expected):
        chance.breaks.append(f"{mates[0].name} changes with the rows beside it in its request")


def _that_fit(cases: Sequence[Case]) -> list[Case]:
    """Return the first of the cases whose rows may be in one request."""
    left = cases[0].manifest.max_batch_size
    fitting = []
    for case in cases:
        left -= rows_of(case.sample.request)
        if left < 0:
            break
        fitting.append(case)
    return fitting


def _ask_together(
    instance: Instance,
    cases: Sequence[Case],
    known: Mapping[str, Outputs | None],
    chance: Findings,
) -> None:
    with ExitStack() as stack:
        wires = [stack.enter_context(instance.connect()) for _ in range(_MATES)]
        for start in range(0, len(cases), _MATES):
            mates = (list(cases[start:]) * _MATES)[:_MATES]
            for wire, case in zip(wires, mates, strict=True):
                wire.send(case.request)
            for wire, case in zip(wires, mates, strict=True):
                outputs, alone = outputs_of(wire.receive()), known[case.name]
                if (outputs is None) != (alone is None) or not alike(outputs or {}, alone or {}):
                    chance.breaks.append(f"{case.name} changes with other callers' requests")
