"""What API tokens are for, where sessions were opened, and whose an act of the trail is.

Revision: b72d1f9a4c31; follows: 6c58999354a5.
"""

import sqlalchemy as sa
from alembic import op

from center import columns

revision = 'b72d1f9a4c31'
down_revision = "6c58999354a5"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('api_token', schema=None) as batch_op:
        batch_op.add_column(sa.Column('scopes', sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column('provinces', sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column('expires_at', columns.UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column('last_used_at', columns.UtcDateTime(), nullable=True))
    with op.batch_alter_table('sign_in', schema=None) as batch_op:
        batch_op.add_column(sa.Column('id', sa.String(length=100), server_default='', nullable=False))
        batch_op.add_column(sa.Column('address', sa.String(length=100), server_default='', nullable=False))
        batch_op.add_column(sa.Column('agent', sa.String(length=500), server_default='', nullable=False))
    with op.batch_alter_table('audit', schema=None) as batch_op:
        batch_op.add_column(sa.Column('province', sa.String(length=100), nullable=True))
        for name in ('act', 'actor', 'at', 'province'):
            batch_op.create_index(batch_op.f(f'ix_audit_{name}'), [name], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('audit', schema=None) as batch_op:
        for name in ('act', 'actor', 'at', 'province'):
            batch_op.drop_index(batch_op.f(f'ix_audit_{name}'))
        batch_op.drop_column('province')
    with op.batch_alter_table('sign_in', schema=None) as batch_op:
        for name in ('agent', 'address', 'id'):
            batch_op.drop_column(name)
    with op.batch_alter_table('api_token', schema=None) as batch_op:
        for name in ('last_used_at', 'expires_at', 'provinces', 'scopes'):
            batch_op.drop_column(name)
