"""Roll-outs: totals by version, and what a roll-back left as it was.

Revision: f2a96c0b7d15; follows: 70b4c0d399c4.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "f2a96c0b7d15"
down_revision = "70b4c0d399c4"
branch_labels = None
depends_on = None

_ROLLOUT = sa.table(
    "rollout",
    sa.column("id", sa.String),
    sa.column("version", sa.String),
    sa.column("baseline", sa.JSON),
    sa.column("left_as_is", sa.JSON),
)


def upgrade() -> None:
    op.add_column("rollout", sa.Column("left_as_is", sa.JSON(), nullable=True))
    for row in op.get_bind().execute(sa.select(_ROLLOUT)).all():
        by_version = {province: {row.version: now} for province, now in row.baseline.items()}
        _write(row.id, baseline=by_version, left_as_is={})
    with op.batch_alter_table("rollout") as table:
        table.alter_column("left_as_is", existing_type=sa.JSON(), nullable=False)


def downgrade() -> None:
    for row in op.get_bind().execute(sa.select(_ROLLOUT)).all():
        of_new = {name: now[row.version] for name, now in row.baseline.items() if row.version in now}
        _write(row.id, baseline=of_new)
    with op.batch_alter_table("rollout") as table:
        table.drop_column("left_as_is")


def _write(rollout: str, **values: Any) -> None:  # noqa: ANN401 - JSON documents
    op.execute(_ROLLOUT.update().where(_ROLLOUT.c.id == rollout).values(**values))
