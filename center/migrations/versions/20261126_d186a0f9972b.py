"""Objectives, and how capabilities stand to them.

Revision: d186a0f9972b; follows: 4ad41b0c9553.
"""

import sqlalchemy as sa
from alembic import op

from center import columns


revision = 'd186a0f9972b'
down_revision = '4ad41b0c9553'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('objective',
    sa.Column('capability', sa.String(length=100), nullable=False),
    sa.Column('province', sa.String(length=100), nullable=False),
    sa.Column('availability', sa.Double(), nullable=False),
    sa.Column('p99_ms', sa.Double(), nullable=False),
    sa.Column('set_by', sa.String(length=100), nullable=False),
    sa.Column('set_at', columns.UtcDateTime(), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('capability', 'province', name=op.f('pk_objective')),
    mariadb_charset='utf8mb4',
    mariadb_collate='utf8mb4_bin',
    mysql_charset='utf8mb4',
    mysql_collate='utf8mb4_bin'
    )
    op.create_table('objective_measured',
    sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('at', columns.UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_objective_measured')),
    mariadb_charset='utf8mb4',
    mariadb_collate='utf8mb4_bin',
    mysql_charset='utf8mb4',
    mysql_collate='utf8mb4_bin'
    )
    op.create_table('objective_standing',
    sa.Column('capability', sa.String(length=100), nullable=False),
    sa.Column('province', sa.String(length=100), nullable=False),
    sa.Column('calls', sa.BigInteger(), nullable=False),
    sa.Column('p99_ms', sa.Double(), nullable=True),
    sa.Column('target', sa.JSON(), nullable=False),
    sa.Column('availability', sa.JSON(), nullable=False),
    sa.Column('latency', sa.JSON(), nullable=False),
    sa.Column('cells', sa.JSON(), nullable=False),
    sa.Column('left_ppm', sa.BigInteger(), nullable=False),
    sa.Column('burning', sa.String(length=100), nullable=True),
    sa.PrimaryKeyConstraint('capability', 'province', name=op.f('pk_objective_standing')),
    mariadb_charset='utf8mb4',
    mariadb_collate='utf8mb4_bin',
    mysql_charset='utf8mb4',
    mysql_collate='utf8mb4_bin'
    )
    with op.batch_alter_table('objective_standing', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_objective_standing_burning'), ['burning'], unique=False)
        batch_op.create_index(batch_op.f('ix_objective_standing_left_ppm'), ['left_ppm'], unique=False)



def downgrade() -> None:
    with op.batch_alter_table('objective_standing', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_objective_standing_left_ppm'))
        batch_op.drop_index(batch_op.f('ix_objective_standing_burning'))

    op.drop_table('objective_standing')
    op.drop_table('objective_measured')
    op.drop_table('objective')
