"""The store tells the p99 of calls.

Revision: 3b67de3bc5c3; follows: d41b6c7e9f58.
"""

import sqlalchemy as sa
from alembic import op


revision = '3b67de3bc5c3'
down_revision = "d41b6c7e9f58"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # What stands there is added up anew by the worker within a minute.
    op.execute("DELETE FROM catalogue_standing")
    with op.batch_alter_table('catalogue_standing', schema=None) as batch_op:
        batch_op.add_column(sa.Column('latency', sa.JSON(), nullable=False))
        batch_op.drop_column('latency_us')



def downgrade() -> None:
    op.execute("DELETE FROM catalogue_standing")
    with op.batch_alter_table('catalogue_standing', schema=None) as batch_op:
        batch_op.add_column(sa.Column('latency_us', sa.BIGINT(), nullable=False))
        batch_op.drop_column('latency')

