"""The audit trail: one hash-chained row for each act of governance.

`trail` adds and verifies rows, `anchor` keeps the newest hash outside of the database, `proof` writes
a file that whoever holds the center's public key verifies without the center. `words` names acts for
people.
"""

from center.identity.audit.trail import (
    Act,
    AuditHeadRow,
    AuditRow,
    AuditVerdict,
    Head,
    acts,
    follow_acts,
    record,
    verify,
)
from center.identity.audit.words import words_of

__all__ = [
    "Act",
    "AuditHeadRow",
    "AuditRow",
    "AuditVerdict",
    "Head",
    "acts",
    "follow_acts",
    "record",
    "verify",
    "words_of",
]
