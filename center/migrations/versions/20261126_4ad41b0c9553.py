"""Recent usage and latencies; alarms.

Revision: 4ad41b0c9553; follows: b72d1f9a4c31.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

from center import columns

revision = '4ad41b0c9553'
down_revision = "b72d1f9a4c31"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('alarm',
    sa.Column('id', sa.String(length=100), nullable=False),
    sa.Column('firing_key', sa.String(length=220), nullable=True),
    sa.Column('rule', sa.String(length=100), nullable=False),
    sa.Column('capability', sa.String(length=100), nullable=False),
    sa.Column('province', sa.String(length=100), nullable=False),
    sa.Column('severity', sa.String(length=100), nullable=False),
    sa.Column('severity_rank', sa.Integer(), nullable=False),
    sa.Column('says', sa.JSON(), nullable=False),
    sa.Column('evidence', sa.JSON(), nullable=False),
    sa.Column('first_seen', columns.UtcDateTime(), nullable=False),
    sa.Column('last_seen', columns.UtcDateTime(), nullable=False),
    sa.Column('count', sa.Integer(), nullable=False),
    sa.Column('acknowledged_by', sa.String(length=100), nullable=True),
    sa.Column('acknowledged_at', columns.UtcDateTime(), nullable=True),
    sa.Column('assignee', sa.String(length=100), nullable=True),
    sa.Column('silenced_until', columns.UtcDateTime(), nullable=True),
    sa.Column('silence', sa.String(length=100), nullable=True),
    sa.Column('resolved_at', columns.UtcDateTime(), nullable=True),
    sa.Column('resolved_by', sa.String(length=100), nullable=True),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_alarm')),
    sa.UniqueConstraint('firing_key', name=op.f('uq_alarm_firing_key')),
    mariadb_charset='utf8mb4',
    mariadb_collate='utf8mb4_bin',
    mysql_charset='utf8mb4',
    mysql_collate='utf8mb4_bin'
    )
    with op.batch_alter_table('alarm', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_alarm_last_seen'), ['last_seen'], unique=False)
        batch_op.create_index(batch_op.f('ix_alarm_rule_capability_province'), ['rule', 'capability', 'province'], unique=False)

    op.create_table('alarm_silence',
    sa.Column('id', sa.String(length=100), nullable=False),
    sa.Column('rule', sa.String(length=100), nullable=True),
    sa.Column('capability', sa.String(length=100), nullable=True),
    sa.Column('province', sa.String(length=100), nullable=True),
    sa.Column('ends_at', columns.UtcDateTime(), nullable=False),
    sa.Column('ended_at', columns.UtcDateTime(), nullable=True),
    sa.Column('reason', sa.Text().with_variant(mysql.LONGTEXT(), 'mariadb').with_variant(mysql.LONGTEXT(), 'mysql'), nullable=False),
    sa.Column('created_by', sa.String(length=100), nullable=False),
    sa.Column('created_at', columns.UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_alarm_silence')),
    mariadb_charset='utf8mb4',
    mariadb_collate='utf8mb4_bin',
    mysql_charset='utf8mb4',
    mysql_collate='utf8mb4_bin'
    )
    with op.batch_alter_table('alarm_silence', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_alarm_silence_ends_at'), ['ends_at'], unique=False)

    op.create_table('usage_slot',
    sa.Column('slot', columns.UtcDateTime(), nullable=False),
    sa.Column('province', sa.String(length=100), nullable=False),
    sa.Column('capability', sa.String(length=100), nullable=False),
    sa.Column('application', sa.String(length=100), nullable=False),
    sa.Column('calls', sa.BigInteger(), nullable=False),
    sa.Column('failures', sa.BigInteger(), nullable=False),
    sa.Column('throttled', sa.BigInteger(), nullable=False),
    sa.Column('latency_0', sa.BigInteger(), server_default='0', nullable=True),
    sa.Column('latency_1', sa.BigInteger(), server_default='0', nullable=True),
    sa.Column('latency_2', sa.BigInteger(), server_default='0', nullable=True),
    sa.Column('latency_3', sa.BigInteger(), server_default='0', nullable=True),
    sa.Column('latency_4', sa.BigInteger(), server_default='0', nullable=True),
    sa.Column('latency_5', sa.BigInteger(), server_default='0', nullable=True),
    sa.Column('latency_6', sa.BigInteger(), server_default='0', nullable=True),
    sa.Column('latency_7', sa.BigInteger(), server_default='0', nullable=True),
    sa.Column('latency_8', sa.BigInteger(), server_default='0', nullable=True),
    sa.Column('latency_9', sa.BigInteger(), server_default='0', nullable=True),
    sa.Column('latency_10', sa.BigInteger(), server_default='0', nullable=True),
    sa.Column('latency_11', sa.BigInteger(), server_default='0', nullable=True),
    sa.Column('latency_12', sa.BigInteger(), server_default='0', nullable=True),
    sa.Column('latency_13', sa.BigInteger(), server_default='0', nullable=True),
    sa.Column('latency_14', sa.BigInteger(), server_default='0', nullable=True),
    sa.Column('latency_15', sa.BigInteger(), server_default='0', nullable=True),
    sa.Column('latency_16', sa.BigInteger(), server_default='0', nullable=True),
    sa.Column('latency_17', sa.BigInteger(), server_default='0', nullable=True),
    sa.Column('latency_18', sa.BigInteger(), server_default='0', nullable=True),
    sa.Column('latency_19', sa.BigInteger(), server_default='0', nullable=True),
    sa.Column('latency_20', sa.BigInteger(), server_default='0', nullable=True),
    sa.Column('latency_21', sa.BigInteger(), server_default='0', nullable=True),
    sa.PrimaryKeyConstraint('slot', 'province', 'capability', 'application', name=op.f('pk_usage_slot')),
    mariadb_charset='utf8mb4',
    mariadb_collate='utf8mb4_bin',
    mysql_charset='utf8mb4',
    mysql_collate='utf8mb4_bin'
    )
    op.create_table('alarm_event',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('alarm', sa.String(length=100), nullable=False),
    sa.Column('at', columns.UtcDateTime(), nullable=False),
    sa.Column('actor', sa.String(length=100), nullable=False),
    sa.Column('kind', sa.String(length=100), nullable=False),
    sa.Column('text', sa.Text().with_variant(mysql.LONGTEXT(), 'mariadb').with_variant(mysql.LONGTEXT(), 'mysql'), nullable=False),
    sa.ForeignKeyConstraint(['alarm'], ['alarm.id'], name=op.f('fk_alarm_event_alarm')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_alarm_event')),
    mariadb_charset='utf8mb4',
    mariadb_collate='utf8mb4_bin',
    mysql_charset='utf8mb4',
    mysql_collate='utf8mb4_bin'
    )
    with op.batch_alter_table('alarm_event', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_alarm_event_alarm'), ['alarm'], unique=False)

    with op.batch_alter_table('usage_hour', schema=None) as batch_op:
        batch_op.add_column(sa.Column('failures', sa.BigInteger(), server_default='0', nullable=False))
        batch_op.add_column(sa.Column('throttled', sa.BigInteger(), server_default='0', nullable=False))
        batch_op.add_column(sa.Column('latency_0', sa.BigInteger(), server_default='0', nullable=True))
        batch_op.add_column(sa.Column('latency_1', sa.BigInteger(), server_default='0', nullable=True))
        batch_op.add_column(sa.Column('latency_2', sa.BigInteger(), server_default='0', nullable=True))
        batch_op.add_column(sa.Column('latency_3', sa.BigInteger(), server_default='0', nullable=True))
        batch_op.add_column(sa.Column('latency_4', sa.BigInteger(), server_default='0', nullable=True))
        batch_op.add_column(sa.Column('latency_5', sa.BigInteger(), server_default='0', nullable=True))
        batch_op.add_column(sa.Column('latency_6', sa.BigInteger(), server_default='0', nullable=True))
        batch_op.add_column(sa.Column('latency_7', sa.BigInteger(), server_default='0', nullable=True))
        batch_op.add_column(sa.Column('latency_8', sa.BigInteger(), server_default='0', nullable=True))
        batch_op.add_column(sa.Column('latency_9', sa.BigInteger(), server_default='0', nullable=True))
        batch_op.add_column(sa.Column('latency_10', sa.BigInteger(), server_default='0', nullable=True))
        batch_op.add_column(sa.Column('latency_11', sa.BigInteger(), server_default='0', nullable=True))
        batch_op.add_column(sa.Column('latency_12', sa.BigInteger(), server_default='0', nullable=True))
        batch_op.add_column(sa.Column('latency_13', sa.BigInteger(), server_default='0', nullable=True))
        batch_op.add_column(sa.Column('latency_14', sa.BigInteger(), server_default='0', nullable=True))
        batch_op.add_column(sa.Column('latency_15', sa.BigInteger(), server_default='0', nullable=True))
        batch_op.add_column(sa.Column('latency_16', sa.BigInteger(), server_default='0', nullable=True))
        batch_op.add_column(sa.Column('latency_17', sa.BigInteger(), server_default='0', nullable=True))
        batch_op.add_column(sa.Column('latency_18', sa.BigInteger(), server_default='0', nullable=True))
        batch_op.add_column(sa.Column('latency_19', sa.BigInteger(), server_default='0', nullable=True))
        batch_op.add_column(sa.Column('latency_20', sa.BigInteger(), server_default='0', nullable=True))
        batch_op.add_column(sa.Column('latency_21', sa.BigInteger(), server_default='0', nullable=True))



def downgrade() -> None:
    with op.batch_alter_table('usage_hour', schema=None) as batch_op:
        batch_op.drop_column('latency_21')
        batch_op.drop_column('latency_20')
        batch_op.drop_column('latency_19')
        batch_op.drop_column('latency_18')
        batch_op.drop_column('latency_17')
        batch_op.drop_column('latency_16')
        batch_op.drop_column('latency_15')
        batch_op.drop_column('latency_14')
        batch_op.drop_column('latency_13')
        batch_op.drop_column('latency_12')
        batch_op.drop_column('latency_11')
        batch_op.drop_column('latency_10')
        batch_op.drop_column('latency_9')
        batch_op.drop_column('latency_8')
        batch_op.drop_column('latency_7')
        batch_op.drop_column('latency_6')
        batch_op.drop_column('latency_5')
        batch_op.drop_column('latency_4')
        batch_op.drop_column('latency_3')
        batch_op.drop_column('latency_2')
        batch_op.drop_column('latency_1')
        batch_op.drop_column('latency_0')
        batch_op.drop_column('throttled')
        batch_op.drop_column('failures')

    with op.batch_alter_table('alarm_event', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_alarm_event_alarm'))

    op.drop_table('alarm_event')
    op.drop_table('usage_slot')
    with op.batch_alter_table('alarm_silence', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_alarm_silence_ends_at'))

    op.drop_table('alarm_silence')
    with op.batch_alter_table('alarm', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_alarm_rule_capability_province'))
        batch_op.drop_index(batch_op.f('ix_alarm_last_seen'))

    op.drop_table('alarm')
