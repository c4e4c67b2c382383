"""Weights of endpoints: what a heterogeneous node can carry, under its present load."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capability_sdk.contracts.nodes import Endpoint, NodeLoad, NodeMetadata
from capability_sdk.contracts.scheduling import LocalDeployment
from scheduler.dispatch.services import Service, Services
from scheduler.dispatch.weights import Speed, speed_of, weigh
from tests.integration.scheduler_world import deployment


def node(millicores: int = 4000, score: float = 0.0) -> NodeMetadata:
    return NodeMetadata(
        node="n",
        epoch=1,
        families=[],
        engines=[],
        cpu_millicores=millicores,
        memory_mib=1024,
        cpu_score=score,
    )


def load(**fields: Any) -> NodeLoad:  # noqa: ANN401 - fields of the model
    return NodeLoad(
        **{"node": "n", "cpu_fraction": 0.0, "memory_fraction": 0.1, "at": datetime.now(UTC)}
        | fields
    )


def endpoint(name: str, version: str = "1.0.0") -> Endpoint:
    return Endpoint(
        instance=f"i-{name}", capability="digits", version=version, address="unix:/s", node=name
    )


def speed(now: float, idle: float = 1.0) -> Speed:
    return Speed(cores=1.0, idle=idle, now=now)


def test_a_node_of_a_part_of_a_core_is_as_much_slower() -> None:
    speeds = {str(m): speed_of(node(m), None) for m in (200, 100, 50, 4000)}

    weights = [item.weight for item in weigh([endpoint(name) for name in speeds], speeds, {})]

    assert weights == pytest.approx([0.2, 0.1, 0.05, 1.0], rel=0.08)


def test_a_call_uses_one_core_so_a_large_node_is_no_faster_until_it_is_full() -> None:
    assert speed_of(node(64_000), None).now == speed_of(node(1000), None).now
    assert speed_of(node(4000), load(cpu_fraction=0.7)).now == 1.0
    assert speed_of(node(4000), load(cpu_fraction=0.9)).now == pytest.approx(0.4)


def test_a_faster_processor_weighs_more() -> None:
    assert speed_of(node(score=2000.0), None).now == 2 * speed_of(node(score=1000.0), None).now


@pytest.mark.parametrize("full", [{"memory_fraction": 0.98}, {"gpu_fraction": 0.8}])
def test_whatever_is_scarce_on_a_node_slows_it(full: dict[str, float]) -> None:
    assert speed_of(node(1000), load(**full)).now == pytest.approx(0.2)


def test_a_saturated_node_still_has_some_weight() -> None:
    full = speed_of(node(1000), load(cpu_fraction=1.0, memory_fraction=1.0))

    weighed = weigh([endpoint("full"), endpoint("idle")], {"full": full}, {})

    assert weighed[0].weight == pytest.approx(0.1, rel=0.08)
    assert weighed[1].weight == 1.0


def test_a_call_takes_what_the_passport_measured_on_the_fastest_node() -> None:
    speeds = {"fast": speed(1.6, idle=2.0), "slow": speed(0.4, idle=0.5)}
    services = {("digits", "1.0.0"): Service(cpu_seconds=0.004, is_stateless=True)}

    fast, slow = weigh([endpoint("fast"), endpoint("slow")], speeds, services)

    assert (fast.service_seconds, slow.service_seconds) == (0.002, 0.002)
    assert (fast.weight, slow.weight) == pytest.approx((1.0, 0.25), rel=0.08)
    assert slow.is_stateless


@given(st.lists(st.floats(0.01, 10), min_size=1, max_size=8))
def test_the_fastest_has_weight_one_and_nobody_more(speeds: list[float]) -> None:
    names = {f"n-{place}": speed(now) for place, now in enumerate(speeds)}

    weighed = weigh([endpoint(name) for name in names], names, {})

    assert max(item.weight for item in weighed) == 1.0
    assert all(item.weight > 0 for item in weighed)
    for item in weighed:
        assert item.weight == pytest.approx(names[item.node].now / max(speeds), rel=0.08)


def test_a_passport_is_read_for_the_node_that_measured_it() -> None:
    point = {"rows": 1, "connections": 16, "cpu_microseconds_per_request": 500.0}
    point |= {"latency_p50_ms": 1, "latency_p99_ms": 2, "requests_per_second": 1}
    passport = {"node_score": 2000.0, "requests": [point]}
    services = Services()

    services.use([LocalDeployment.model_validate(deployment(Path("/p"), passport=passport))], [])

    # The reference node is half as fast as the one that measured.
    assert services.known["digit-recognition", "1.0.0"] == Service(0.001, is_stateless=True)


def test_a_version_stays_known_for_as_long_as_it_runs() -> None:
    services, version = Services(), ("digit-recognition", "1.0.0")
    services.use([LocalDeployment.model_validate(deployment(Path("/p")))], [])

    services.use([], [version])
    assert version in services.known
    services.use([], [])
    assert version not in services.known
