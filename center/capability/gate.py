"""The publish gate as the worker runs it: one waiting version at a time, under a lease."""

import logging
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from time import monotonic

from sqlalchemy.exc import SQLAlchemyError

from capability_sdk.contracts.packages import Check, GateReport
from capability_sdk.gate.proving import Tell, prove_archive
from capability_sdk.kit.clock import Clock, system_clock
from center.capability.errors import PackageDamaged
from center.capability.gate_queue import GateQueue, GateTicket
from center.capability.ports import PackageStore
from center.database import Database

_log = logging.getLogger(__name__)

LEASE = timedelta(minutes=1)
"""Made longer while the gate runs; so long a version waits for the worker after one that died."""

MAX_ATTEMPTS = 3
RETRY_DELAY = timedelta(seconds=15)

RunGate = Callable[[Path, Tell], GateReport]
"""Judges an archive, and tells what it is at."""

ProveOnline = Callable[[GateTicket, Path, GateReport, Tell], Sequence[Check]]
"""Judges a version that passed by itself as provinces will run it; behind what this domain knows."""


def run_pending(
    database: Database,
    packages: PackageStore,
    run: RunGate = prove_archive,
    prove_online: ProveOnline | None = None,
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
        prove_online: What follows it, if anything.
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
        tell = _telling(database, ticket, holder)
        with _lease_kept(database, ticket, holder, clock):
            report = _report(ticket, packages, run, prove_online, tell)
    except BaseException:
        with database.session() as session:
            GateQueue(session).give_back(ticket, holder, clock() + RETRY_DELAY)
        raise
    with database.session() as session:
        GateQueue(session).finish(ticket, holder, report)
    return True


@contextmanager
def _lease_kept(
    database: Database, ticket: GateTicket, holder: str, clock: Clock
) -> Iterator[None]:
    """Make the lease longer and longer, for as long as the block runs."""
    over = threading.Event()

    def keep() -> None:
        while not over.wait(LEASE.total_seconds() / 3):
            try:
                with database.session() as session:
                    GateQueue(session).extend(ticket, holder, clock() + LEASE)
            except SQLAlchemyError:
                # It may run out then, and whoever takes the version over decides.
                _log.warning("a gate's lease could not be renewed", exc_info=True)

    keeper = threading.Thread(target=keep, name=f"lease {ticket.capability}", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        over.set()
        keeper.join()


def _telling(database: Database, ticket: GateTicket, holder: str) -> Tell:
    def tell(stage: str) -> None:
        with database.session() as session:
            GateQueue(session).tell(ticket, holder, stage)

    return tell


def _report(
    ticket: GateTicket,
    packages: PackageStore,
    run: RunGate,
    prove_online: ProveOnline | None,
    tell: Tell,
) -> GateReport:
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
    report = run(archive, tell)
    if prove_online is None or not report.passed:
        return report
    began = monotonic()
    checks = prove_online(ticket, archive, report, tell)
    return report.joined(checks, monotonic() - began)


def _failed(name: str, detail: str, cure: str) -> GateReport:
    return GateReport(
        passed=False, checks=[Check(name=name, passed=False, detail=detail, cure=cure)]
    )
