"""Hostile tokens (J01 to J16), byte by byte, against one running gateway."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.campaigns.hostile_tokens.corpus import Case, corpus
from tests.campaigns.hostile_tokens.forge import Forge, canaries, decode, encode
from tests.gateway_wire import World, body, status
from tests.waiting import eventually

_CASES = corpus()
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@pytest.fixture(scope="module")
def forge(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forge]:
    with canaries(tmp_path_factory.mktemp("canaries")) as traps:
        yield Forge(world.province, traps)
        assert traps.connections == 0
        assert not traps.is_pipe_open


@pytest.fixture(scope="module")
def refused(world: World) -> tuple[int, bytes]:
    """The one answer to whatever cannot be verified."""
    answer = world.ask(None)
    assert status(answer) == 401
    assert status(world.ask(b"Bearer " + world.good.encode())) == 200
    return 401, body(answer)


@pytest.mark.parametrize("case", _CASES, ids=[f"{c.id}-{n}" for n, c in enumerate(_CASES)])
def test_J01_to_J16_what_cannot_be_verified_is_refused_alike(
    world: World, forge: Forge, refused: tuple[int, bytes], case: Case
) -> None:
    before = len(world.peers.seen())

    answer = world.raw(case.make(forge))

    assert status(answer) in case.statuses, case
    assert status(answer) != 401 or (status(answer), body(answer)) == refused, case
    assert len(world.peers.seen()) == before, case


def test_J14_the_twin_of_a_signature_falls_with_the_token_that_it_belongs_to(
    world: World, forge: Forge
) -> None:
    """Of every ECDSA signature (r, s) anybody can make (r, -s), which holds too: one token, twice.

    It says what the center said, and nothing is counted or revoked by a token's bytes.
    """
    token = forge.claiming(jti="twin")
    signed, _, signature = token.rpartition(b".")
    raw = decode(signature)
    mirrored = (_ORDER - int.from_bytes(raw[32:])).to_bytes(32)
    twin = signed + b"." + encode(raw[:32] + mirrored)
    assert status(world.ask(b"Bearer " + twin)) == 200
    world.province.revoked.append("twin")
    world.province.publish()

    eventually(lambda: status(world.ask(b"Bearer " + token)) == 401)
    assert status(world.ask(b"Bearer " + twin)) == 401


def test_the_hostile_inputs_left_no_trace_of_failure(world: World) -> None:
    log = Path(world.gateway.log).read_text()

    assert "Traceback" not in log
    assert "unexpected" not in log
    assert world.good not in log
