"""How much the gate measures, and what it allows."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plan:
    """Times are wall time in seconds; a slow model is measured with fewer calls, not for longer.

    Attributes:
        whole_seconds: The gate is ended then.
        start_seconds: What an instance may take from its process's start to its first answer.
        answer_seconds: What one answer may take.
        growth_seconds: How long calls are made while memory is watched.
        point_seconds: How long one batch size on one number of threads is measured.
        load_seconds: How long one kind of request is measured on the whole instance.
        memory_bytes: What an instance may hold.
    """

    whole_seconds: float = 90.0
    start_seconds: float = 30.0
    answer_seconds: float = 15.0
    growth_seconds: float = 4.0
    point_seconds: float = 0.2
    load_seconds: float = 1.5
    memory_bytes: int = 2 << 30


THOROUGH = Plan()
"""What the center runs before a review."""

BRIEF = Plan(growth_seconds=0.6, point_seconds=0.03, load_seconds=0.2)
"""The same checks on figures that are rough: while an author still changes things."""
