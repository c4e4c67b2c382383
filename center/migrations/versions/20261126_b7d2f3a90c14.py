"""Trials: their terms in each province, tokens given out, and what people used of a day.

Revision: b7d2f3a90c14; follows: d7e2b9c4a105.
"""

import sqlalchemy as sa
from alembic import op

from center import columns

revision = 'b7d2f3a90c14'
down_revision = "d7e2b9c4a105"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('trial_terms',
    sa.Column('province', sa.String(length=100), nullable=False),
    sa.Column('enabled', sa.Boolean(), nullable=False),
    sa.Column('concurrency', sa.Integer(), nullable=False),
    sa.Column('rate_per_second', sa.Double(), nullable=False),
    sa.ForeignKeyConstraint(['province'], ['province.name'], name=op.f('fk_trial_terms_province')),
    sa.PrimaryKeyConstraint('province', name=op.f('pk_trial_terms')),
    mariadb_charset='utf8mb4',
    mariadb_collate='utf8mb4_bin',
    mysql_charset='utf8mb4',
    mysql_collate='utf8mb4_bin'
    )
    op.create_table('trial_allowance',
    sa.Column('person', sa.String(length=100), nullable=False),
    sa.Column('capability', sa.String(length=100), nullable=False),
    sa.Column('day', sa.String(length=100), nullable=False),
    sa.Column('used', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('person', 'capability', 'day', name=op.f('pk_trial_allowance')),
    mariadb_charset='utf8mb4',
    mariadb_collate='utf8mb4_bin',
    mysql_charset='utf8mb4',
    mysql_collate='utf8mb4_bin'
    )
    op.create_table('trial_token',
    sa.Column('id', sa.String(length=100), nullable=False),
    sa.Column('person', sa.String(length=100), nullable=False),
    sa.Column('capability', sa.String(length=100), nullable=False),
    sa.Column('province', sa.String(length=100), nullable=False),
    sa.Column('calls', sa.Integer(), nullable=False),
    sa.Column('issued_at', columns.UtcDateTime(), nullable=False),
    sa.Column('expires_at', columns.UtcDateTime(), nullable=False),
    sa.Column('used', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_trial_token')),
    mariadb_charset='utf8mb4',
    mariadb_collate='utf8mb4_bin',
    mysql_charset='utf8mb4',
    mysql_collate='utf8mb4_bin'
    )
    with op.batch_alter_table('trial_token', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_trial_token_capability'), ['capability'], unique=False)
        batch_op.create_index(batch_op.f('ix_trial_token_expires_at'), ['expires_at'], unique=False)


def downgrade() -> None:
    for table in ('trial_token', 'trial_allowance', 'trial_terms'):
        op.drop_table(table)
