"""What counts as an edit of somebody else, and what the cluster's own controllers may write."""

from typing import Any

import pytest

from scheduler.adapters.kubernetes.drift import autoscaled, holds, is_edited, restored


def entry(manager: str, content: dict[str, Any], subresource: str = "") -> dict[str, Any]:
    return {"manager": manager, "subresource": subresource, "fieldsV1": content}


def written(*entries: dict[str, Any], **spec: object) -> dict[str, Any]:
    return {"metadata": {"name": "one", "managedFields": list(entries)}, "spec": spec}


@pytest.mark.parametrize(
    ("wanted", "actual", "expected"),
    [
        ({"a": 1}, {"a": 1, "defaulted": True}, True),
        ({"a": {"b": [1, 2]}}, {"a": {"b": [1, 2], "c": 3}}, True),
        ({"a": [{"name": "x"}]}, {"a": [{"name": "x", "more": 1}]}, True),
        ({"a": [{"name": "x"}]}, {"a": [{"name": "x"}, {"name": "intruder"}]}, False),
        ({"a": 1}, {"a": 2}, False),
        ({"a": 1}, {}, False),
        ({"a": {"b": 1}}, {"a": None}, False),
    ],
)
def test_defaults_do_no_harm_and_further_members_of_a_list_do(
    wanted: object, actual: object, expected: bool
) -> None:
    assert holds(wanted, actual) is expected


def test_content_of_others_is_an_edit_and_their_status_scale_and_labels_are_not() -> None:
    ours = entry("jiuzhou-scheduler", {"f:spec": {}})
    status = entry("kube-controller-manager", {"f:status": {}}, "status")
    scale = entry("kube-controller-manager", {"f:spec": {"f:replicas": {}}}, "scale")
    label = entry("kubectl", {"f:metadata": {"f:labels": {}}})
    edit = entry("kubectl", {"f:spec": {"f:paused": {}}})

    assert not is_edited(written(ours, status, scale, label))
    assert is_edited(written(ours, edit))


def test_what_is_restored_holds_our_content_alone_and_forgets_who_edited_it() -> None:
    ours = entry("jiuzhou-scheduler", {"f:spec": {}})
    edit = entry("kubectl", {"f:spec": {"f:paused": {}}})
    actual = written(ours, edit, replicas=2, paused=True) | {"status": {"readyReplicas": 2}}
    actual["metadata"]["labels"] = {"theirs": "kept"}
    wanted = {"metadata": {"name": "one", "labels": {"ours": "too"}}, "spec": {"replicas": 2}}

    found = restored(wanted, actual)

    assert found["spec"] == {"replicas": 2}
    assert found["metadata"]["labels"] == {"theirs": "kept", "ours": "too"}
    assert found["metadata"]["managedFields"] == [ours]
    assert found["status"] == {"readyReplicas": 2}


def test_replicas_are_the_autoscalers_only_where_its_controller_set_them() -> None:
    fields: dict[str, Any] = {"f:spec": {"f:replicas": {}}}

    assert autoscaled(None) == 0
    assert autoscaled(written(entry("kubectl", fields, "scale"), replicas=5)) == 0
    assert autoscaled(written(entry("kube-controller-manager", fields, "scale"), replicas=5)) == 5
