"""Holds a written decision against its inputs: taken again it must be the same, change included."""

from collections.abc import Collection, Iterable, Iterator
from itertools import combinations

from scheduler.checker.counterfactual import admits, cheapest, smaller, without
from scheduler.checker.replay import Answer, Document, decide, failing

SCHEMA = 1
_CLOSE = 2e-6
"""Two sums of the same parts in another order, rounded, are not farther apart."""
_FEWER_TRIED = 3
"""Sets of processes up to this size are tried one by one, as the placement promises to."""


def check(record: Document) -> list[str]:
    """Check a decision.

    Args:
        record: ``{"decision": ..., "inputs": ...}``, as the scheduler's API returns the two.

    Returns:
        What does not hold, in words; empty where everything does.
    """
    decision, inputs = record["decision"], record["inputs"]
    if inputs.get("schema") != SCHEMA:
        return [f"inputs of schema {inputs.get('schema')} are not understood, {SCHEMA} is"]
    if inputs["host"]:
        return list(_check_hosted(decision, inputs))
    again = decide(inputs)
    problems = [*_check_candidates(decision, again)]
    if decision["victims"]:
        problems += _check_preemption(decision, inputs, again)
    else:
        problems += _check_choice(decision, again)
    if decision["node"] is None and inputs["nodes"]:
        problems += _check_change(decision["change"], inputs)
    return problems


def _check_hosted(decision: Document, inputs: Document) -> Iterator[str]:
    """Only weights differ: nothing was chosen, so only the node can be wrong."""
    if decision["node"] not in {node["node"] for node in inputs["nodes"]}:
        yield f"hosted on {decision['node']}, which was not there"


def _check_candidates(decision: Document, again: Answer) -> Iterator[str]:
    if decision["considered"] != len(again.scores) + len(again.failures):
        yield f"{decision['considered']} nodes are said to be considered"
    if decision["refused"] != again.totals:
        yield f"refused by constraint: {decision['refused']} is said, {again.totals} found"
    for candidate in decision["candidates"]:
        name, failed, score = candidate["node"], candidate["failed"], candidate["score"]
        if failed is not None and again.failures.get(name) != failed["constraint"]:
            yield f"{name} is said to fail at {failed['constraint']}, not so"
        if score is not None and abs(again.scores.get(name, -1e9) - score) > _CLOSE:
            yield f"{name} is said to score {score}, found {again.scores.get(name)}"
        if candidate["parts"] and abs(sum(candidate["parts"].values()) - (score or 0)) > _CLOSE * 5:
            yield f"{name} is said to score {score}, which its parts do not add up to"


def _check_choice(decision: Document, again: Answer) -> Iterator[str]:
    said = (decision["node"], tuple(decision["devices"]))
    if said == (again.node, again.devices):
        return
    score = again.scores.get(decision["node"] or "")
    best = again.scores.get(again.node or "")
    is_close = score is not None and best is not None and 0 < abs(best - score) <= _CLOSE
    if not is_close:
        yield f"{said} was chosen, {(again.node, again.devices)} found"


def _check_change(change: Document | None, inputs: Document) -> Iterator[str]:
    if change is None:
        yield "a refusal without the change that would have admitted it"
        return
    if not admits(inputs, change):
        yield f"not admitted after the change: {change['words']}"
    for less in smaller(change):
        if admits(inputs, less):
            yield f"less would do than: {change['words']}"
    cost, node = cheapest(inputs)
    if abs(cost - change["cost"]) > _CLOSE or (node != change["node"] and cost < change["cost"]):
        yield f"a change on {node} costs {cost}, the one said {change['cost']}"


def _check_preemption(decision: Document, inputs: Document, again: Answer) -> Iterator[str]:
    if again.node is not None:
        yield f"work was ended though {again.node} had room"
    evictable = {node["node"]: _by_instance(node) for node in inputs["nodes"]}
    here = evictable.get(decision["node"], {})
    if not set(decision["victims"]) <= here.keys():
        yield f"of {decision['victims']} some could not be ended"
        return
    leaving = sorted({here[victim] for victim in decision["victims"]})
    if not _suffices(inputs, decision["node"], leaving):
        yield f"no room though {leaving} have left"
    most = min(len(leaving) - 1, _FEWER_TRIED)
    for node, processes in evictable.items():
        if fewer := _sufficient(inputs, node, processes.values(), most):
            yield f"fewer would have sufficed on {node}: {fewer}"


def _sufficient(
    inputs: Document, node: str, processes: Iterable[str], most: int
) -> tuple[str, ...] | None:
    """Find a set of at most so many processes whose leaving suffices."""
    names = sorted(set(processes))
    sets = (some for count in range(1, most + 1) for some in combinations(names, count))
    return next((some for some in sets if _suffices(inputs, node, some)), None)


def _by_instance(node: Document) -> dict[str, str]:
    return {name: item["process"] for item in node["evictable"] for name in item["instances"]}


def _suffices(inputs: Document, name: str, leaving: Collection[str]) -> bool:
    node = next(item for item in inputs["nodes"] if item["node"] == name)
    return not failing(inputs["request"], without(node, leaving))
