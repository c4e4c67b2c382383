"""Broken variants of the good packages: each is one change, and names the check that must refuse it."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnx
import xgboost
from onnx import helper

_ENTRY = "code/capability.py"
_WEIGHTS = "model/model.ubj"


@dataclass(frozen=True, slots=True)
class Variant:
    """A way to break a package.

    Attributes:
        capability: Name of the good one.
        name: What is wrong, in a few words.
        refused_by: The check that has to say so.
        spoil: Breaks a copy of the project's folder in place.
    """

    capability: str
    name: str
    refused_by: str
    spoil: Callable[[Path], None]

    def of(self, project: Path, folder: Path) -> Path:
        """Copy a good project into a folder, and break the copy."""
        broken = folder / self.capability
        shutil.copytree(project, broken)
        self.spoil(broken)
        return broken


def _answer_otherwise(project: Path) -> None:
    """Record that the first sample is the other class."""
    path = min((project / "samples").glob("*.json"))
    sample: dict[str, Any] = json.loads(path.read_text())
    sample["expected"]["label"] = [1 - sample["expected"]["label"][0]]
    path.write_text(json.dumps(sample))


def _promise_too_much(project: Path) -> None:
    """Promise an answer within a microsecond."""
    _replace(project / "capability.toml", "p99_ms = 100.0", "p99_ms = 0.001")


def _turn_the_classes_around(project: Path) -> None:
    """Let the trees of the first class vote for the last, as after training with other labels."""
    booster = xgboost.Booster(model_file=str(project / _WEIGHTS))
    content = json.loads(bytes(booster.save_raw("json")))
    trees = content["learner"]["gradient_booster"]["model"]
    trees["tree_info"] = [2 - of_class for of_class in trees["tree_info"]]
    turned = xgboost.Booster(model_file=bytearray(json.dumps(content).encode()))
    (project / _WEIGHTS).write_bytes(bytes(turned.save_raw("ubj")))


def _normalise_by_locale(project: Path) -> None:
    """Lower the text's case in front of everything, with a locale of the author's machine."""
    path = project / "model" / "model.onnx"
    model = onnx.load(str(path))
    for node in model.graph.node:
        node.input[:] = ["lower" if name == "text" else name for name in node.input]
    flat = helper.make_node("Squeeze", ["text", "columns"], ["flat"])
    lower = helper.make_node(
        "StringNormalizer", ["flat"], ["low"], case_change_action="LOWER", locale="en_US.UTF-8"
    )
    column = helper.make_node("Unsqueeze", ["low", "columns"], ["lower"])
    rest = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend([flat, lower, column, *rest])
    model.graph.initializer.append(helper.make_tensor("columns", onnx.TensorProto.INT64, [1], [1]))
    path.write_bytes(model.SerializeToString())


def _remember(project: Path) -> None:
    """Let an answer depend on how many came before it."""
    _before_answer(project, "self.calls = getattr(self, 'calls', 0) + 1")
    _replace(
        project / _ENTRY, "np.array(roots, np.int64)", "np.array(roots, np.int64) + self.calls"
    )


def _leak(project: Path) -> None:
    """Keep 64 KiB of every call."""
    _before_answer(project, "self.kept = [*getattr(self, 'kept', []), np.ones(1 << 13)]")


def _dawdle(project: Path) -> None:
    """Take longer for one case than the whole call may."""
    _replace(project / "capability.toml", "p99_ms = 100.0", "p99_ms = 20.0")
    _before_answer(project, "__import__('time').sleep(0.03)")


def _before_answer(project: Path, statement: str) -> None:
    line = (
        'kinds, devices, seconds = (inputs[name] for name in ("alarm_type", "device", "seconds"))'
    )
    _replace(project / _ENTRY, line, f"{statement}; {line}")


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text, f"{path.name} does not hold {old!r} any more"
    path.write_text(text.replace(old, new))


VARIANTS = (
    Variant("ran-kpi-anomaly", "wrong sample answers", "functional", _answer_otherwise),
    Variant("cell-traffic-forecast", "an impossible promise", "resources", _promise_too_much),
    Variant("fault-severity", "wrong label order", "functional", _turn_the_classes_around),
    Variant("alarm-root-cause", "state between calls", "statelessness", _remember),
    Variant("alarm-root-cause", "a leak", "memory-growth", _leak),
    Variant("alarm-root-cause", "slower than its objective", "resources", _dawdle),
    Variant("ticket-classify", "text by locale", "onnx-locale", _normalise_by_locale),
)
