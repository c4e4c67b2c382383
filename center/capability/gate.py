"""The publish gate as the worker runs it: one waiting version at a time, under a lease."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from capability_sdk.contracts.packages import Check, GateReport
from capability_sdk.gate.proving import Tell, prove_archive
from capability_sdk.kit.clock import Clock, system_clock
from center.capability.errors import PackageDamaged
from center.capability.gate_queue import GateQueue, GateTicket
from center.capability.ports import PackageStore
from center.database import Database

LEASE = timedelta(minutes=10)
"""Longer than the gate itself may take, so that no second worker runs it meanwhile."""

MAX_ATTEMPTS = 3
RETRY_DELAY = timedelta(seconds=15)

RunGate = Callable[[Path, Tell], GateReport]
"""Judges an archive, and tells what it is at."""


def run_pending(
    database: Database,
    packages: PackageStore,
    run: RunGate = prove_archive,
    *,
    clock: Clock = system_clock,
) -> bool:
    """Gate one waiting version, if there is one.

    Safe with several workers and after a crash: whoever holds the lease decides; a lease that ran
    out is taken over, at most `MAX_ATTEMPTS` times.

    Args:
        database: The center's database.
        packages: Where the archives lie.
        run: The gate.
        clock: Tells when leases run out.

    Returns:
        Whether a version was found.
    """
    holder = str(uuid.uuid4())
    with database.session() as session:
        ticket = GateQueue(session).take(holder, clock(), LEASE)
    if ticket is None:
        return False
    try:
        report = _report(ticket, packages, run, _telling(database, ticket, holder))
    except BaseException:
        with database.session() as session:
            GateQueue(session).give_back(ticket, holder, clock() + RETRY_DELAY)
        raise
    with database.session() as session:
        GateQueue(session).finish(ticket, holder, report)
    return True


def _telling(database: Database, ticket: GateTicket, holder: str) -> Tell:
    def tell(stage: str) -> None:
        with database.session() as session:
            GateQueue(session).tell(ticket, holder, stage)

    return tell


def _report(ticket: GateTicket, packages: PackageStore, run: RunGate, tell: Tell) -> GateReport:
    if ticket.attempts > MAX_ATTEMPTS:
        return _failed(
            "gate",
            f"The gate ended {MAX_ATTEMPTS} times without a report.",
            "Run `jiuzhou check` on the package, then upload the next version.",
        )
    try:
        archive = packages.local_copy(ticket.archive_digest)
    except PackageDamaged as error:
        return _failed("package-store", str(error), "Upload the next version.")
    return run(archive, tell)


def _failed(name: str, detail: str, cure: str) -> GateReport:
    return GateReport(
        passed=False, checks=[Check(name=name, passed=False, detail=detail, cure=cure)]
    )
