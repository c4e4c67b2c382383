"""The parts of scaling that the API works with."""

from dataclasses import dataclass

from scheduler.lending.lender import Lender
from scheduler.scaling.autoscaler import Autoscaler
from scheduler.scaling.store import ScalingStore
from scheduler.scaling.traffic import TrafficBoard


@dataclass(frozen=True, slots=True)
class Scaling:
    """What is known of calls, and what follows from it: replicas, and what can be lent meanwhile."""

    store: ScalingStore
    traffic: TrafficBoard
    autoscaler: Autoscaler
    lender: Lender
