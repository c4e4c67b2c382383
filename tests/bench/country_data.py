"""A country's worth of figures in the center's tables, made by rule: for bar 3 and for its tests.

``python -m tests.bench.country_data URL`` fills an empty database: 300 capabilities, 10,000
subscriptions, 31 provinces, 90 days of usage by the hour. Rows are written as a center would have
written them; nothing is random, so that two builds are equal.
"""

import argparse
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from alembic.script import ScriptDirectory
from sqlalchemy import Table, insert

from center import migrations
from center.board.joining import Board
from center.capability.rows import CapabilityRow, CapabilityVersionRow
from center.columns import UtcDateTime
from center.database import Database
from center.feedback.store import QualityCellRow, QualityHourRow, QualitySeriesRow
from center.identity.store.applications import ApplicationRow
from center.identity.store.places import EdgeRow, ProvinceRow
from center.instance.store import DeploymentRow
from center.monitoring.rows import DriftPointRow, DriftRow, ProfileWindowRow
from center.operations.rows import (
    IntakeRow,
    ProvinceHealthRow,
    UncountedRow,
    UsageHourRow,
    UsageRecordRow,
)
from center.schema import migrate
from center.subscription.store import SubscriptionRow
from deploy.fleet.provinces import provinces
from tests.center_stock import MANIFEST, published_version

_SPANS = "c5a1f7d20e94"
"""The migration that adds up what there is."""

_CHUNK = 5_000
_COLUMNS = 12
_APPLICATIONS = 40
_VERDICTS = ("stable",) * 17 + ("drift", "learning", "stable")


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is.

    Attributes:
        hours_a_day: Hours of a day in which a subscription is used, evenly spread.
        judged_days: Days of drift points and quality counts; the center keeps what it is sent.
    """

    provinces: int = 31
    capabilities: int = 300
    subscriptions: int = 10_000
    days: int = 90
    hours_a_day: int = 1
    judged_days: int = 14
    calls: int = 20_000

    @property
    def pairs(self) -> list[tuple[int, int, int]]:
        """Number, province and capability of each subscription, spread evenly."""
        return [
            (number, number % self.provinces, (number // self.provinces) % self.capabilities)
            for number in range(self.subscriptions)
        ]


SMALL = Size(provinces=8, capabilities=60, subscriptions=480, days=2, judged_days=2, calls=200)
"""Every list has more than a page of 50; for tests."""


@dataclass(frozen=True, slots=True)
class Country:
    """What is written: a size, and the moment that it looks back from."""

    size: Size
    now: datetime

    def build(self, database: Database, say: Callable[[str], None] = lambda _: None) -> None:
        """Fill an empty database, table by table, then join the board."""
        for row, values in self._tables():
            began, count = time.monotonic(), 0
            table: Table = row.__table__
            blanks = _blanks(table, self.now)
            for chunk in _chunks(values):
                with database.session() as session:
                    session.execute(insert(table), [{**blanks, **item} for item in chunk])
                count += len(chunk)
            say(f"{row.__tablename__:20} {count:>10,} rows  {time.monotonic() - began:6.1f} s")
        add_spans(database)
        board = Board(database, lambda: self.now)
        while board.run():
            pass

    def _tables(self) -> Iterator[tuple[Any, Iterable[dict[str, Any]]]]:
        yield ProvinceRow, self._provinces()
        yield EdgeRow, self._edges()
        yield CapabilityRow, self._capabilities()
        yield CapabilityVersionRow, self._versions()
        yield ApplicationRow, self._applications()
        yield SubscriptionRow, self._subscriptions()
        yield DeploymentRow, self._deployments()
        yield IntakeRow, self._intake()
        yield ProvinceHealthRow, self._health()
        yield UsageHourRow, self._usage()
        yield UsageRecordRow, self._calls()
        yield UncountedRow, self._uncounted()
        yield DriftRow, self._verdicts()
        yield DriftPointRow, self._points()
        yield ProfileWindowRow, self._windows()
        yield QualitySeriesRow, self._quality_series()
        yield QualityHourRow, self._quality_hours()
        yield QualityCellRow, self._quality_cells()

    @property
    def province_names(self) -> list[str]:
        """Names of the provinces, in their order."""
        return [item.name for item in provinces(self.size.provinces)]

    def _provinces(self) -> Iterator[dict[str, Any]]:
        for item in provinces(self.size.provinces):
            yield {
                "name": item.name,
                "title_zh": item.zh,
                "title_en": item.en,
                "zone": "Asia/Shanghai",
                "kind": "serving",
                "simulated": False,
                "created_at": self.now - timedelta(days=400),
            }

    def _edges(self) -> Iterator[dict[str, Any]]:
        for name in self.province_names:
            yield {
                "id": f"edge-{name}",
                "province": name,
                "epoch": 1,
                "public_key": {},
                "gateway_url": "http://gateway.invalid",
                "enrolled_at": self.now - timedelta(days=300),
                "revoked_at": None,
            }

    def _capabilities(self) -> Iterator[dict[str, Any]]:
        for number in range(self.size.capabilities):
            name = capability(number)
            created = self.now - timedelta(days=200)
            yield {"name": name, "skeleton": name, "owner": "center", "created_at": created}

    def _versions(self) -> Iterator[dict[str, Any]]:
        for number in range(self.size.capabilities):
            row = published_version(
                "1.0.0", self.now - timedelta(days=100), capability=capability(number)
            )
            titles = {"zh": f"能力 {number}", "en": f"Capability {number}"}
            manifest = MANIFEST.model_dump(mode="json")
            manifest |= {"name": capability(number), "titles": titles}
            columns = CapabilityVersionRow.__table__.columns
            given = {column.key: getattr(row, column.key) for column in columns}
            published = {"manifest": manifest, "published_at": self.now, "release": "measured"}
            yield {name: value for name, value in given.items() if value is not None} | published

    def _applications(self) -> Iterator[dict[str, Any]]:
        made = {self._application(number): place for number, place, _ in self.size.pairs}
        for name, place in made.items():
            yield {
                "client_id": name,
                "name": f"caller {name}",
                "province": self.province_names[place],
                "organisation": self.province_names[place],
            }

    def _subscriptions(self) -> Iterator[dict[str, Any]]:
        for number, place, index in self.size.pairs:
            application = self._application(number)
            yield {
                "id": f"sub-{number}",
                "application": application,
                "province": self.province_names[place],
                "capability": capability(index),
                "open_pair": f"{application} {capability(index)}",
                "plan": "standard",
                "daily_quota": 1000,
                "rate_per_second": 10.0,
                "concurrency": 4,
                "purpose": "measured",
                "requested_at": self.now - timedelta(days=120, seconds=number),
                "status": "active",
            }

    def _application(self, number: int) -> str:
        """Name the application of a subscription: forty a province, and forty more a round."""
        turn, place = divmod(number, self.size.provinces)
        group = turn // self.size.capabilities
        return f"app-{place}-{turn % _APPLICATIONS + group * _APPLICATIONS}"

    @property
    def _cells(self) -> list[tuple[int, str, str]]:
        """Number, province and capability of every cell of the board."""
        most = self.size.provinces * self.size.capabilities
        return [
            (number, self.province_names[place], capability(index))
            for number, place, index in self.size.pairs[:most]
        ]

    def _deployments(self) -> Iterator[dict[str, Any]]:
        share = {"version": "1.0.0", "weight": 1, "replicas": 1}
        for _, province, name in self._cells:
            yield {
                "province": province,
                "capability": name,
                "present": True,
                "shares": [share],
                "revision": 1,
            }

    def _intake(self) -> Iterator[dict[str, Any]]:
        for name in self.province_names:
            yield {"province": name, "heard_at": self.now - timedelta(minutes=1)}

    def _health(self) -> Iterator[dict[str, Any]]:
        report = {"schema": 1, "at": self.now.isoformat(), "state_revision": 1}
        for name in self.province_names:
            yield {"province": name, "edge": f"edge-{name}", "report": report}

    def _usage(self) -> Iterator[dict[str, Any]]:
        hours, every = self.size.days * 24, 24 // self.size.hours_a_day
        for number, place, index in self.size.pairs:
            for ago in range(1 + number % every, hours + 1, every):
                calls = 1 + (number + ago) % 40
                yield {
                    "province": self.province_names[place],
                    "capability": capability(index),
                    "version": "1.0.0",
                    "application": self._application(number),
                    "hour": self._hour - timedelta(hours=ago),
                    "calls": calls,
                    "units": calls,
                    "errors": calls // 30,
                    "latency_us": calls * 20_000,
                    "latency_7": calls,
                }

    def _calls(self) -> Iterator[dict[str, Any]]:
        for call in range(self.size.calls):
            number, place, index = self.size.pairs[call % len(self.size.pairs)]
            yield {
                "edge": f"edge-{self.province_names[place]}",
                "request_id": f"r-{call:08}",
                "province": self.province_names[place],
                "at": self.now - timedelta(seconds=call),
                "application": self._application(number),
                "subscription": f"sub-{number}",
                "capability": capability(index),
                "version": "1.0.0",
                "status": 200,
                "units": 1,
                "latency_us": 20_000,
            }

    def _uncounted(self) -> Iterator[dict[str, Any]]:
        for name in self.province_names[:1]:
            for first in range(1, 61):
                place = {"edge": f"edge-{name}", "stream": "usage-0", "epoch": 1, "first": first}
                yield {**place, "last": first, "province": name, "why": "lost"}

    def _verdicts(self) -> Iterator[dict[str, Any]]:
        for number, province, name in self._cells:
            verdict = _VERDICTS[number % len(_VERDICTS)]
            columns = [_column(place, number) for place in range(_COLUMNS)]
            yield {
                **_series(province, name),
                "verdict": verdict,
                "window_from": self._hour - timedelta(hours=1),
                "window_to": self._hour,
                "rows": 400,
                "columns": columns,
                "stale": False,
                "moved": sum(column["moved"] for column in columns),
                "worst_column": columns[0]["column"],
                "worst_effect": columns[0]["effect"],
                "worst_shift": columns[0]["shift"],
            }

    def _points(self) -> Iterator[dict[str, Any]]:
        for number, province, name in self._cells:
            for ago in range(0, self.size.judged_days * 24, 12):
                yield {
                    **_series(province, name),
                    "at": self._hour - timedelta(hours=ago),
                    "verdict": _VERDICTS[number % len(_VERDICTS)],
                    "rows": 400,
                    "moved": 0,
                    "effect": 0.1,
                }

    def _windows(self) -> Iterator[dict[str, Any]]:
        counts = {f"column_{place}": [0, 0, 0, 0, *[6] * 64] for place in range(_COLUMNS)}
        for _, province, name in self._cells[:: max(1, len(self._cells) // 300)]:
            for days in range(self.size.judged_days):
                hour = self._hour - timedelta(days=days, hours=1)
                yield {**_series(province, name), "hour": hour, "rows": 384, "counts": counts}

    def _quality_series(self) -> Iterator[dict[str, Any]]:
        for _, province, name in self._cells:
            yield _series(province, name)

    def _quality_hours(self) -> Iterator[dict[str, Any]]:
        for series, hour in self._judged_hours():
            yield {**series, "hour": hour, "predictions": 500}

    def _quality_cells(self) -> Iterator[dict[str, Any]]:
        for series, hour in self._judged_hours():
            for predicted, actual, count in ((0, 0, 60), (0, 1, 6), (1, 1, 30), (1, 0, 4)):
                cell = {"predicted": predicted, "actual": actual, "rows": count}
                yield {**series, "hour": hour, **cell}

    def _judged_hours(self) -> Iterator[tuple[dict[str, Any], datetime]]:
        for _, province, name in self._cells:
            for days in range(self.size.judged_days):
                yield _series(province, name), self._hour - timedelta(days=days, hours=2)

    @property
    def _hour(self) -> datetime:
        return self.now.replace(minute=0, second=0, microsecond=0)


def add_spans(database: Database) -> None:
    """Add the hours of usage up as the migration does that brought their spans."""
    script = ScriptDirectory(str(Path(migrations.__file__).parent))
    revision = script.get_revision(_SPANS)
    with database.session() as session:
        revision.module.add_up(session.connection())


def capability(number: int) -> str:
    """Name a capability of the country."""
    return f"capability-{number:03}"


def _series(province: str, name: str) -> dict[str, Any]:
    return {"province": province, "capability": name, "version": "1.0.0"}


def _column(place: int, number: int) -> dict[str, Any]:
    effect = 0.02 + (number * 7 % 40) / 100 / (1 + place)
    return {
        "column": f"column_{place}",
        "statistic": effect,
        "p": 0.001,
        "q": 0.004,
        "effect": effect,
        "moved": effect > 0.2,
        "shift": effect,
        "null_share": 0.0,
        "outside_share": 0.01,
    }


def _chunks(values: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    left = iter(values)
    while chunk := list(islice(left, _CHUNK)):
        yield chunk


def _blanks(table: Table, now: datetime) -> dict[str, Any]:
    """Return what every column holds that a row does not name: nothing, of the column's type."""
    by_type: dict[type, Any] = {int: 0, str: "", bool: False, float: 0.0, bytes: b""}
    blanks: dict[str, Any] = {}
    for column in table.columns:
        if column.nullable:
            blanks[column.key] = None
        elif isinstance(column.type, UtcDateTime):
            blanks[column.key] = now
        elif column.server_default is None:
            blanks[column.key] = by_type.get(column.type.python_type, {})
    return blanks


def main() -> None:
    """Fill the database that an URL names; its tables are made."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    database = Database(parser.parse_args().url)
    migrate(database)
    Country(Size(), datetime.now(UTC)).build(database, print)
    database.close()


if __name__ == "__main__":
    main()
