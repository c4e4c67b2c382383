"""Plans, periods and changes of subscriptions, and what happened to them; conditions of an approval.

Revision: a41c07be93d5; follows: c31f0a5d9b10.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

from center import columns

revision = 'a41c07be93d5'
down_revision = "c31f0a5d9b10"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('subscription_event',
    sa.Column('seq', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('at', columns.UtcDateTime(), nullable=False),
    sa.Column('kind', sa.String(length=100), nullable=False),
    sa.Column('subscription', sa.String(length=100), nullable=False),
    sa.Column('application', sa.String(length=100), nullable=False),
    sa.Column('province', sa.String(length=100), nullable=False),
    sa.Column('capability', sa.String(length=100), nullable=False),
    sa.Column('actor', sa.String(length=100), nullable=False),
    sa.Column('detail', sa.JSON(), nullable=False),
    sa.PrimaryKeyConstraint('seq', name=op.f('pk_subscription_event')),
    mariadb_charset='utf8mb4',
    mariadb_collate='utf8mb4_bin',
    mysql_charset='utf8mb4',
    mysql_collate='utf8mb4_bin'
    )
    with op.batch_alter_table('subscription_event', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_subscription_event_at'), ['at'], unique=False)
        batch_op.create_index(batch_op.f('ix_subscription_event_subscription'), ['subscription'], unique=False)

    op.create_table('subscription_plan',
    sa.Column('name', sa.String(length=100), nullable=False),
    sa.Column('title_zh', sa.String(length=500), nullable=False),
    sa.Column('title_en', sa.String(length=500), nullable=False),
    sa.Column('approval', sa.String(length=100), nullable=False),
    sa.Column('daily_quota', sa.BigInteger(), nullable=False),
    sa.Column('rate_per_second', sa.Double(), nullable=False),
    sa.Column('concurrency', sa.Integer(), nullable=False),
    sa.Column('longest_days', sa.Integer(), nullable=True),
    sa.Column('price_label', sa.String(length=500), nullable=False),
    sa.Column('is_open', sa.Boolean(), nullable=False),
    sa.Column('revision', sa.BigInteger(), nullable=False),
    sa.Column('updated_by', sa.String(length=100), nullable=False),
    sa.Column('updated_at', columns.UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_subscription_plan')),
    mariadb_charset='utf8mb4',
    mariadb_collate='utf8mb4_bin',
    mysql_charset='utf8mb4',
    mysql_collate='utf8mb4_bin'
    )
    op.create_table('subscription_change',
    sa.Column('id', sa.String(length=100), nullable=False),
    sa.Column('subscription', sa.String(length=100), nullable=False),
    sa.Column('open_for', sa.String(length=100), nullable=True),
    sa.Column('application', sa.String(length=100), nullable=False),
    sa.Column('province', sa.String(length=100), nullable=False),
    sa.Column('capability', sa.String(length=100), nullable=False),
    sa.Column('plan', sa.String(length=100), nullable=False),
    sa.Column('daily_quota', sa.BigInteger(), nullable=False),
    sa.Column('rate_per_second', sa.Double(), nullable=False),
    sa.Column('concurrency', sa.Integer(), nullable=False),
    sa.Column('ends_at', columns.UtcDateTime(), nullable=True),
    sa.Column('why', sa.Text().with_variant(mysql.LONGTEXT(), 'mariadb').with_variant(mysql.LONGTEXT(), 'mysql'), nullable=False),
    sa.Column('requested_by', sa.String(length=100), nullable=False),
    sa.Column('requested_at', columns.UtcDateTime(), nullable=False),
    sa.Column('status', sa.String(length=100), nullable=False),
    sa.Column('decided_by', sa.String(length=100), nullable=True),
    sa.Column('decided_at', columns.UtcDateTime(), nullable=True),
    sa.Column('reason', sa.Text().with_variant(mysql.LONGTEXT(), 'mariadb').with_variant(mysql.LONGTEXT(), 'mysql'), nullable=False),
    sa.Column('denial', sa.String(length=100), nullable=True),
    sa.ForeignKeyConstraint(['subscription'], ['subscription.id'], name=op.f('fk_subscription_change_subscription')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_subscription_change')),
    sa.UniqueConstraint('open_for', name=op.f('uq_subscription_change_open_for')),
    mariadb_charset='utf8mb4',
    mariadb_collate='utf8mb4_bin',
    mysql_charset='utf8mb4',
    mysql_collate='utf8mb4_bin'
    )
    with op.batch_alter_table('subscription_change', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_subscription_change_capability'), ['capability'], unique=False)
        batch_op.create_index(batch_op.f('ix_subscription_change_province'), ['province'], unique=False)
        batch_op.create_index(batch_op.f('ix_subscription_change_status'), ['status'], unique=False)
        batch_op.create_index(batch_op.f('ix_subscription_change_subscription'), ['subscription'], unique=False)

    with op.batch_alter_table('capability_version', schema=None) as batch_op:
        batch_op.add_column(sa.Column('conditions', sa.JSON(none_as_null=True), nullable=True))

    with op.batch_alter_table('subscription', schema=None) as batch_op:
        batch_op.add_column(sa.Column('denial', sa.String(length=100), nullable=True))
        batch_op.add_column(sa.Column('cost_centre', sa.String(length=100), server_default='', nullable=False))
        batch_op.add_column(sa.Column('starts_at', columns.UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column('ends_at', columns.UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column('warned_of_end', columns.UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column('warned_of_quota', sa.String(length=100), nullable=True))
        batch_op.create_index(batch_op.f('ix_subscription_ends_at'), ['ends_at'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('subscription', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_subscription_ends_at'))
        batch_op.drop_column('warned_of_quota')
        batch_op.drop_column('warned_of_end')
        batch_op.drop_column('ends_at')
        batch_op.drop_column('starts_at')
        batch_op.drop_column('cost_centre')
        batch_op.drop_column('denial')

    with op.batch_alter_table('capability_version', schema=None) as batch_op:
        batch_op.drop_column('conditions')

    with op.batch_alter_table('subscription_change', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_subscription_change_subscription'))
        batch_op.drop_index(batch_op.f('ix_subscription_change_status'))
        batch_op.drop_index(batch_op.f('ix_subscription_change_province'))
        batch_op.drop_index(batch_op.f('ix_subscription_change_capability'))

    op.drop_table('subscription_change')
    op.drop_table('subscription_plan')
    with op.batch_alter_table('subscription_event', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_subscription_event_subscription'))
        batch_op.drop_index(batch_op.f('ix_subscription_event_at'))

    op.drop_table('subscription_event')
