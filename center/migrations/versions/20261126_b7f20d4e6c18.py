"""Checklists, comments and conditions of reviews; retirements with notice.

Revision: b7f20d4e6c18; follows: d186a0f9972b.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

from center import columns

revision = 'b7f20d4e6c18'
down_revision = "d186a0f9972b"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('retirement',
    sa.Column('capability', sa.String(length=100), nullable=False),
    sa.Column('version', sa.String(length=100), nullable=False),
    sa.Column('retires_at', columns.UtcDateTime(), nullable=False),
    sa.Column('reason', sa.Text().with_variant(mysql.LONGTEXT(), 'mariadb').with_variant(mysql.LONGTEXT(), 'mysql'), nullable=False),
    sa.Column('successor_capability', sa.String(length=100), nullable=True),
    sa.Column('successor_version', sa.String(length=100), nullable=True),
    sa.Column('announced_by', sa.String(length=100), nullable=False),
    sa.Column('announced_at', columns.UtcDateTime(), nullable=False),
    sa.Column('was', sa.String(length=100), nullable=False),
    sa.Column('done_at', columns.UtcDateTime(), nullable=True),
    sa.ForeignKeyConstraint(['capability', 'version'], ['capability_version.capability', 'capability_version.version'], name=op.f('fk_retirement_capability_version')),
    sa.PrimaryKeyConstraint('capability', 'version', name=op.f('pk_retirement')),
    mariadb_charset='utf8mb4',
    mariadb_collate='utf8mb4_bin',
    mysql_charset='utf8mb4',
    mysql_collate='utf8mb4_bin'
    )
    with op.batch_alter_table('retirement', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_retirement_retires_at'), ['retires_at'], unique=False)

    op.create_table('review_comment',
    sa.Column('id', sa.String(length=100), nullable=False),
    sa.Column('capability', sa.String(length=100), nullable=False),
    sa.Column('version', sa.String(length=100), nullable=False),
    sa.Column('anchor', sa.String(length=100), nullable=False),
    sa.Column('path', sa.String(length=500), nullable=True),
    sa.Column('line', sa.Integer(), nullable=True),
    sa.Column('check_name', sa.String(length=100), nullable=True),
    sa.Column('body', sa.Text().with_variant(mysql.LONGTEXT(), 'mariadb').with_variant(mysql.LONGTEXT(), 'mysql'), nullable=False),
    sa.Column('author', sa.String(length=100), nullable=False),
    sa.Column('at', columns.UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['capability', 'version'], ['capability_version.capability', 'capability_version.version'], name=op.f('fk_review_comment_capability_version')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_review_comment')),
    mariadb_charset='utf8mb4',
    mariadb_collate='utf8mb4_bin',
    mysql_charset='utf8mb4',
    mysql_collate='utf8mb4_bin'
    )
    with op.batch_alter_table('review_comment', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_review_comment_capability'), ['capability'], unique=False)

    op.create_table('review_tick',
    sa.Column('capability', sa.String(length=100), nullable=False),
    sa.Column('version', sa.String(length=100), nullable=False),
    sa.Column('item', sa.String(length=100), nullable=False),
    sa.Column('ticked_by', sa.String(length=100), nullable=False),
    sa.Column('ticked_at', columns.UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['capability', 'version'], ['capability_version.capability', 'capability_version.version'], name=op.f('fk_review_tick_capability_version')),
    sa.PrimaryKeyConstraint('capability', 'version', 'item', name=op.f('pk_review_tick')),
    mariadb_charset='utf8mb4',
    mariadb_collate='utf8mb4_bin',
    mysql_charset='utf8mb4',
    mysql_collate='utf8mb4_bin'
    )
    with op.batch_alter_table('capability_version', schema=None) as batch_op:
        batch_op.add_column(sa.Column('review_requested_at', columns.UtcDateTime(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('capability_version', schema=None) as batch_op:
        batch_op.drop_column('review_requested_at')

    op.drop_table('review_tick')
    with op.batch_alter_table('review_comment', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_review_comment_capability'))

    op.drop_table('review_comment')
    with op.batch_alter_table('retirement', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_retirement_retires_at'))

    op.drop_table('retirement')
