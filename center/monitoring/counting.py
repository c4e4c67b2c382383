"""The worker's part: profiles become windows, windows become verdicts.

Imported by the worker alone, since it brings whylogs.
"""

import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from capability_sdk.contracts.errors import ServiceError
from capability_sdk.contracts.profiles import NumericAnchors, ReferenceProfile
from capability_sdk.kit.clock import Clock
from capability_sdk.profiling.carrier import from_whylogs
from capability_sdk.profiling.digest import anchors_digest
from center.capability.store import CapabilityStore
from center.database import Database
from center.identity import audit
from center.monitoring.domain import DriftPoint, Judgement, Series, Window, add_counts
from center.monitoring.errors import UnusableProfile
from center.monitoring.judging import judge
from center.monitoring.position import estimated_accuracy, score_column
from center.monitoring.references import References
from center.monitoring.store import DriftStore, InboxStore, ReceivedProfile, Standing
from center.permissions import Actor, ActorKind, Role

_AT_ONCE = 200
_HOURS = 72
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Monitor:
    """Counts what edges sent and judges what changed."""

    database: Database
    references: References
    clock: Clock

    def run(self) -> bool:
        """Do the next part of the work; False where there is none.

        A profile leaves the inbox in the transaction that adds its counts, so each counts once,
        also where this process dies or another one works beside it.
        """
        with self.database.session(write=False) as session:
            waiting = InboxStore(session).waiting(_AT_ONCE)
        if waiting:
            self._count(waiting)
        return self._judge_changed() or bool(waiting)

    def _count(self, profiles: Sequence[ReceivedProfile]) -> None:
        understood: dict[tuple[Series, datetime], list[tuple[int, Window]]] = defaultdict(list)
        for profile in profiles:
            try:
                window = self._understand(profile)
            except ServiceError as error:
                self._quarantine(profile, str(error))
            else:
                understood[profile.series, profile.hour].append((profile.id, window))
        with self.database.session() as session:
            inbox, store = InboxStore(session), DriftStore(session)
            for (series, _), items in sorted(understood.items()):
                taken = [window for number, window in items if inbox.take(number)]
                if taken:
                    store.add(series, _sum(taken), self.clock())

    def _understand(self, profile: ReceivedProfile) -> Window:
        reference = self.references(profile.series.capability, profile.series.version)
        if profile.anchors != anchors_digest(reference):
            raise UnusableProfile("The profile refers to other anchors than the package's.")
        counts = from_whylogs(profile.profile, reference.columns)
        if any(sum(cells) != profile.rows for cells in counts.values()):
            raise UnusableProfile("The profile's counts do not add up to its rows.")
        return Window(profile.hour, profile.rows, counts)

    def _quarantine(self, profile: ReceivedProfile, why: str) -> None:
        _log.warning("profile %d of edge %s is set aside: %s", profile.id, profile.edge, why)
        edge = Actor(ActorKind.EDGE, profile.edge, Role.EDGE, profile.series.province)
        subject = f"capability/{profile.series.capability}/{profile.series.version}"
        with self.database.session() as session:
            if InboxStore(session).quarantine(profile.id, why):
                audit.record(session, edge, "profile.quarantined", subject, {"why": why})

    def _judge_changed(self) -> bool:
        with self.database.session(write=False) as session:
            store = DriftStore(session)
            changed = [(seen, store.windows(seen, _HOURS)) for seen in store.stale(_AT_ONCE)]
        for seen, windows in changed:
            judgement, points = self._judge(seen, windows)
            with self.database.session() as session:
                DriftStore(session).put(seen, judgement, points)
        return bool(changed)

    def _judge(
        self, seen: Standing, windows: Sequence[Window]
    ) -> tuple[Judgement, list[DriftPoint]]:
        """Judge the newest windows, and hour by hour what has changed."""
        reference = self.references(seen.series.capability, seen.series.version)
        with self.database.session(write=False) as session:
            found = CapabilityStore(session).get(seen.series.capability, seen.series.version)
        score = score_column(found.manifest)
        judgement = judge(reference, windows)
        first = seen.stale_from or (windows[-1].hour if windows else seen.profile_at)
        return judgement, [
            _point(reference, score, windows[max(0, index - _HOURS) : index + 1])
            for index, window in enumerate(windows)
            if window.hour >= first
        ]


def _point(reference: ReferenceProfile, score: str | None, until: Sequence[Window]) -> DriftPoint:
    """Say what was to be said at the end of the last of some hours."""
    judgement, last = judge(reference, until), until[-1]
    worst = judgement.worst
    anchors = next((item for item in reference.columns if item.column == score), None)
    estimate = None
    if isinstance(anchors, NumericAnchors) and anchors.column in last.counts:
        estimate = estimated_accuracy(anchors, last.counts[anchors.column])
    return DriftPoint(
        at=last.hour,
        verdict=judgement.verdict,
        rows=judgement.rows,
        moved=judgement.columns_moved,
        column=worst.column if worst is not None else None,
        effect=worst.effect if worst is not None else None,
        estimate=estimate,
    )


def _sum(windows: Sequence[Window]) -> Window:
    total = windows[0]
    for window in windows[1:]:
        total = replace(
            total, rows=total.rows + window.rows, counts=add_counts(total.counts, window.counts)
        )
    return total
