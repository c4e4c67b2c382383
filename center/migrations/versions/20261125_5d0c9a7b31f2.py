"""What the publish gate of a version is at.

Revision: 5d0c9a7b31f2; follows: e0e24936ab56.
"""

import sqlalchemy as sa
from alembic import op


revision = '5d0c9a7b31f2'
down_revision = 'e0e24936ab56'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('capability_version', schema=None) as batch_op:
        batch_op.add_column(sa.Column('gate_progress', sa.String(length=100), nullable=True))
