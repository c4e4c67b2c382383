"""A durable, append-only spool: one writing process, any number of reading ones."""

from capability_sdk.spool.errors import SpoolBusy, SpoolDamaged, SpoolError, SpoolUnwritable
from capability_sdk.spool.inspection import Condition, examine, reported_end
from capability_sdk.spool.reader import SpoolReader
from capability_sdk.spool.recovery import Damage, set_aside
from capability_sdk.spool.retention import retire
from capability_sdk.spool.segment import Record
from capability_sdk.spool.writer import SpoolWriter

__all__ = [
    "Condition",
    "Damage",
    "Record",
    "SpoolBusy",
    "SpoolDamaged",
    "SpoolError",
    "SpoolReader",
    "SpoolUnwritable",
    "SpoolWriter",
    "examine",
    "reported_end",
    "retire",
    "set_aside",
]
