"""A usage record may stand for many calls: those that a gateway turned away within a second.

Revision: 1f0d5a77c3e2; follows: c5a1f7d20e94.
"""

import sqlalchemy as sa
from alembic import op

from center import columns

revision = '1f0d5a77c3e2'
down_revision = "c5a1f7d20e94"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('usage_record', schema=None) as batch_op:
        batch_op.add_column(
            sa.Column('calls', columns.BigCount, server_default='1', nullable=False)
        )


def downgrade() -> None:
    with op.batch_alter_table('usage_record', schema=None) as batch_op:
        batch_op.drop_column('calls')
