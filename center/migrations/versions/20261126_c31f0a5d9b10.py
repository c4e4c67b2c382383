"""Simulated provinces: marked, so that views say so and they can be removed.

Revision: c31f0a5d9b10; follows: c1d5a0e7f3b4.
"""

import sqlalchemy as sa
from alembic import op

revision = 'c31f0a5d9b10'
down_revision = "c1d5a0e7f3b4"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('province', schema=None) as batch_op:
        batch_op.add_column(sa.Column('simulated', sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    with op.batch_alter_table('province', schema=None) as batch_op:
        batch_op.drop_column('simulated')
