"""Every act that the center records has words in both languages."""

import ast
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import center
from center.alarm.domain import AlarmEventKind as AlarmEvent
from center.identity.audit import words_of
from center.rollout.domain import RolloutState
from center.subscription.domain import Act as SubscriptionAct
from center.subscription.domain import SubscriptionEventKind as SubscriptionEvent
from center.work_order.domain import Step

_CHANGES = [kind for kind in SubscriptionEvent if kind.startswith("change")]
_BY_KIND = (
    *product(["alarm"], AlarmEvent),
    *product(["subscription"], [*SubscriptionAct, *_CHANGES, "request"]),
    *product(["work-order"], Step),
    *product(["rollout"], set(RolloutState) - {RolloutState.FINISHED}),
    ("capability", "retired"),
)
"""Acts whose names are made of a domain's own words."""
_RECORDS = {"record", "_note", "_move", "_tell", "_audit", "keep", "end"}
"""Functions that are given an act's name, or its last part."""


def _calls() -> Iterator[tuple[ast.Module, ast.Call]]:
    for path in Path(center.__file__).parent.rglob("*.py"):
        module = ast.parse(path.read_text())
        for node in ast.walk(module):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                if name in _RECORDS:
                    yield module, node


def _beginnings(module: ast.Module) -> set[str]:
    """Return what stands before the last part of the acts that a module records."""
    heads = (node.values[0] for node in ast.walk(module) if isinstance(node, ast.JoinedStr))
    texts = {str(head.value) for head in heads if isinstance(head, ast.Constant)}
    return {text for text in texts if text.endswith(".") and text[:-1].replace("-", "").isalpha()}


def _recorded() -> Iterator[str]:
    for kind, act in _BY_KIND:
        yield f"{kind}.{act}"
    for module, call in _calls():
        given = [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg == "act")]
        for node in (part for one in given for part in _constants(one)):
            if "." in node:
                yield node
            else:
                yield from (f"{start}{node}" for start in _beginnings(module))


def _constants(node: ast.expr) -> Iterator[str]:
    match node:
        case ast.Constant(value=str(text)) if text.replace("-", "").replace(".", "").isalpha():
            yield text
        case ast.IfExp(body=first, orelse=second):
            yield from _constants(first)
            yield from _constants(second)
        case ast.Starred(value=ast.Tuple(elts=parts)):
            for part in parts:
                yield from _constants(part)


def test_every_act_has_words_in_both_languages() -> None:
    acts = set(_recorded())

    assert len(acts) > 100
    assert [act for act in sorted(acts) if words_of(act) == {"zh": act, "en": act}] == []
