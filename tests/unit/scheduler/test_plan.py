"""What is started and stopped, seen from what shall run and what is observed."""

from pathlib import Path

import pytest

from capability_sdk.contracts.manifest import AlgorithmFamily
from capability_sdk.contracts.nodes import InstanceHealth
from capability_sdk.contracts.scheduling import LocalDeployment
from scheduler.domain import Binding, Demand, Observation, unit_of
from scheduler.profiles import RUNTIME_MEMORY_MIB, demand_of
from scheduler.reconcile.hosting import find_host
from scheduler.reconcile.plan import plan
from tests.integration.scheduler_world import deployment

READY, FAILED, STARTING = InstanceHealth.READY, InstanceHealth.FAILED, InstanceHealth.STARTING


def wanted(version: str = "1.0.0", replicas: int = 1) -> LocalDeployment:
    return LocalDeployment.model_validate(
        deployment(Path("/packages/p"), version, replicas=replicas)
    )


def bound(name: str, version: str = "1.0.0") -> Binding:
    return Binding(
        name, unit_of(wanted(version)), "node", Path("/p"), Demand("onnx", "mlp", 1, 1, 0)
    )


def seen(**healths: InstanceHealth) -> dict[str, Observation]:
    return {name: Observation(name, health, 0, "", "unix:/s") for name, health in healths.items()}


def test_missing_replicas_are_started() -> None:
    intent = plan([wanted(replicas=3)], [bound("a")], seen(a=READY))

    assert [item.version for item in intent.start] == ["1.0.0", "1.0.0"]
    assert intent.stop == ()


def test_what_runs_as_wanted_is_left_alone_even_when_it_fails() -> None:
    intent = plan([wanted()], [bound("a")], seen(a=FAILED))

    assert (intent.start, intent.stop) == ((), ())


@pytest.mark.parametrize(("health", "stopped"), [(STARTING, ()), (FAILED, ()), (READY, ("old",))])
def test_an_old_version_goes_only_when_its_successor_is_ready(
    health: InstanceHealth, stopped: tuple[str, ...]
) -> None:
    bindings = [bound("old"), bound("new", "2.0.0")]

    intent = plan([wanted("2.0.0")], bindings, seen(old=READY, new=health))

    assert intent.stop == stopped


def test_an_old_version_stays_while_a_replica_of_the_new_one_is_missing() -> None:
    bindings = [bound("old"), bound("new", "2.0.0")]

    intent = plan([wanted("2.0.0", replicas=2)], bindings, seen(old=READY, new=READY))

    assert intent.stop == ()
    assert len(intent.start) == 1


def test_new_weights_of_the_same_version_are_another_unit() -> None:
    other = wanted().model_copy(update={"weights_digest": "sha256:" + "9" * 64})

    intent = plan([other], [bound("a")], seen(a=READY))

    assert [item.weights_digest for item in intent.start] == [other.weights_digest]
    assert intent.stop == ()


def test_a_capability_that_nobody_wants_is_stopped() -> None:
    assert plan([], [bound("a"), bound("b")], seen(a=READY)).stop == ("a", "b")


def test_surplus_replicas_go_with_those_first_that_are_not_ready() -> None:
    bindings = [bound("a"), bound("b"), bound("c")]

    intent = plan([wanted(replicas=1)], bindings, seen(a=READY, b=FAILED, c=READY))

    assert intent.stop == ("b", "a")


def test_the_measured_memory_and_the_runtime_outrank_the_declared_one() -> None:
    measured = wanted().model_copy(update={"passport": {"memory_bytes": (300 << 20) + 1}})

    assert demand_of(wanted()).memory_mib == 64
    assert demand_of(measured).memory_mib == 301 + RUNTIME_MEMORY_MIB


def test_a_passport_of_a_whole_instance_says_memory_and_batch() -> None:
    passport = {"memory_bytes": 1 << 20, "peak_bytes": (90 << 20) + 1, "best_batch": 16}
    demand = demand_of(wanted().model_copy(update={"passport": passport}))

    assert (demand.memory_mib, demand.batch_rows) == (91, 16)


def test_a_version_of_another_family_is_placed_and_not_hosted_where_that_may_not_run() -> None:
    running = Binding("a", unit_of(wanted()), "node", Path("/p"), Demand("onnx", "mlp", 1, 1, 0))
    of_another = wanted("1.0.1")
    family = {"algorithm_family": AlgorithmFamily.LSTM}
    of_another = of_another.model_copy(
        update={"manifest": of_another.manifest.model_copy(update=family)}
    )

    assert find_host(unit_of(wanted("1.0.1")), [running], seen(a=READY)) is running
    assert find_host(unit_of(of_another), [running], seen(a=READY)) is None
