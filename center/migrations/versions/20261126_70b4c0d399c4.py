"""Notifications: rules, inbox, webhooks, deliveries.

Revision: 70b4c0d399c4; follows: 3b67de3bc5c3.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

from center import columns

revision = '70b4c0d399c4'
down_revision = "3b67de3bc5c3"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('notification_cursor',
    sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('seq', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notification_cursor')),
    mariadb_charset='utf8mb4',
    mariadb_collate='utf8mb4_bin',
    mysql_charset='utf8mb4',
    mysql_collate='utf8mb4_bin'
    )
    op.create_table('notification',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('owner', sa.String(length=100), nullable=False),
    sa.Column('seq', sa.BigInteger(), nullable=False),
    sa.Column('at', columns.UtcDateTime(), nullable=False),
    sa.Column('event', sa.JSON(), nullable=False),
    sa.Column('read_at', columns.UtcDateTime(), nullable=True),
    sa.ForeignKeyConstraint(['owner'], ['user_account.name'], name=op.f('fk_notification_owner')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notification')),
    sa.UniqueConstraint('owner', 'seq', name=op.f('uq_notification_owner_seq')),
    mariadb_charset='utf8mb4',
    mariadb_collate='utf8mb4_bin',
    mysql_charset='utf8mb4',
    mysql_collate='utf8mb4_bin'
    )
    with op.batch_alter_table('notification', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_notification_at'), ['at'], unique=False)
        batch_op.create_index(batch_op.f('ix_notification_owner_read_at'), ['owner', 'read_at'], unique=False)

    op.create_table('notification_delivery',
    sa.Column('id', sa.String(length=100), nullable=False),
    sa.Column('owner', sa.String(length=100), nullable=False),
    sa.Column('channel', sa.String(length=100), nullable=False),
    sa.Column('target', sa.String(length=500), nullable=False),
    sa.Column('slot', sa.String(length=100), nullable=False),
    sa.Column('events', sa.JSON(), nullable=False),
    sa.Column('created_at', columns.UtcDateTime(), nullable=False),
    sa.Column('next_at', columns.UtcDateTime(), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=100), nullable=False),
    sa.Column('error', sa.String(length=500), nullable=False),
    sa.Column('sent_at', columns.UtcDateTime(), nullable=True),
    sa.ForeignKeyConstraint(['owner'], ['user_account.name'], name=op.f('fk_notification_delivery_owner')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notification_delivery')),
    sa.UniqueConstraint('slot', name=op.f('uq_notification_delivery_slot')),
    mariadb_charset='utf8mb4',
    mariadb_collate='utf8mb4_bin',
    mysql_charset='utf8mb4',
    mysql_collate='utf8mb4_bin'
    )
    with op.batch_alter_table('notification_delivery', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_notification_delivery_owner'), ['owner'], unique=False)
        batch_op.create_index(batch_op.f('ix_notification_delivery_state_next_at'), ['state', 'next_at'], unique=False)

    op.create_table('notification_rule',
    sa.Column('id', sa.String(length=100), nullable=False),
    sa.Column('owner', sa.String(length=100), nullable=False),
    sa.Column('wish', sa.JSON(), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['owner'], ['user_account.name'], name=op.f('fk_notification_rule_owner')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notification_rule')),
    mariadb_charset='utf8mb4',
    mariadb_collate='utf8mb4_bin',
    mysql_charset='utf8mb4',
    mysql_collate='utf8mb4_bin'
    )
    with op.batch_alter_table('notification_rule', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_notification_rule_owner'), ['owner'], unique=False)

    op.create_table('webhook',
    sa.Column('id', sa.String(length=100), nullable=False),
    sa.Column('owner', sa.String(length=100), nullable=False),
    sa.Column('name', sa.String(length=100), nullable=False),
    sa.Column('url', sa.String(length=2000), nullable=False),
    sa.Column('sealed', sa.LargeBinary().with_variant(mysql.LONGBLOB(), 'mariadb').with_variant(mysql.LONGBLOB(), 'mysql'), nullable=False),
    sa.Column('created_at', columns.UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['owner'], ['user_account.name'], name=op.f('fk_webhook_owner')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_webhook')),
    mariadb_charset='utf8mb4',
    mariadb_collate='utf8mb4_bin',
    mysql_charset='utf8mb4',
    mysql_collate='utf8mb4_bin'
    )
    with op.batch_alter_table('webhook', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_webhook_owner'), ['owner'], unique=False)



def downgrade() -> None:
    with op.batch_alter_table('webhook', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_webhook_owner'))

    op.drop_table('webhook')
    with op.batch_alter_table('notification_rule', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_notification_rule_owner'))

    op.drop_table('notification_rule')
    with op.batch_alter_table('notification_delivery', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_notification_delivery_state_next_at'))
        batch_op.drop_index(batch_op.f('ix_notification_delivery_owner'))

    op.drop_table('notification_delivery')
    with op.batch_alter_table('notification', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_notification_owner_read_at'))
        batch_op.drop_index(batch_op.f('ix_notification_at'))

    op.drop_table('notification')
    op.drop_table('notification_cursor')
