"""Boosts: more replicas for a time, with who and why.

Revision: 7b2c4d9e0a61; follows: 5d0c7a91e3b2.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

from center import columns

revision = '7b2c4d9e0a61'
down_revision = '5d0c7a91e3b2'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('boost',
    sa.Column('id', sa.String(length=100), nullable=False),
    sa.Column('province', sa.String(length=100), nullable=False),
    sa.Column('capability', sa.String(length=100), nullable=False),
    sa.Column('replicas', sa.Integer(), nullable=False),
    sa.Column('reason', sa.Text().with_variant(mysql.LONGTEXT(), 'mariadb').with_variant(mysql.LONGTEXT(), 'mysql'), nullable=False),
    sa.Column('ordered_by', sa.String(length=100), nullable=False),
    sa.Column('begun_at', columns.UtcDateTime(), nullable=False),
    sa.Column('until', columns.UtcDateTime(), nullable=False),
    sa.Column('ended_at', columns.UtcDateTime(), nullable=True),
    sa.Column('recovered_at', columns.UtcDateTime(), nullable=True),
    sa.ForeignKeyConstraint(['capability'], ['capability.name'], name=op.f('fk_boost_capability')),
    sa.ForeignKeyConstraint(['province'], ['province.name'], name=op.f('fk_boost_province')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_boost')),
    mariadb_charset='utf8mb4',
    mariadb_collate='utf8mb4_bin',
    mysql_charset='utf8mb4',
    mysql_collate='utf8mb4_bin'
    )
    with op.batch_alter_table('boost', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_boost_capability'), ['capability'], unique=False)
        batch_op.create_index(batch_op.f('ix_boost_province'), ['province'], unique=False)
        batch_op.create_index(batch_op.f('ix_boost_until'), ['until'], unique=False)


def downgrade() -> None:
    op.drop_table('boost')
