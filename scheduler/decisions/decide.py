"""Where one instance goes, and whose best-effort work makes room for it. Pure."""

from scheduler.decisions.inputs import Inputs
from scheduler.placement.place import Placement, place
from scheduler.placement.preempt import choose_victims, in_place_of


def decide(inputs: Inputs) -> Placement:
    """Place an instance; where no node has room, in that of what may be ended for it."""
    placement = place(
        inputs.capability, inputs.demand, inputs.nodes, inputs.weights, inputs.workload
    )
    if placement.node is not None or not inputs.evictable:
        return placement
    found = choose_victims(inputs.demand, inputs.nodes, inputs.evictable)
    return placement if found is None else in_place_of(found, inputs.demand, placement)
