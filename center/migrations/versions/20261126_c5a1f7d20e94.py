"""Usage added up by spans of hours, from the hours there are.

Revision: c5a1f7d20e94; follows: f2a96c0b7d15.
"""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import sqlalchemy as sa
from alembic import op

from center import columns

revision = 'c5a1f7d20e94'
down_revision = "f2a96c0b7d15"
branch_labels = None
depends_on = None

_KEY = sa.String(length=100)
_NAMES = ('province', 'capability', 'version', 'application')
_FIGURES = (
    *('calls', 'units', 'errors', 'failures', 'throttled'),
    *(f'latency_{cell}' for cell in range(22)),
)
_LENGTHS = (8, 24, 96, 384)
_MOMENT = columns.UtcDateTime()
_FIRST = datetime.min.replace(tzinfo=UTC)
_LAST = datetime.max.replace(tzinfo=UTC)
_CHARSET = {
    f'{dialect}_{name}': value
    for dialect in ('mariadb', 'mysql')
    for name, value in (('charset', 'utf8mb4'), ('collate', 'utf8mb4_bin'))
}


def upgrade() -> None:
    op.create_table('usage_series',
    sa.Column('id', columns.Serial, nullable=False),
    *(sa.Column(name, _KEY, nullable=False) for name in _NAMES),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_usage_series')),
    sa.UniqueConstraint(*_NAMES, name=op.f('uq_usage_series_province_capability_version_application')),
    **_CHARSET,
    )
    op.create_table('usage_span',
    sa.Column('hours', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('begins', columns.UtcDateTime(), nullable=False),
    sa.Column('series', columns.BigCount, autoincrement=False, nullable=False),
    *(sa.Column(name, columns.BigCount, nullable=False) for name in _FIGURES[:5]),
    *(sa.Column(name, columns.BigCount, server_default='0', nullable=True) for name in _FIGURES[5:]),
    sa.ForeignKeyConstraint(['series'], ['usage_series.id'], name=op.f('fk_usage_span_series')),
    sa.PrimaryKeyConstraint('hours', 'begins', 'series', name=op.f('pk_usage_span')),
    **_CHARSET,
    )
    add_up(op.get_bind())


def downgrade() -> None:
    op.drop_table('usage_span')
    op.drop_table('usage_series')


def add_up(connection: sa.Connection) -> None:
    """Add the hours up by the shortest spans, and those by the longer ones."""
    hour = sa.table('usage_hour', *_names(), sa.column('hour', _MOMENT), *_figures())
    series = sa.table('usage_series', sa.column('id', columns.BigCount), *_names())
    known = sa.select(*(hour.c[name] for name in _NAMES)).distinct()
    connection.execute(series.insert().from_select(list(_NAMES), known))
    starts = list(connection.scalars(sa.select(hour.c.hour).distinct()))
    of_series = sa.and_(*(hour.c[name] == series.c[name] for name in _NAMES))
    for begins, ends in _spans(starts, _LENGTHS[0]):
        sums = sa.select(series.c.id, *(sa.func.sum(hour.c[name]) for name in _FIGURES))
        inside = sa.and_(hour.c.hour >= begins, hour.c.hour < ends)
        source = sums.select_from(hour.join(series, of_series)).where(inside)
        _keep(connection, _LENGTHS[0], begins, source.group_by(series.c.id))
    span = _span()
    for shorter, length in pairwise(_LENGTHS):
        for begins, ends in _spans(starts, length):
            sums = sa.select(span.c.series, *(sa.func.sum(span.c[name]) for name in _FIGURES))
            inside = sa.and_(span.c.begins >= begins, span.c.begins < ends)
            source = sums.where(span.c.hours == shorter, inside)
            _keep(connection, length, begins, source.group_by(span.c.series))


def _spans(starts: list[datetime], length: int) -> list[tuple[datetime, datetime]]:
    """Begin and end of the spans of a length that hold an hour."""
    whole = timedelta(hours=length)
    begins = sorted({start - (start - _FIRST) % whole for start in starts})
    return [(begin, begin + whole if begin <= _LAST - whole else _LAST) for begin in begins]


def _keep(connection: sa.Connection, length: int, begins: datetime, sums: sa.Select) -> None:
    found = sums.subquery()
    place = (sa.literal(length, sa.Integer), sa.literal(begins, _MOMENT))
    names = ['hours', 'begins', 'series', *_FIGURES]
    connection.execute(_span().insert().from_select(names, sa.select(*place, *found.c)))


def _span() -> sa.TableClause:
    place = (sa.column('hours', sa.Integer), sa.column('begins', _MOMENT))
    return sa.table('usage_span', *place, sa.column('series', columns.BigCount), *_figures())


def _names() -> list[sa.ColumnClause]:
    return [sa.column(name, _KEY) for name in _NAMES]


def _figures() -> list[sa.ColumnClause]:
    return [sa.column(name, columns.BigCount) for name in _FIGURES]
