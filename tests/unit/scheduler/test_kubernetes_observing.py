"""Which pod is which instance."""

from pathlib import Path
from typing import Any

from scheduler.adapters.kubernetes.observing import assign
from scheduler.adapters.kubernetes.workloads import Workload
from scheduler.domain import Binding, Demand, Unit


def workload(*processes: str) -> Workload:
    unit = Unit("digits", "1.0.0", "sha256:c", "sha256:w", face="one")
    demand = Demand("onnx", "mlp", cpu_millicores=10, memory_mib=64, gpu_milli=0)
    bindings = (Binding(name, unit, "node-1", Path("/p"), demand) for name in processes)
    return Workload("digits", tuple(bindings))


def pod(name: str, *, ready: str = "True") -> dict[str, Any]:
    conditions = [{"type": "Ready", "status": ready}]
    return {
        "metadata": {"name": name},
        "status": {"podIP": "10.0.0.1", "conditions": conditions},
    }


def names(assigned: dict[str, dict[str, Any]]) -> dict[str, str]:
    return {process: item["metadata"]["name"] for process, item in assigned.items()}


def test_an_instance_keeps_its_pod_while_others_come_and_go() -> None:
    found = assign(workload("i-1", "i-2"), [pod("a"), pod("b")], {"i-1": "b"})

    assert names(found) == {"i-1": "b", "i-2": "a"}


def test_a_pod_is_of_one_instance_though_two_have_had_it() -> None:
    found = assign(workload("i-1", "i-2"), [pod("a"), pod("b")], {"i-1": "a", "i-2": "a"})

    assert names(found) == {"i-1": "a", "i-2": "b"}


def test_an_instance_whose_pod_is_not_ready_takes_one_that_is() -> None:
    found = assign(workload("i-1"), [pod("a"), pod("b", ready="False")], {"i-1": "b"})

    assert names(found) == {"i-1": "a"}
