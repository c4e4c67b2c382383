"""The parts of scaling that the API works with."""

from dataclasses import dataclass

from scheduler.scaling.autoscaler import Autoscaler
from scheduler.scaling.store import ScalingStore
from scheduler.scaling.traffic import TrafficBoard


@dataclass(frozen=True, slots=True)
class Scaling:
    """What is known of calls, and what follows from it."""

    store: ScalingStore
    traffic: TrafficBoard
    autoscaler: Autoscaler
