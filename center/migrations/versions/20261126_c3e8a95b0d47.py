"""Sign-in through a provider: accounts that it knows, and ways to it and back.

Revision: c3e8a95b0d47; follows: e8f3c0d5b216.
"""

import sqlalchemy as sa
from alembic import op

from center import columns

revision = 'c3e8a95b0d47'
down_revision = "e8f3c0d5b216"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('user_account', schema=None) as batch_op:
        batch_op.add_column(sa.Column('external_id', sa.String(length=100), nullable=True))
        batch_op.create_unique_constraint(batch_op.f('uq_user_account_external_id'), ['external_id'])
    op.create_table('sign_in_flow',
    sa.Column('state_digest', sa.String(length=100), nullable=False),
    sa.Column('browser_digest', sa.String(length=100), nullable=False),
    sa.Column('nonce', sa.String(length=100), nullable=False),
    sa.Column('verifier', sa.String(length=100), nullable=False),
    sa.Column('back_to', sa.String(length=500), nullable=False),
    sa.Column('expires_at', columns.UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('state_digest', name=op.f('pk_sign_in_flow')),
    mariadb_charset='utf8mb4',
    mariadb_collate='utf8mb4_bin',
    mysql_charset='utf8mb4',
    mysql_collate='utf8mb4_bin'
    )
    with op.batch_alter_table('sign_in_flow', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_sign_in_flow_expires_at'), ['expires_at'], unique=False)


def downgrade() -> None:
    op.drop_table('sign_in_flow')
    with op.batch_alter_table('user_account', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('uq_user_account_external_id'), type_='unique')
        batch_op.drop_column('external_id')
