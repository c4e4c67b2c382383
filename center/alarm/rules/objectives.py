"""Error budgets that burn: both windows of a pair, as the objective domain measures them (R102)."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from center.alarm.domain import Finding, Rule, RuleName, Severity
from center.objective.domain import Burning, Standing
from center.objective.store import StandingStore

_SEVERITY = {Burning.FAST: Severity.CRITICAL, Burning.SLOW: Severity.WARNING}


def _find(session: Session, _: datetime) -> Iterator[Finding]:
    burning = StandingStore(session).burning()
    in_provinces = {item.capability for item in burning if item.province}
    for item in burning:
        # Where single provinces burn, these say it; the total says it where only all together do.
        if item.province or item.capability not in in_provinces:
            yield _finding(item)


def _finding(item: Standing) -> Finding:
    which = "availability" if item.availability.burning is item.burning else "latency"
    budget = item.availability if which == "availability" else item.latency
    rate = max(budget.burn.values())
    zh = "可用性" if which == "availability" else "时延"
    return Finding(
        rule=RuleName.OBJECTIVE_BURNING,
        severity=_SEVERITY[item.burning or Burning.SLOW],
        province=item.province,
        capability=item.capability,
        says={
            "zh": f"{zh}错误预算以 {rate:.1f} 倍速度消耗，剩余 {budget.left:.0%}",
            "en": f"The {which} budget burns at {rate:.1f} times its rate; {budget.left:.0%} is left.",
        },
        evidence={
            "objective": which,
            "left": budget.left,
            "burn": {str(span): value for span, value in budget.burn.items()},
            "exhausts_at": None if budget.exhausts_at is None else budget.exhausts_at.isoformat(),
        },
    )


RULE = Rule(RuleName.OBJECTIVE_BURNING, _find, every=timedelta(seconds=30))
