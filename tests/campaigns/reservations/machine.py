"""Two schedulers on one file do anything in any order; ledger and model must say the same."""

import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from capability_sdk.contracts.errors import ServiceError
from capability_sdk.contracts.scheduling import Priority
from scheduler.database import Database
from scheduler.reservations.domain import Amounts, Claim
from scheduler.reservations.ledger import Ledger
from tests.campaigns.reservations.model import HAS, Model, Room, Taken, fits

_LEASE = timedelta(seconds=30)
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - nothing of what is tried here must survive
_AMOUNT = st.integers(1, 6).map(lambda tenths: tenths * 100)
_SHARE = st.sampled_from([0, 0, 300, 500, 1000])
_WHO = st.sampled_from(["first", "second"])
_NODE = st.sampled_from(sorted(HAS))
_ROOM = st.tuples(_AMOUNT, _AMOUNT, _SHARE, _SHARE)


class Reservations(RuleBasedStateMachine):
    """Each scheduler is a connection of its own, and decides on what it saw when it last looked."""

    steps = 0

    def __init__(self) -> None:
        super().__init__()
        where = str(_SHARED_MEMORY) if _SHARED_MEMORY.is_dir() else None
        self._folder = tempfile.TemporaryDirectory(prefix="ledger-", dir=where)
        file = Path(self._folder.name) / "scheduler.db"
        self._files = {who: Database(file) for who in ("first", "second")}
        self._seen = {"first": 0, "second": 0}
        self._runs = {"first": "first-0", "second": "second-0"}
        self._now = datetime(2026, 1, 1, tzinfo=UTC)
        self._count = 0
        self.model = Model()

    def teardown(self) -> None:
        for database in self._files.values():
            database.close()
        self._folder.cleanup()

    @initialize()
    def begin(self) -> None:
        """Both have seen the empty ledger."""

    @rule(who=_WHO)
    def look(self, who: str) -> None:
        with self._files[who].session() as session:
            self._seen[who] = Ledger(session).version
        assert self._seen[who] == self.model.version

    @rule(who=_WHO, node=_NODE, room=_ROOM, is_standard=st.booleans(), data=st.data())
    def reserve(
        self, who: str, node: str, room: Room, is_standard: bool, data: st.DataObject
    ) -> None:
        """Take room on whatever was seen last: blindly, as a placement that is wrong would."""
        here = sorted(self.model.on(node))
        some = st.lists(st.sampled_from(here), max_size=2, unique=True) if here else st.just([])
        self._reserve(who, node, room, is_standard, data.draw(some), data)

    @rule(who=_WHO, node=_NODE, room=_ROOM, is_standard=st.booleans(), data=st.data())
    def look_and_start(
        self, who: str, node: str, room: Room, is_standard: bool, data: st.DataObject
    ) -> None:
        """Take room as a scheduler that is alone does."""
        self.look(who)
        self._bind(who, self._reserve(who, node, room, is_standard, [], data))

    @precondition(lambda self: self._best_effort())
    @rule(who=_WHO, room=_ROOM, data=st.data())
    def displace_and_start(self, who: str, room: Room, data: st.DataObject) -> None:
        """Take the room of best-effort work, and try to start before it has left."""
        self.look(who)
        victim = data.draw(st.sampled_from(self._best_effort()))
        node = self.model.taken[victim].node
        self._bind(who, self._reserve(who, node, room, True, [victim], data))

    @precondition(lambda self: self.model.taken)
    @rule(who=_WHO, data=st.data())
    def bind(self, who: str, data: st.DataObject) -> None:
        self._bind(who, self._any(data))

    @precondition(lambda self: self.model.taken)
    @rule(who=_WHO, data=st.data())
    def drain(self, who: str, data: st.DataObject) -> None:
        name = self._any(data)
        self._tell(who, lambda ledger: ledger.drain(name))
        self.model.drain(name)

    @precondition(lambda self: self.model.taken)
    @rule(who=_WHO, data=st.data())
    def release(self, who: str, data: st.DataObject) -> None:
        name = self._any(data)
        self._tell(who, lambda ledger: ledger.release(name))
        self.model.taken.pop(name, None)

    @rule(seconds=st.integers(1, 40))
    def time_passes(self, seconds: int) -> None:
        self._now += timedelta(seconds=seconds)

    @rule(who=_WHO)
    def renew(self, who: str) -> None:
        until = self._now + _LEASE
        self._tell(who, lambda ledger: ledger.renew(self._runs[who], until))
        for item in self.model.taken.values():
            if (item.state, item.owner) == ("reserved", self._runs[who]):
                item.until = until.timestamp()

    @rule(who=_WHO)
    def void(self, who: str) -> None:
        self._void(who, None)

    @rule(who=_WHO)
    def crash_and_take_over(self, who: str) -> None:
        """A scheduler dies between decision and commit; its next run leads alone."""
        self._runs[who] = f"{who}-{self._count}"
        self._count += 1
        self._void(who, self._runs[who])
        self._tell(who, lambda ledger: ledger.take_over(self._runs[who]))
        for item in self.model.taken.values():
            item.owner = self._runs[who]

    @rule(who=_WHO, node=_NODE)
    def lose_a_node(self, who: str, node: str) -> None:
        with self._files[who].session(write=True) as session:
            lost = set(Ledger(session).lose(node))
        assert lost == self.model.lose(node)

    @invariant()
    def nothing_is_given_away_twice(self) -> None:
        """What runs and what is promised fits, and the file says what the model says."""
        Reservations.steps += 1
        with self._files["first"].session() as session:
            held = Ledger(session).held()
        said = {item.claim.instance: (item.claim.node, item.state.value) for item in held}
        assert said == {name: (item.node, item.state) for name, item in self.model.taken.items()}
        for node in HAS:
            assert fits(node, self.model.running(node)), f"what runs on {node} takes too much"
            assert fits(node, self.model.promised(node)), f"too much of {node} is promised"

    def _any(self, data: st.DataObject) -> str:
        return data.draw(st.sampled_from(sorted(self.model.taken)))

    def _best_effort(self) -> list[str]:
        bound = ((name, i) for name, i in self.model.taken.items() if i.state == "bound")
        return sorted(name for name, item in bound if not item.is_standard)

    def _reserve(
        self,
        who: str,
        node: str,
        room: Room,
        is_standard: bool,
        victims: list[str],
        data: st.DataObject,
    ) -> str:
        name = f"i-{self._count}"
        self._count += 1
        here = sorted(self.model.on(node))
        process = data.draw(st.sampled_from([name, *(self.model.taken[i].process for i in here)]))
        until = self._now + _LEASE
        new = Taken(node, process, room, self._runs[who], until.timestamp(), is_standard)
        claim = Claim(name, process, node, _amounts(room), _priority(is_standard), tuple(victims))
        said = self._tell(
            who,
            lambda ledger: ledger.reserve(
                claim,
                _amounts(HAS[node]),
                seen=self._seen[who],
                owner=self._runs[who],
                until=until,
            ),
        )
        assert said == self.model.reserve(name, new, victims, self._seen[who])
        return name

    def _bind(self, who: str, name: str) -> None:
        said = self._tell(who, lambda ledger: ledger.bind(name, self._runs[who], self._now))
        assert said == self.model.bind(name, self._runs[who], self._now.timestamp())

    def _void(self, who: str, others_than: str | None) -> None:
        with self._files[who].session(write=True) as session:
            void = set(Ledger(session).void(self._now, others_than=others_than))
        assert void == self.model.void(self._now.timestamp(), others_than)

    def _tell(self, who: str, what: Callable[[Ledger], object]) -> str:
        """Do something in a transaction of a scheduler; return the code of its refusal, if any."""
        try:
            with self._files[who].session(write=True) as session:
                what(Ledger(session))
        except ServiceError as error:
            return error.code
        return ""


def _amounts(room: Room) -> Amounts:
    return Amounts(room[0], room[1], room[2:])


def _priority(is_standard: bool) -> Priority:
    return Priority.STANDARD if is_standard else Priority.BEST_EFFORT
