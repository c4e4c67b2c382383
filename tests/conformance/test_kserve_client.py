"""The stock KServe client sees no difference between our server and a real tritonserver."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.clients import Addresses
from tests.servers import peers

_CALLS = Path(__file__).with_name("kserve_calls.py")
Seen = Mapping[str, Any]


def see(addresses: Addresses) -> Seen:
    python = peers.environment("kserve") / "bin" / "python"
    command = [str(python), str(_CALLS), addresses.http, addresses.grpc]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: Seen = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def seen_at_ours(ours: Addresses) -> Seen:
    return see(ours)


@pytest.fixture(scope="module")
def seen_at_triton(triton: Addresses) -> Seen:
    return see(triton)


_DIFFERENT = {
    "rest-ready": "the client asks for a body that Triton's health answers do not have",
    "rest-live": "as above",
}


def test_the_stock_client_sees_what_it_sees_at_triton(
    seen_at_ours: Seen, seen_at_triton: Seen
) -> None:
    assert len(seen_at_ours) >= 60
    assert seen_at_ours.keys() == seen_at_triton.keys()
    different = {name for name, seen in seen_at_ours.items() if seen != seen_at_triton[name]}
    assert different == set(_DIFFERENT)
    for name in _DIFFERENT:
        assert seen_at_ours[name] is True
        assert seen_at_triton[name] == {"stumbled": "JSONDecodeError"}


def test_what_is_asked_rightly_is_answered_and_what_is_asked_wrongly_refused(
    seen_at_ours: Seen,
) -> None:
    for name, seen in seen_at_ours.items():
        is_refused = isinstance(seen, dict) and "refused" in seen
        assert is_refused == ("refuse-" in name), (name, seen)
