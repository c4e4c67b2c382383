"""``python -m center.worker``: the center's jobs, in a process of their own.

Several may run; each job is run by one of them at a time. It listens to nothing.
"""

import signal
import sys
from datetime import timedelta
from functools import partial

from capability_sdk.gate.proving import prove_archive
from capability_sdk.kit import logs
from capability_sdk.kit.clock import Clock, system_clock
from center.adapters.folder_packages import FolderPackageStore
from center.alarm.evaluation import Evaluation
from center.alarm.rules import center_rules
from center.board.joining import Board
from center.capability.gate import RunGate, run_pending
from center.capability.ports import PackageStore
from center.capability.review.retirement import Retirements
from center.catalogue import standing
from center.changes import KEPT, forget_changes, note_writes
from center.database import Database
from center.events.topics import WATCHED
from center.housekeeping import Housekeeping
from center.identity.audit import follow_acts
from center.identity.audit.anchor import Anchor
from center.jobs import Job, Worker
from center.monitoring.counting import Monitor
from center.monitoring.references import package_references
from center.notification.outgoing import outgoing_of
from center.notification.sending import Sending
from center.notification.telling import Telling
from center.objective.measuring import Measuring
from center.operations.subscribers import calls_since
from center.proving.proof import OnlineProof
from center.rollout.driving import Driving
from center.rotation import KeyRotation
from center.schema import DatabaseTooNew, MigrationBroken, migrate
from center.settings import CenterSettings
from center.subscription.service.duties import Duties
from center.work_order.following import follow

_ROUND = timedelta(hours=1)
_SOON = timedelta(seconds=5)
_MINUTE = timedelta(minutes=1)


def center_jobs(
    database: Database,
    packages: PackageStore,
    run_gate: RunGate,
    settings: CenterSettings,
    clock: Clock = system_clock,
) -> list[Job]:
    """Return every job of the center.

    Args:
        database: The center's database.
        packages: Where the archives lie.
        run_gate: Runs an archive's own samples in the sandbox.
        settings: Where the keys lie, and how old they may become.
        clock: Tells the moment.
    """
    online = OnlineProof(database, settings, clock)
    duties = Duties(database, calls_since, clock)
    monitor = Monitor(database, package_references(database, packages), clock)
    return [
        Job("gate", partial(run_pending, database, packages, run_gate, online.prove, clock=clock)),
        Job("monitoring", monitor.run),
        Job("subscriptions", duties.run, pause=_SOON),
        Job("retirements", Retirements(database, clock).run, pause=_SOON),
        Job("quota-warnings", duties.warn_of_quotas, pause=_MINUTE),
        Job("standings", standing.Standings(database, clock).run, pause=standing.PAUSE),
        Job("objectives", Measuring(database, clock).run, pause=_MINUTE),
        Job("alarms", Evaluation(database, center_rules(settings), clock).run),
        Job("board", Board(database, clock).run, pause=_SOON),
        Job("rollouts", Driving(database, clock).run, pause=timedelta(seconds=2)),
        Job("notifications", Telling(database, clock).run),
        Job("deliveries", Sending(database, outgoing_of(settings), clock).run),
        Job("token-keys", KeyRotation(database, settings, clock).run, pause=_ROUND),
        Job("changes", partial(forget_changes, database, clock), pause=KEPT / 4),
        Job("housekeeping", Housekeeping(database, packages, clock).run, pause=_ROUND),
    ]


def main() -> int:
    """Work until SIGTERM or Ctrl-C; return the exit code."""
    settings = CenterSettings()
    logs.configure(settings.log_level)
    database = Database(settings.sqlalchemy_url)
    try:
        migrate(database)
    except (DatabaseTooNew, MigrationBroken) as error:
        sys.stderr.write(f"center.worker: {error}\n")
        database.close()
        return 1
    follow_acts(database, Anchor(settings.data).follow, follow)
    packages = FolderPackageStore(settings.data / "packages")
    # What the worker changes, such as a key, reaches the provinces that wait for news as well.
    note_writes(database.engine, WATCHED)
    jobs = center_jobs(database, packages, prove_archive, settings)
    worker = Worker(database, jobs, system_clock)
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: worker.stop())
    worker.run()
    database.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
