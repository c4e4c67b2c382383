"""What the worker looks for: one module a rule, each with its own queries and thresholds."""

from center.alarm.domain import Rule
from center.alarm.rules import (
    consistency,
    drift,
    edges,
    expiry,
    flood,
    instances,
    keys,
    late,
    objectives,
    quality,
    quota,
)
from center.settings import CenterSettings


def center_rules(settings: CenterSettings) -> tuple[Rule, ...]:
    """Return every rule about what the domains below record."""
    return (
        flood.RULE,
        edges.RULE,
        instances.RULE,
        drift.RULE,
        quality.RULE,
        late.RULE,
        quota.RULE,
        objectives.RULE,
        expiry.RULE,
        consistency.RULE,
        keys.rule(settings),
    )
