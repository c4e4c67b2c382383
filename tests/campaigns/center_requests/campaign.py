"""Generated requests to a running center, as everybody who may ask: no 5xx, nothing undocumented."""

from collections import Counter
from typing import Any

from tests.campaigns.center_requests.generation import (
    AnyCase,
    boundary_cases,
    operations,
    random_cases,
)
from tests.campaigns.center_requests.process import running_center
from tests.campaigns.center_requests.sending import Sender, Traffic
from tests.campaigns.center_requests.steering import Steering
from tests.campaigns.harness import Campaign, PlantedBug, Run

_STEERED = 0.8
_ROUND = 16
_COSTLY = {"POST /api/v1/packages": 4}
"""Random cases of each operation between two looks at what the answers taught."""


def play(run: Run) -> None:
    """Send generated requests to a center process over SQLite."""
    attack(run, f"sqlite:///{(run.folder / 'center.db').absolute()}")


def attack(run: Run, database_url: str) -> None:
    """Send generated requests to a center process over an empty database."""
    folder = run.folder.absolute()
    with running_center(database_url, folder) as center:
        steering = Steering(center, run.random, folder)
        sender = Sender(center, steering, run.random)
        found = _send_all(run, sender, center.document)
        _report(run, sender.traffic, found)
        run.report(unmade=dict(steering.unmade))
        log = center.log.read_text(errors="replace")
    run.expect("Traceback" not in log, f"the center's log holds a traceback: {log[-300:]}")


def _send_all(run: Run, sender: Sender, document: dict[str, Any]) -> Counter[str]:
    """Return each objection, and how often it was raised; a small run ends with the first ones."""
    known = operations(document)
    found: Counter[str] = Counter()
    for one in known:
        definition = document["paths"][one.path][one.method.lower()]
        for objections in sender.sweep(one, definition):
            _note(run, found, objections)
        if _is_enough(run, found):
            return found
    first = _boundaries(run, known)
    number = 0
    while sender.traffic.sent < run.size and not _is_enough(run, found):
        each = max(1, min(_ROUND, (run.size - sender.traffic.sent - len(first)) // len(known)))
        batch = [*first]
        for one in known:
            batch += random_cases(one, _share_of(one.label, each), run.seed + number)
        run.random.shuffle(batch)
        for case in batch[: run.size - sender.traffic.sent]:
            _note(run, found, sender.send(case, steer=run.random.random() < _STEERED))
        first, number = [], number + 1
    return found


def _is_enough(run: Run, found: Counter[str]) -> bool:
    """Whether a planted bug has shown itself, which is all that a small run is to tell of it."""
    return bool(found) and run.size <= CAMPAIGN.small


def _boundaries(run: Run, known: list[Any]) -> list[AnyCase]:
    each = run.size // 5 // len(known)
    batch: list[AnyCase] = []
    for one in known:
        batch += boundary_cases(one, _share_of(one.label, each), run.random)
    return batch


def _note(run: Run, found: Counter[str], objections: list[str]) -> None:
    for what in objections:
        if not found[what]:
            run.note("objection", what=what)
        found[what] += 1


def _share_of(label: str, each: int) -> int:
    return max(1, each // _COSTLY.get(label, 1))


def _report(run: Run, traffic: Traffic, found: Counter[str]) -> None:
    for what, times in found.most_common():
        run.expect(False, f"{what} ({times} x)")
    statuses = sum(traffic.by_operation.values(), Counter())
    succeeded = {label: _share(counts) for label, counts in traffic.by_operation.items()}
    run.report(
        requests=traffic.sent,
        unsendable=traffic.unsendable,
        operations=len(traffic.by_operation),
        seconds=round(sum(traffic.seconds.values()), 1),
        statuses=dict(sorted(statuses.items())),
        by_caller={name: dict(sorted(c.items())) for name, c in traffic.by_role.items()},
        succeeded=dict(sorted(succeeded.items(), key=lambda item: item[1])),
    )


def _share(counts: Counter[int]) -> float:
    good = sum(count for status, count in counts.items() if status < 400)
    return round(good / counts.total(), 3)


CAMPAIGN = Campaign(
    name="center-requests",
    unit="requests",
    small=1200,
    large=20_000,
    planted=(
        PlantedBug(
            name="unknown-id-raises",
            path="center/identity/store/applications.py",
            old="""        if row is None:
            raise NotFound(f"There is no application {client_id}.")
""",
            new="",
        ),
        PlantedBug(
            name="undocumented-conflict",
            path="center/subscription/api/subscriptions.py",
            old="_DECISION = problem_responses(401, 403, 404, 409, 422, 503)",
            new="_DECISION = problem_responses(401, 403, 404, 422, 503)",
        ),
        PlantedBug(
            name="answer-breaks-its-schema",
            path="center/operations/api/usage.py",
            old='JSONResponse(page.model_dump(mode="json", by_alias=True))',
            new='JSONResponse(page.model_dump(mode="json", by_alias=True) | {"total": str(total)})',
        ),
        PlantedBug(
            name="unbounded-limit",
            path="center/paging.py",
            old="limit: Annotated[int, Query(ge=1, le=500,",
            new="limit: Annotated[int, Query(ge=1,",
        ),
        PlantedBug(
            name="idempotency-key-crash",
            path="center/idempotency.py",
            old="decrypt(sealed[:12], sealed[12:], digest.encode())",
            new="decrypt(sealed[:16], sealed[16:], digest.encode())",
        ),
        PlantedBug(
            name="moment-out-of-range",
            path="capability_sdk/contracts/model.py",
            old="    except OverflowError as error:",
            new="    except LookupError as error:",
        ),
    ),
    play=play,
)
