"""Priority, settings by province, and the content that provinces report part by part.

Revision: d7e2b9c4a105; follows: b7f20d4e6c18.
"""

import sqlalchemy as sa
from alembic import op

from center import columns

revision = 'd7e2b9c4a105'
down_revision = "b7f20d4e6c18"
branch_labels = None
depends_on = None

_COLLATION = {
    'mariadb_charset': 'utf8mb4',
    'mariadb_collate': 'utf8mb4_bin',
    'mysql_charset': 'utf8mb4',
    'mysql_collate': 'utf8mb4_bin',
}
_KEY = sa.String(length=100)


def upgrade() -> None:
    with op.batch_alter_table('deployment') as batch_op:
        batch_op.add_column(sa.Column('priority', _KEY, server_default='standard', nullable=False))
        batch_op.add_column(sa.Column('apart', _KEY, server_default='preferred', nullable=False))
    with op.batch_alter_table('capability_version') as batch_op:
        batch_op.add_column(sa.Column('parts', sa.JSON(none_as_null=True), nullable=True))
    op.create_table('overlay',
    sa.Column('province', _KEY, nullable=False),
    sa.Column('capability', _KEY, nullable=False),
    sa.Column('version', sa.Integer(), nullable=False, autoincrement=False),
    sa.Column('content', columns.LongText, nullable=False),
    sa.Column('digest', _KEY, nullable=False),
    sa.Column('reason', sa.String(length=500), nullable=False),
    sa.Column('changed_by', _KEY, nullable=False),
    sa.Column('changed_at', columns.UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['capability'], ['capability.name'], name=op.f('fk_overlay_capability')),
    sa.PrimaryKeyConstraint('province', 'capability', 'version', name=op.f('pk_overlay')),
    **_COLLATION
    )
    op.create_table('reported_content',
    sa.Column('province', _KEY, nullable=False),
    sa.Column('capability', _KEY, nullable=False),
    sa.Column('version', _KEY, nullable=False),
    sa.Column('ready', sa.Integer(), nullable=False),
    sa.Column('is_read', sa.Boolean(), nullable=False),
    *(sa.Column(part, _KEY, nullable=True) for part in ('code', 'weights', 'overlay', 'parse_rule', 'anchors')),
    sa.PrimaryKeyConstraint('province', 'capability', 'version', name=op.f('pk_reported_content')),
    **_COLLATION
    )


def downgrade() -> None:
    op.drop_table('reported_content')
    op.drop_table('overlay')
    with op.batch_alter_table('capability_version') as batch_op:
        batch_op.drop_column('parts')
    with op.batch_alter_table('deployment') as batch_op:
        batch_op.drop_column('apart')
        batch_op.drop_column('priority')
