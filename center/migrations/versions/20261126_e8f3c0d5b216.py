"""Roll-outs: a version on its way through provinces.

Revision: e8f3c0d5b216; follows: d07b1e94c2a8.
"""

import sqlalchemy as sa
from alembic import op

from center import columns

revision = 'e8f3c0d5b216'
down_revision = "d07b1e94c2a8"
branch_labels = None
depends_on = None

_KEY = sa.String(length=100)


def upgrade() -> None:
    op.create_table('rollout',
    sa.Column('id', _KEY, nullable=False),
    sa.Column('capability', _KEY, nullable=False),
    sa.Column('version', _KEY, nullable=False),
    sa.Column('provinces_text', columns.LongText, nullable=False),
    sa.Column('stages', sa.JSON(), nullable=False),
    sa.Column('rails', sa.JSON(), nullable=False),
    sa.Column('state', _KEY, nullable=False),
    sa.Column('stage', sa.Integer(), nullable=False),
    sa.Column('since', columns.UtcDateTime(), nullable=False),
    sa.Column('reason', columns.LongText, nullable=False),
    sa.Column('started_by', _KEY, nullable=False),
    sa.Column('started_at', columns.UtcDateTime(), nullable=False),
    sa.Column('before', sa.JSON(), nullable=False),
    sa.Column('written', sa.JSON(), nullable=False),
    sa.Column('baseline', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['capability'], ['capability.name'], name=op.f('fk_rollout_capability')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_rollout')),
    mariadb_charset='utf8mb4',
    mariadb_collate='utf8mb4_bin',
    mysql_charset='utf8mb4',
    mysql_collate='utf8mb4_bin'
    )
    op.create_index(op.f('ix_rollout_capability'), 'rollout', ['capability'])
    op.create_index(op.f('ix_rollout_state'), 'rollout', ['state'])


def downgrade() -> None:
    op.drop_table('rollout')
