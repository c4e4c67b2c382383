"""Hostile tokens over HTTP, against a running gateway: a corpus by hand, then mutations."""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import psutil

from capability_sdk.contracts.tokens import audience
from tests.campaigns.harness import Campaign, PlantedBug, Run, Void
from tests.campaigns.hostile_tokens import boundaries
from tests.campaigns.hostile_tokens.corpus import Case, corpus
from tests.campaigns.hostile_tokens.forge import Forge, bearing, canaries
from tests.campaigns.hostile_tokens.mutations import Mutator
from tests.campaigns.hostile_tokens.wire import Answer, Wire
from tests.gateway_province import CAPABILITY, INFER, PROVINCE
from tests.gateway_wire import World, running_world
from tests.waiting import eventually

_BLOCK = 240
_REFUSED = "401 invalid-token"
_EXPIRED = "401 token-expired"
_FOREIGN = "403 wrong-province"
_NOT_GRANTED = "403 capability-not-granted"
_MAX_CPU_SECONDS = 0.005
_FLOOD = 40
_TARGETS = tuple(
    path.encode()
    for path in (INFER, f"/v2/models/{CAPABILITY}", "/v2", "/v2/health/ready", "/v1/feedback")
)


@dataclass(frozen=True)
class _Genuine:
    """A token that verifies, and what it is answered at the infer call."""

    token: bytes
    cause: str


class _Attack:
    """One run against one gateway."""

    def __init__(self, run: Run, world: World, forge: Forge) -> None:
        self._run = run
        self._world = world
        self._forge = forge
        self._port = world.province.port
        self._seen_before = len(world.peers.seen())
        self._good = 0
        with Wire(self._port) as wire:
            (constant,) = wire.ask([bearing(b"x")])
        if constant is None or constant.cause != _REFUSED:
            raise Void(f"a token that is none was answered {constant}")
        self._constant = constant

    def play(self) -> None:
        """Attack in all ways, until one of them finds something."""
        watch = boundaries.Watch(self._port, self._forge)
        watch.start()
        try:
            self._try_each(self._by_hand, self._own_answers, self._mutate)
        finally:
            if self._run.findings.violations:
                watch.give_up()
            watch.join()
        for violation in watch.violations[:5]:
            self._run.expect(holds=False, otherwise=violation)
        self._good += watch.served
        self._try_each(self._suspend, self._expect_served, self._flood)

    def _try_each(self, *ways: Callable[[], None]) -> None:
        for way in ways:
            if not self._run.findings.violations:
                way()

    def _by_hand(self) -> None:
        cases = corpus()
        with Wire(self._port) as wire:
            for case in cases:
                (answer,) = wire.ask([case.make(self._forge)])
                self._run.expect(
                    self._is_refused(case, answer), f"{case} was answered {_tell(answer)}"
                )
        self._run.report(by_hand=len(cases), by_id=dict(Counter(case.id for case in cases)))

    def _is_refused(self, case: Case, answer: Answer | None) -> bool:
        if answer is None:
            return False
        return answer.status in case.statuses and (answer.status != 401 or answer == self._constant)

    def _own_answers(self) -> None:
        """Ask with what verifies, but gives no right; twice, since the second time it is cached."""
        with Wire(self._port) as wire:
            for genuine in self._not_good() * 2:
                (answer,) = wire.ask([bearing(genuine.token)])
                self._run.expect(
                    answer is not None and answer.cause == genuine.cause,
                    f"a token for {genuine.cause} was answered {_tell(answer)}",
                )

    def _not_good(self) -> list[_Genuine]:
        forge, now = self._forge, int(time.time())
        provinces = ("guizhou", PROVINCE + "x", PROVINCE + "-2", PROVINCE[:-1], "x" + PROVINCE)
        scopes = (f"{CAPABILITY}-2", CAPABILITY[:-1], f"x{CAPABILITY}", "other")
        return [
            *(_Genuine(forge.claiming(aud=audience(name)), _FOREIGN) for name in provinces),
            *(_Genuine(forge.claiming(scope=f"infer:{name}"), _NOT_GRANTED) for name in scopes),
            # A trial says how many calls it is good for, and nothing else.
            _Genuine(forge.claiming(scope=f"trial:{CAPABILITY}"), _REFUSED),
            _Genuine(forge.claiming(scope=f"trial:{CAPABILITY} infer:other"), _NOT_GRANTED),
            _Genuine(forge.claiming(sub="app-2", client_id="app-2"), _NOT_GRANTED),
            _Genuine(forge.claiming(sub="app-11", client_id="app-11"), _NOT_GRANTED),
            _Genuine(forge.claiming(iat=now - 1000, exp=now - 100), _EXPIRED),
            _Genuine(forge.claiming(iat=now - 900, exp=now - 6), _EXPIRED),
            _Genuine(
                forge.claiming(aud=audience("guizhou"), iat=now - 900, exp=now - 60), _EXPIRED
            ),
        ]

    def _mutate(self) -> None:
        genuine = [_Genuine(self._forge.claiming(), "200") for _ in range(6)] + self._not_good()
        bytes_of = [item.token for item in genuine]
        mutator = Mutator(self._forge, bytes_of, self._run.random)
        found = mutator.mutations(self._run.size)
        kinds: Counter[str] = Counter()
        accepted = 0
        began = time.monotonic()
        with Wire(self._port) as wire:
            while block := list(islice(found, _BLOCK)):
                controls = self._run.random.sample(genuine, 4)
                self._good += self._controls(wire, controls)
                for kind, token, answer in self._ask(wire, block, self._run.random):
                    kinds[kind] += 1
                    accepted += answer is not None and answer.status < 400
                    self._run.expect(
                        answer == self._constant, f"{kind}: {token!r} was answered {_tell(answer)}"
                    )
        self._run.report(mutations=dict(kinds), mutated=kinds.total(), accepted=accepted,
                         seconds_of_mutations=round(time.monotonic() - began, 1))  # fmt: skip
        is_little = kinds.total() < self._run.size or self._good == 0
        if is_little and not self._run.findings.violations:
            raise Void("too few mutations were asked with, or no good token among them")

    def _ask(
        self, wire: Wire, block: Sequence[tuple[str, bytes]], chance: random.Random
    ) -> Iterator[tuple[str, bytes, Answer | None]]:
        asked = [bearing(token, chance.choice(_TARGETS)) for _, token in block]
        for (kind, token), answer in zip(block, wire.ask(asked), strict=True):
            yield kind, token, answer

    def _controls(self, wire: Wire, genuine: list[_Genuine]) -> int:
        """Ask with tokens that verify, so that they are cached; return how many were served."""
        answers = wire.ask([bearing(item.token) for item in genuine])
        for item, answer in zip(genuine, answers, strict=True):
            self._run.expect(
                answer is not None and answer.cause == item.cause,
                f"a genuine token for {item.cause} was answered {_tell(answer)}",
            )
        return sum(answer is not None and answer.status == 200 for answer in answers)

    def _expect_served(self) -> None:
        served = len(self._world.peers.seen()) - self._seen_before
        self._run.expect(
            served == self._good, f"the instance saw {served} calls, {self._good} were good"
        )

    def _suspend(self) -> None:
        """A right that ends, ends for tokens that were verified before."""
        province = self._world.province
        with Wire(self._port) as wire:

            def cause() -> str:
                answer = wire.ask([bearing(self._forge.good)])[0]
                self._good += answer is not None and answer.status == 200
                return _tell(answer)

            self._run.expect(cause() == "200", "a good token was refused")
            province.subscribe(active=False)
            province.publish()
            try:
                eventually(lambda: cause() == _NOT_GRANTED, 10)
            except AssertionError:
                self._run.expect(holds=False, otherwise=f"a suspended subscription: {cause()}")
            province.subscribe()
            province.publish()
            eventually(lambda: cause() == "200")

    def _flood(self) -> None:
        """Huge tokens cost the gateway little CPU (J15)."""
        assert self._world.gateway.process is not None
        process = psutil.Process(self._world.gateway.process.pid)
        for case in corpus():
            if case.id == "J15":
                request = case.make(self._forge)
                before = sum(process.cpu_times()[:2])
                for _ in range(_FLOOD):
                    self._world.raw(request)
                cpu = (sum(process.cpu_times()[:2]) - before) / _FLOOD
                self._run.report(**{f"cpu_ms {case}": round(cpu * 1000, 2)})
                self._run.expect(cpu < _MAX_CPU_SECONDS, f"{case} cost {cpu * 1000:.1f} ms of CPU")


def _tell(answer: Answer | None) -> str:
    return "nothing" if answer is None else answer.cause


def _play(run: Run) -> None:
    with running_world(run.folder / "world") as world, canaries(run.folder) as traps:
        _Attack(run, world, Forge(world.province, traps)).play()
        connections, is_read = traps.connections, traps.is_pipe_open
        run.expect(connections == 0, f"J05, J06: {connections} connections to the canary")
        run.expect(not is_read, "J05: the gateway opened the canary's file")
        log = world.gateway.log.read_text()
        run.expect("Traceback" not in log, "the gateway's log has a traceback")
        run.report(canary_connections=connections)


_TOKENS = "edge_gateway/gateway/tokens.py"
_JWS = "edge_gateway/jws.py"
_INFERENCE = "edge_gateway/gateway/inference.py"

CAMPAIGN = Campaign(
    name="hostile-tokens",
    unit="mutations",
    small=2_000,
    large=100_000,
    planted=(
        PlantedBug(
            "authorisation-cached-with-the-claims",
            _INFERENCE,
            "grant = view.grants.get((caller.application, capability))",
            "grant = vars(self).setdefault('granted', {}).setdefault(\n"
            "            (caller.jti, capability), view.grants.get((caller.application, capability)))",
        ),
        PlantedBug(
            "cache-looked-up-without-the-signature",
            _TOKENS,
            "digest = sha256(token).digest()",
            'digest = sha256(token.rpartition(b".")[0]).digest()',
        ),
        PlantedBug(
            "audience-by-prefix",
            _TOKENS,
            "aud != self._audience",
            "not aud.startswith(self._audience)",
        ),
        PlantedBug("typ-unchecked", _JWS, ' or header["typ"] != kind', ""),
        PlantedBug(
            "kid-ignored",
            _JWS,
            "key = keys.get(kid)",
            "key = keys.get(kid) or next(iter(keys.values()), None)",
        ),
        PlantedBug("unknown-header-members-ignored", _JWS, "set(header) != _HEADER_MEMBERS",
                   "not set(header) >= _HEADER_MEMBERS"),
        PlantedBug(
            "base64-not-canonical",
            _JWS,
            'if base64.urlsafe_b64encode(value).rstrip(b"=") != text:',
            "if len(value) != len(text) * 3 // 4:",
        ),
        PlantedBug("signature-failure-swallowed", _JWS,
                   'raise JwsRefused("signature does not hold") from error', "del error"),
        PlantedBug("leeway-off-by-one", _TOKENS, "LEEWAY_SECONDS = 5", "LEEWAY_SECONDS = 6"),
        PlantedBug("lifetime-unchecked", _TOKENS,
                   " <= MAX_LIFETIME.total_seconds():", " <= 10 * MAX_LIFETIME.total_seconds():"),
        PlantedBug("a-boolean-is-a-number", _TOKENS, "type(begins) is not int",
                   "not isinstance(begins, int)"),
        PlantedBug(
            "scope-by-substring",
            _INFERENCE,
            "capability not in caller.capabilities",
            'capability not in " ".join(caller.capabilities)',
        ),
    ),
    play=_play,
)  # fmt: skip
