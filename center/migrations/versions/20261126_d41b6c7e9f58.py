"""Work orders and their history.

Revision: d41b6c7e9f58; follows: c3e8a95b0d47.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

from center import columns

revision = 'd41b6c7e9f58'
down_revision = 'c3e8a95b0d47'
branch_labels = None
depends_on = None

_OPTIONS = {
    'mariadb_charset': 'utf8mb4', 'mariadb_collate': 'utf8mb4_bin',
    'mysql_charset': 'utf8mb4', 'mysql_collate': 'utf8mb4_bin',
}


def upgrade() -> None:
    op.create_table('work_order',
    sa.Column('id', sa.String(length=100), nullable=False),
    sa.Column('kind', sa.String(length=100), nullable=False),
    sa.Column('title', sa.String(length=500), nullable=False),
    sa.Column('subject', sa.String(length=500), nullable=False),
    sa.Column('open_subject', sa.String(length=100), nullable=True),
    sa.Column('province', sa.String(length=100), nullable=True),
    sa.Column('organisation', sa.String(length=100), nullable=False),
    sa.Column('requested_by', sa.String(length=100), nullable=False),
    sa.Column('requested_at', columns.UtcDateTime(), nullable=False),
    sa.Column('due_at', columns.UtcDateTime(), nullable=False),
    sa.Column('state', sa.String(length=100), nullable=False),
    sa.Column('assignee', sa.String(length=100), nullable=True),
    sa.Column('closed_at', columns.UtcDateTime(), nullable=True),
    sa.Column('revision', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_work_order')),
    sa.UniqueConstraint('open_subject', name=op.f('uq_work_order_open_subject')),
    **_OPTIONS
    )
    with op.batch_alter_table('work_order', schema=None) as batch_op:
        for name in ('assignee', 'due_at', 'kind', 'province', 'requested_at', 'requested_by', 'state'):
            batch_op.create_index(batch_op.f(f'ix_work_order_{name}'), [name], unique=False)
    op.create_table('work_order_entry',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('work_order', sa.String(length=100), nullable=False),
    sa.Column('at', columns.UtcDateTime(), nullable=False),
    sa.Column('by', sa.String(length=100), nullable=False),
    sa.Column('step', sa.String(length=100), nullable=False),
    sa.Column('text', sa.Text().with_variant(mysql.LONGTEXT(), 'mariadb').with_variant(mysql.LONGTEXT(), 'mysql'), nullable=False),
    sa.Column('detail', sa.JSON(), nullable=True),
    sa.ForeignKeyConstraint(['work_order'], ['work_order.id'], name=op.f('fk_work_order_entry_work_order')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_work_order_entry')),
    **_OPTIONS
    )
    with op.batch_alter_table('work_order_entry', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_work_order_entry_work_order'), ['work_order'], unique=False)


def downgrade() -> None:
    op.drop_table('work_order_entry')
    op.drop_table('work_order')
