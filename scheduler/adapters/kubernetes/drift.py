"""Whether an object still is what we wrote, and what it has to become. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from scheduler.adapters.kubernetes.kinds import Object

FIELD_MANAGER = "jiuzhou-scheduler"
_CONTROLLERS = "kube-controller-manager"
_CONTENT = ("f:spec", "f:data", "f:stringData", "f:binaryData", "f:type")


def holds(wanted: object, actual: object) -> bool:
    """Tell whether an object holds what is wanted of it.

    The server adds defaults, so members beside the wanted ones do no harm. A list is as long as the
    wanted one, since a container, a port or a volume more is another workload.
    """
    if isinstance(wanted, Mapping):
        return isinstance(actual, Mapping) and all(
            name in actual and holds(value, actual[name]) for name, value in wanted.items()
        )
    if isinstance(wanted, Sequence) and not isinstance(wanted, str):
        return (
            isinstance(actual, Sequence)
            and len(actual) == len(wanted)
            and all(map(holds, wanted, actual))
        )
    return wanted == actual


def is_edited(actual: Object) -> bool:
    """Tell whether somebody else has put something into an object's content.

    Controllers write status, scale and annotations, which is theirs to do.
    """
    return any(_is_edit(entry) for entry in actual["metadata"].get("managedFields", ()))


def autoscaled(actual: Object | None) -> int:
    """Return the number of pods that the autoscaler asked for last; 0 where it was somebody else."""
    if actual is None:
        return 0
    is_its = any(
        entry.get("manager") == _CONTROLLERS
        and entry.get("subresource") == "scale"
        and "f:replicas" in entry.get("fieldsV1", {}).get("f:spec", {})
        for entry in actual["metadata"].get("managedFields", ())
    )
    return int(actual["spec"]["replicas"]) if is_its else 0


def restored(wanted: Object, actual: Object) -> Object:
    """Return an object whose content is the wanted one alone; status and foreign labels stay."""
    content = {name: value for name, value in wanted.items() if name != "metadata"}
    was, shall = actual["metadata"], wanted["metadata"]
    metadata = {**was, **shall}
    for name in ("labels", "annotations"):
        metadata[name] = {**was.get(name, {}), **shall.get(name, {})}
    metadata["managedFields"] = [
        entry for entry in was.get("managedFields", ()) if not _is_edit(entry)
    ]
    return {**actual, **content, "metadata": metadata}


def _is_edit(entry: Mapping[str, Any]) -> bool:
    return (
        entry.get("manager") != FIELD_MANAGER
        and not entry.get("subresource")
        and any(name in entry.get("fieldsV1", {}) for name in _CONTENT)
    )
