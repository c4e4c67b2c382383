"""Rights are taken away at the center while calls run: how long does a gateway still accept them?

Every trial takes one right away in both provinces, at each of which two gateway workers are called
all the time. The delay is measured from the center's answer, or from the moment at which a broken
link works again, to the last accepted call.
"""

import itertools
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median

from tests.campaigns.callers import Caller, Lane, running_lanes
from tests.campaigns.country import Country, running_country
from tests.campaigns.harness import Campaign, Run, Void
from tests.campaigns.revocation import planted
from tests.campaigns.revocation.acts import ACTS, WIDE_ACTS, Subject

LIMIT_SECONDS = {"none": 2.0, "cut": 5.0, "silent": 5.0, "center-away": 5.0}
"""Longest delay by what happens to the link: the bar itself."""

SMALL = 2 * len(ACTS) + len(WIDE_ACTS)
CROWDED = 3.0
"""A small run shares its machine with other tests, so its limits are this many times the bar's."""

_QUIET_SECONDS = 0.6
_LEAST_CALLS = 10
_SERVED_SECONDS = 60.0
_LINK_FAULTS = frozenset({"cut", "silent"})
_SHORT, _LONG = (1.0, 2.0), (1.0, 20.0)
_ROUNDS = ("none", "keys-leaked", "silent", "none", "cut", "none", "center-away", "keys-leaked")


@dataclass
class _Trials:
    """What one run needs at hand."""

    run: Run
    country: Country
    lanes: dict[str, list[Lane]]
    is_small: bool
    delays: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    calls: int = 0
    made: int = 0

    def limit(self, fault: str) -> float:
        return LIMIT_SECONDS[fault] * (CROWDED if self.is_small else 1.0)

    def pause(self) -> float:
        return self.run.random.uniform(*(_SHORT if self.is_small else _LONG))

    def hurry(self) -> None:
        """Wait a moment by chance, so that trials meet every phase of whoever looks by time."""
        time.sleep(self.run.random.uniform(0.0, 0.3))


def play(run: Run) -> None:
    """Take rights away ``run.size`` times or a few more; the edges' own right last."""
    with running_country(run.folder) as country:
        ports = {name: province.ports for name, province in country.provinces.items()}
        with running_lanes(ports) as lanes:
            trials = _Trials(run, country, lanes, is_small=run.size <= SMALL)
            _play_rounds(trials)
    run.report(
        trials=trials.made,
        calls=trials.calls,
        seconds_to_last_accepted_call={
            kind: _distribution(delays) for kind, delays in sorted(trials.delays.items())
        },
    )


def _play_rounds(trials: _Trials) -> None:
    for name in itertools.cycle(_ROUNDS):
        if trials.made >= trials.run.size - 1:
            break
        if trials.is_small and trials.run.findings.violations:
            return
        if name in WIDE_ACTS:
            _play_wide(trials, name)
        else:
            _play_round(trials, name)
    _play_wide(trials, "edges-revoked")


def _play_wide(trials: _Trials, name: str) -> None:
    with _subjects(trials, [name]) as subjects:
        trials.hurry()
        WIDE_ACTS[name][0](trials.country)
        _judge(trials, "none", subjects, dict.fromkeys(subjects, time.monotonic()))


def _play_round(trials: _Trials, fault: str) -> None:
    names = list(ACTS)
    trials.run.random.shuffle(names)
    with _subjects(trials, names) as subjects:
        with _fault(trials, fault):
            done = _take_away(trials, fault, subjects)
        if fault in _LINK_FAULTS:
            done = dict.fromkeys(done, time.monotonic())
        _judge(trials, fault, {key: subjects[key] for key in done}, done)


@contextmanager
def _subjects(trials: _Trials, names: list[str]) -> Iterator[dict[tuple[str, str], Subject]]:
    """Have an application in each province for each act, all of them served everywhere."""
    subjects: dict[tuple[str, str], Subject] = {}
    for name in names:
        for province in trials.country.provinces:
            subjects[name, province] = _register(trials, name, province)
    _await_service(trials, subjects)
    yield subjects
    for subject in subjects.values():
        for lane in trials.lanes[subject.province]:
            lane.remove(subject.caller)


def _await_service(trials: _Trials, subjects: dict[tuple[str, str], Subject]) -> None:
    began = time.monotonic()
    missing = {""}
    while missing and time.monotonic() < began + _SERVED_SECONDS:
        time.sleep(0.05)
        missing = {lane for s in subjects.values() for lane in s.caller.unserved(began)}
    trials.run.expect(
        not missing, f"new subscriptions do not reach {sorted(missing)} within {_SERVED_SECONDS} s"
    )


def _register(trials: _Trials, name: str, province: str) -> Subject:
    made = trials.country.register(province, f"{name} {trials.made} {len(trials.delays)}")
    edge = trials.country.provinces[province]
    caller = Caller(name, edge.token(made["client_id"], made["client_secret"]))
    for lane in trials.lanes[province]:
        lane.add(caller)
    secret = made["client_secret"]
    return Subject(province, made["client_id"], secret, made["subscription"], caller)


def _take_away(
    trials: _Trials, fault: str, subjects: dict[tuple[str, str], Subject]
) -> dict[tuple[str, str], float]:
    done = {}
    for (name, province), subject in subjects.items():
        trials.hurry()
        ACTS[name][0](trials.country, subject)
        done[name, province] = time.monotonic()
        if fault == "none":
            # One after the other, or the news of the next act would bring that of this one along.
            is_refused = _await_refusal([subject], trials.limit(fault))
            if trials.is_small and not is_refused:
                break  # found, and every further act would only take as long
    return done


def _await_refusal(subjects: Iterable[Subject], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if all(subject.caller.is_refused(_QUIET_SECONDS) for subject in subjects):
            return True
        time.sleep(0.05)
    return False


@contextmanager
def _fault(trials: _Trials, fault: str) -> Iterator[None]:
    """Break the links around what is done at the center; they work again afterwards."""
    links = [province.link for province in trials.country.provinces.values()]
    pause = trials.pause()
    if fault == "center-away":
        trials.country.center.stop()
        time.sleep(pause)
        trials.country.center.start()
    for link in links:
        if fault == "cut":
            link.cut()
        elif fault == "silent":
            link.fall_silent()
    yield
    if fault in _LINK_FAULTS:
        time.sleep(pause)
        for link in links:
            link.mend()


def _judge(
    trials: _Trials,
    fault: str,
    subjects: dict[tuple[str, str], Subject],
    done: dict[tuple[str, str], float],
) -> None:
    """Watch until every call is refused, or for longer than that may take."""
    limit = trials.limit(fault)
    rest = max(done.values()) + limit + _QUIET_SECONDS - time.monotonic()
    _await_refusal(subjects.values(), rest)
    for (name, province), subject in subjects.items():
        _judge_one(trials, f"{name}, link {fault}", subject.caller, done[name, province], limit)
        cause = {**ACTS, **WIDE_ACTS}[name][1]
        other = subject.caller.causes_since(done[name, province]) - {cause}
        trials.run.expect(not other, f"{name} in {province}: refused as {other}, not {cause}")
    trials.made += len({name for name, _ in subjects})


def _judge_one(trials: _Trials, kind: str, caller: Caller, done: float, limit: float) -> None:
    for lane, delay in caller.accepted_since(done).items():
        after = sum(answer.sent > done for answer in caller.answers[lane])
        if after < _LEAST_CALLS and not trials.run.findings.violations:
            raise Void(f"{kind}: only {after} calls of {lane} after it")
        trials.calls += len(caller.answers[lane])
        trials.delays[kind].append(delay)
        trials.run.note("trial", kind=kind, lane=lane, delay=delay)
        trials.run.expect(
            delay <= limit, f"{kind}: {lane} accepted a call {delay:.2f} s later, at most {limit} s"
        )


def _distribution(delays: list[float]) -> dict[str, float]:
    ordered = sorted(delays)
    p99 = ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))]
    figures = {"median": median(ordered), "p99": p99, "max": ordered[-1], "of": len(ordered)}
    return {name: round(figure, 3) for name, figure in figures.items()}


CAMPAIGN = Campaign(
    name="revocation",
    unit="rights taken away",
    small=SMALL,
    large=80,
    planted=planted.BUGS,
    play=play,
)
