"""Organisations with cost centres, and provinces that a role is for.

Revision: a1c04e6f7d20; follows: 7b2c4d9e0a61.
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from center import columns

revision = 'a1c04e6f7d20'
down_revision = '7b2c4d9e0a61'
branch_labels = None
depends_on = None


def upgrade() -> None:
    organisation = op.create_table('organisation',
    sa.Column('name', sa.String(length=100), nullable=False),
    sa.Column('kind', sa.String(length=100), nullable=False),
    sa.Column('title_zh', sa.String(length=500), nullable=False),
    sa.Column('title_en', sa.String(length=500), nullable=False),
    sa.Column('cost_centre', sa.String(length=100), nullable=True),
    sa.Column('revision', sa.Integer(), server_default='1', nullable=False),
    sa.Column('created_at', columns.UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_organisation')),
    mariadb_charset='utf8mb4',
    mariadb_collate='utf8mb4_bin',
    mysql_charset='utf8mb4',
    mysql_collate='utf8mb4_bin'
    )
    with op.batch_alter_table('organisation', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_organisation_kind'), ['kind'], unique=False)
    with op.batch_alter_table('user_account', schema=None) as batch_op:
        batch_op.add_column(sa.Column('provinces', sa.JSON(), nullable=True))
        batch_op.create_index(batch_op.f('ix_user_account_organisation'), ['organisation'], unique=False)
    _seed(organisation)


def _seed(organisation: sa.Table) -> None:
    """Headquarters, and one for each province that there is."""
    headquarters = {'name': 'center', 'kind': 'headquarters', 'title_zh': '总部', 'title_en': 'Headquarters'}
    op.bulk_insert(organisation, [{**headquarters, 'created_at': datetime.now(UTC)}])
    province = sa.table('province', *(sa.column(name) for name in ('name', 'title_zh', 'title_en', 'created_at')))
    members = ['name', 'kind', 'title_zh', 'title_en', 'created_at']
    founded = sa.select(province.c.name, sa.literal('province'), province.c.title_zh, province.c.title_en, province.c.created_at)
    op.execute(organisation.insert().from_select(members, founded))


def downgrade() -> None:
    with op.batch_alter_table('user_account', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_user_account_organisation'))
        batch_op.drop_column('provinces')
    op.drop_table('organisation')
