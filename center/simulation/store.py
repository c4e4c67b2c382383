"""Deletes a province from every table, whichever domain keeps it."""

from sqlalchemy import ColumnElement, Table, delete, select
from sqlalchemy.orm import Session

from center.database import Base
from center.identity.audit.trail import AuditRow


def delete_everywhere(session: Session, province: str, edge: str) -> int:
    """Delete every row that belongs to a province or its edge, children first.

    The audit trail stays whole: it also tells of what is gone.

    Args:
        session: Open transaction.
        province: Name of the province.
        edge: Id of its edge.

    Returns:
        How many rows there were.
    """
    deleted = 0
    for table in reversed(Base.metadata.sorted_tables):
        condition = _belongs(table, province, edge)
        if condition is not None:
            done = session.execute(delete(table).where(condition))
            deleted += done.rowcount  # type: ignore[attr-defined]  # a DELETE's result has it
    return deleted


def _belongs(table: Table, province: str, edge: str) -> ColumnElement[bool] | None:
    """Condition that a row is the province's, itself or by what it refers to; None where none is."""
    if table is AuditRow.__table__:
        return None
    if table.name == "province":
        return table.c.name == province
    for column, value in (("province", province), ("edge", edge)):
        if column in table.c:
            return table.c[column] == value
    for key in sorted(table.foreign_keys, key=lambda key: key.target_fullname):
        parent = key.column.table
        inner = None if parent is table else _belongs(parent, province, edge)
        if inner is not None:
            return key.parent.in_(select(key.column).where(inner))
    return None
