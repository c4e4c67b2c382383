"""What the worker throws away, so that tables do not grow without end."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete

from capability_sdk.kit.clock import Clock
from center import idempotency
from center.access.store import RevokedTokenRow
from center.capability.intake import collect_orphans
from center.capability.ports import PackageStore
from center.database import Database
from center.idempotency import StoredAnswerRow
from center.identity.store import ApplicationStore
from center.identity.store.places import EnrolmentCodeRow
from center.identity.store.sign_ins import SignInStore
from center.identity.store.users import InvitationRow
from center.instance.draft_store import DraftStore
from center.monitoring.store import InboxStore
from center.notification.store import DeliveryStore
from center.notification.store import InboxStore as NotificationInbox
from center.operations.domain import SLOTS_KEPT
from center.operations.recent import SlotStore
from center.operations.store import UsageStore
from center.trial.store import TrialStore

USAGE_RECORDS_KEPT = timedelta(days=90)
"""Single calls; their hourly totals stay."""

REFUSED_PROFILES_KEPT = timedelta(days=30)
NOTIFICATIONS_KEPT = timedelta(days=90)
"""What people heard of, and what was sent to them; deliveries that wait are kept."""

CODES_KEPT = timedelta(days=7)
"""A code that ran out still tells whoever tries it that it ran out, for a while."""

DRAFTS_KEPT = timedelta(days=7)
"""A draft that ended; its province may still send usage of it."""

TRIALS_KEPT = timedelta(days=30)
"""Trial tokens that expired; their province may still send what was tried."""

ORPHANS_KEPT = timedelta(days=1)
"""Archives that no version needs; an upload under way is far younger."""


@dataclass(frozen=True, slots=True)
class Housekeeping:
    """One round of throwing away."""

    database: Database
    packages: PackageStore
    clock: Clock

    def run(self) -> bool:
        """Do one round; there is never a second one at once."""
        now = self.clock()
        with self.database.session() as session:
            SignInStore(session).drop_expired(now)
            for row in (InvitationRow, EnrolmentCodeRow):
                session.execute(delete(row).where(row.expires_at < now - CODES_KEPT))
            ApplicationStore(session).forget_removed(now - CODES_KEPT)
            session.execute(
                delete(RevokedTokenRow).where(RevokedTokenRow.expires_at < now - CODES_KEPT)
            )
            session.execute(
                delete(StoredAnswerRow).where(StoredAnswerRow.created_at < now - idempotency.KEPT)
            )
        with self.database.session() as session:
            SlotStore(session).forget(now - SLOTS_KEPT)
            UsageStore(session).forget_records(now - USAGE_RECORDS_KEPT)
            DraftStore(session).forget(now - DRAFTS_KEPT)
            TrialStore(session).forget(now - TRIALS_KEPT)
            NotificationInbox(session).forget(now - NOTIFICATIONS_KEPT)
            DeliveryStore(session).forget(now - NOTIFICATIONS_KEPT)
            InboxStore(session).forget_refused(now - REFUSED_PROFILES_KEPT)
        collect_orphans(self.database, self.packages, ORPHANS_KEPT)
        return False
