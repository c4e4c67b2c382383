"""The board: its cells, drift hour by hour, the worst column beside its verdict.

Revision: d07b1e94c2a8; follows: 9d15f127bf4d.
"""

import sqlalchemy as sa
from alembic import op

from center import columns

revision = 'd07b1e94c2a8'
down_revision = "9d15f127bf4d"
branch_labels = None
depends_on = None

_MYSQL = {
    'mariadb_charset': 'utf8mb4', 'mariadb_collate': 'utf8mb4_bin',
    'mysql_charset': 'utf8mb4', 'mysql_collate': 'utf8mb4_bin',
}


def _key(name: str, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.String(length=100), nullable=nullable)


def _moment(name: str, nullable: bool = True) -> sa.Column:
    return sa.Column(name, columns.UtcDateTime(), nullable=nullable)


def _count(name: str) -> sa.Column:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _share(name: str) -> sa.Column:
    return sa.Column(name, sa.Double(), nullable=True)


def upgrade() -> None:
    op.create_table('board_province',
    _key('province'), _moment('joined_at', nullable=False), _moment('spoken_at'),
    sa.PrimaryKeyConstraint('province', name=op.f('pk_board_province')),
    **_MYSQL)
    op.create_table('board_cell',
    _key('province'), _key('capability'), _key('version'),
    sa.Column('is_deployed', sa.Boolean(), nullable=False), _moment('deployed_at'),
    _count('calls'), _count('errors'), _count('refused'), _count('latency_us'),
    _count('quota'), _count('used'),
    _key('verdict', nullable=True), _moment('since'), _count('rows'),
    sa.Column('moved', sa.Integer(), nullable=False),
    _key('worst_column', nullable=True), _share('effect'), _share('shift'),
    _share('accuracy'), _count('labelled'), _share('accuracy_before'), _count('labelled_before'),
    _moment('data_at'),
    sa.PrimaryKeyConstraint('province', 'capability', name=op.f('pk_board_cell')),
    **_MYSQL)
    op.create_table('drift_point',
    _key('province'), _key('capability'), _key('version'), _moment('at', nullable=False),
    _key('verdict'), _count('rows'), sa.Column('moved', sa.Integer(), nullable=False),
    _key('worst_column', nullable=True), _share('effect'), _share('estimate'),
    sa.PrimaryKeyConstraint('province', 'capability', 'version', 'at', name=op.f('pk_drift_point')),
    **_MYSQL)
    with op.batch_alter_table('board_cell', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_board_cell_capability'), ['capability'], unique=False)
    with op.batch_alter_table('drift_verdict', schema=None) as batch_op:
        batch_op.add_column(_moment('stale_from'))
        batch_op.add_column(sa.Column('moved', sa.Integer(), server_default='0', nullable=False))
        batch_op.add_column(_key('worst_column', nullable=True))
        batch_op.add_column(_share('worst_effect'))
        batch_op.add_column(_share('worst_shift'))
    with op.batch_alter_table('usage_hour', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_usage_hour_province_hour'), ['province', 'hour'], unique=False)
    with op.batch_alter_table('quality_cell', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_quality_cell_province_hour'), ['province', 'hour'], unique=False)
    # So the worker writes the worst columns and the first points of what is there already.
    op.execute(sa.text('UPDATE drift_verdict SET stale = :yes').bindparams(yes=True))


def downgrade() -> None:
    with op.batch_alter_table('quality_cell', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_quality_cell_province_hour'))
    with op.batch_alter_table('usage_hour', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_usage_hour_province_hour'))
    with op.batch_alter_table('drift_verdict', schema=None) as batch_op:
        for name in ('worst_shift', 'worst_effect', 'worst_column', 'moved', 'stale_from'):
            batch_op.drop_column(name)
    for table in ('drift_point', 'board_cell', 'board_province'):
        op.drop_table(table)
