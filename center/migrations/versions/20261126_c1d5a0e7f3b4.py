"""Changes by topic and province: what pages listen to, beside what provinces live from.

Revision: c1d5a0e7f3b4; follows: a1c04e6f7d20.
"""

import sqlalchemy as sa
from alembic import op

from center import columns

revision = 'c1d5a0e7f3b4'
down_revision = "a1c04e6f7d20"
branch_labels = None
depends_on = None

_COLLATION = {
    'mariadb_charset': 'utf8mb4',
    'mariadb_collate': 'utf8mb4_bin',
    'mysql_charset': 'utf8mb4',
    'mysql_collate': 'utf8mb4_bin',
}


def upgrade() -> None:
    # Changes live for minutes: what stands in the old table has been seen by every reader.
    op.drop_table('desired_change')
    op.create_table('noted_change',
    sa.Column('id', columns.Serial, nullable=False),
    sa.Column('topic', sa.String(length=100), nullable=False),
    sa.Column('province', sa.String(length=100), nullable=True),
    sa.Column('at', columns.UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_noted_change')),
    **_COLLATION
    )
    op.create_index(op.f('ix_noted_change_at'), 'noted_change', ['at'])


def downgrade() -> None:
    op.drop_table('noted_change')
    op.create_table('desired_change',
    sa.Column('id', columns.Serial, nullable=False),
    sa.Column('at', columns.UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_desired_change')),
    **_COLLATION
    )
    op.create_index(op.f('ix_desired_change_at'), 'desired_change', ['at'])
