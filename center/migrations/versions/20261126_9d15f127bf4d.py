"""Incident files.

Revision: 9d15f127bf4d; follows: b7d2f3a90c14.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

from center import columns

revision = '9d15f127bf4d'
down_revision = "b7d2f3a90c14"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('incident',
    sa.Column('id', sa.String(length=100), nullable=False),
    sa.Column('kind', sa.String(length=100), nullable=False),
    sa.Column('title', sa.String(length=500), nullable=False),
    sa.Column('severity', sa.String(length=100), nullable=False),
    sa.Column('begins_at', columns.UtcDateTime(), nullable=False),
    sa.Column('ends_at', columns.UtcDateTime(), nullable=True),
    sa.Column('lead', sa.String(length=100), nullable=True),
    sa.Column('attendees', sa.JSON(), nullable=False),
    sa.Column('summary', sa.Text().with_variant(mysql.LONGTEXT(), 'mariadb').with_variant(mysql.LONGTEXT(), 'mysql'), nullable=False),
    sa.Column('near_cause', sa.Text().with_variant(mysql.LONGTEXT(), 'mariadb').with_variant(mysql.LONGTEXT(), 'mysql'), nullable=False),
    sa.Column('root_cause', sa.Text().with_variant(mysql.LONGTEXT(), 'mariadb').with_variant(mysql.LONGTEXT(), 'mysql'), nullable=False),
    sa.Column('opened_by', sa.String(length=100), nullable=False),
    sa.Column('opened_at', columns.UtcDateTime(), nullable=False),
    sa.Column('mitigated_at', columns.UtcDateTime(), nullable=True),
    sa.Column('closed_at', columns.UtcDateTime(), nullable=True),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_incident')),
    mariadb_charset='utf8mb4',
    mariadb_collate='utf8mb4_bin',
    mysql_charset='utf8mb4',
    mysql_collate='utf8mb4_bin'
    )
    with op.batch_alter_table('incident', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_incident_opened_at'), ['opened_at'], unique=False)

    op.create_table('incident_action',
    sa.Column('id', sa.String(length=100), nullable=False),
    sa.Column('incident', sa.String(length=100), nullable=False),
    sa.Column('text', sa.Text().with_variant(mysql.LONGTEXT(), 'mariadb').with_variant(mysql.LONGTEXT(), 'mysql'), nullable=False),
    sa.Column('owner', sa.String(length=100), nullable=False),
    sa.Column('due_on', sa.Date(), nullable=True),
    sa.Column('created_by', sa.String(length=100), nullable=False),
    sa.Column('created_at', columns.UtcDateTime(), nullable=False),
    sa.Column('done_at', columns.UtcDateTime(), nullable=True),
    sa.Column('done_by', sa.String(length=100), nullable=True),
    sa.ForeignKeyConstraint(['incident'], ['incident.id'], name=op.f('fk_incident_action_incident')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_incident_action')),
    mariadb_charset='utf8mb4',
    mariadb_collate='utf8mb4_bin',
    mysql_charset='utf8mb4',
    mysql_collate='utf8mb4_bin'
    )
    with op.batch_alter_table('incident_action', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_incident_action_incident'), ['incident'], unique=False)
        batch_op.create_index(batch_op.f('ix_incident_action_owner'), ['owner'], unique=False)

    op.create_table('incident_entry',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('incident', sa.String(length=100), nullable=False),
    sa.Column('at', columns.UtcDateTime(), nullable=False),
    sa.Column('author', sa.String(length=100), nullable=False),
    sa.Column('text', sa.Text().with_variant(mysql.LONGTEXT(), 'mariadb').with_variant(mysql.LONGTEXT(), 'mysql'), nullable=False),
    sa.ForeignKeyConstraint(['incident'], ['incident.id'], name=op.f('fk_incident_entry_incident')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_incident_entry')),
    mariadb_charset='utf8mb4',
    mariadb_collate='utf8mb4_bin',
    mysql_charset='utf8mb4',
    mysql_collate='utf8mb4_bin'
    )
    with op.batch_alter_table('incident_entry', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_incident_entry_incident'), ['incident'], unique=False)

    op.create_table('incident_place',
    sa.Column('incident', sa.String(length=100), nullable=False),
    sa.Column('kind', sa.String(length=100), nullable=False),
    sa.Column('name', sa.String(length=100), nullable=False),
    sa.ForeignKeyConstraint(['incident'], ['incident.id'], name=op.f('fk_incident_place_incident')),
    sa.PrimaryKeyConstraint('incident', 'kind', 'name', name=op.f('pk_incident_place')),
    mariadb_charset='utf8mb4',
    mariadb_collate='utf8mb4_bin',
    mysql_charset='utf8mb4',
    mysql_collate='utf8mb4_bin'
    )


def downgrade() -> None:
    op.drop_table('incident_place')
    with op.batch_alter_table('incident_entry', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_incident_entry_incident'))

    op.drop_table('incident_entry')
    with op.batch_alter_table('incident_action', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_incident_action_owner'))
        batch_op.drop_index(batch_op.f('ix_incident_action_incident'))

    op.drop_table('incident_action')
    with op.batch_alter_table('incident', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_incident_opened_at'))

    op.drop_table('incident')
