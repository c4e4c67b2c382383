"""What a province chose of a capability's settings, as its pods find it."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from scheduler.adapters.kubernetes.cast import Cast
from scheduler.adapters.kubernetes.pod import pod_template
from scheduler.adapters.kubernetes.storage import Storage
from scheduler.adapters.kubernetes.workloads import Workload, workloads_of
from scheduler.domain import Binding, Demand, Unit

CHOSEN = "sha256:" + "a" * 64
UNIT = Unit("factor", "1.0.0", "sha256:" + "1" * 64, "sha256:" + "2" * 64)
DEMAND = Demand("python", "linear", 100, 128, 0)
CAST = Cast("edge", "image", 1000, timedelta(seconds=60), Storage("models", Path("/models")))


def workload(unit: Unit) -> Workload:
    bindings = [Binding("one", unit, "node-a", Path("/models/packages/x"), DEMAND)]
    (found,) = workloads_of(bindings, "edge").values()
    return found


def container(unit: Unit) -> dict[str, Any]:
    template = pod_template(workload(unit), DEMAND, CAST, {})
    found: dict[str, Any] = template["spec"]["containers"][0]
    return found


def test_a_pod_reads_the_chosen_settings_from_the_volume_of_models_and_verifies_their_digest() -> (
    None
):
    plain, chosen = container(UNIT), container(replace(UNIT, overlay=CHOSEN))

    further = [word for word in chosen["args"] if word not in plain["args"]]
    file = f"/var/lib/jiuzhou/overlays/{'a' * 64}.json"
    assert further == ["--overlay", file, "--overlay-digest", CHOSEN]
    (mount,) = [item for item in chosen["volumeMounts"] if item not in plain["volumeMounts"]]
    assert (mount["mountPath"], mount["readOnly"]) == ("/var/lib/jiuzhou/overlays", True)


def test_another_choice_is_another_deployment_of_the_cluster() -> None:
    other = "sha256:" + "b" * 64
    units = (UNIT, replace(UNIT, overlay=CHOSEN), replace(UNIT, overlay=other))

    assert len({workload(unit).name for unit in units}) == 3
