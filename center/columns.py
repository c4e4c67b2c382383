"""Column types that mean the same on SQLite, PostgreSQL, MySQL and MariaDB."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Integer, LargeBinary, String, Text
from sqlalchemy.dialects import mysql
from sqlalchemy.types import TypeDecorator, TypeEngine

_MYSQL = ("mysql", "mariadb")


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment in UTC, to the microsecond; a naive one is refused."""

    impl = DateTime
    cache_ok = True

    @property
    def python_type(self) -> type[datetime]:
        """What is read: SQLAlchemy says ``object`` of every type that does not tell it."""
        return datetime

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the engine's type that keeps microseconds."""
        if dialect.name in _MYSQL:
            return dialect.type_descriptor(mysql.DATETIME(fsp=6))
        return dialect.type_descriptor(DateTime(timezone=dialect.name == "postgresql"))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn an aware moment into what the engine keeps."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone cannot be stored")
        moment = value.astimezone(UTC)
        return moment if dialect.name == "postgresql" else moment.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return an aware moment in UTC."""
        if value is None:
            return None
        return value.astimezone(UTC) if dialect.name == "postgresql" else value.replace(tzinfo=UTC)


Key = String(100)
"""An identifier or a name; short enough for every engine's indexes, also several in one."""

Line = String(500)
"""A line of text for people."""

LongText = Text().with_variant(mysql.LONGTEXT(), *_MYSQL)
"""Text of any length."""

Bytes = LargeBinary().with_variant(mysql.LONGBLOB(), *_MYSQL)
"""Bytes of any length."""

Json = JSON()
"""A JSON value; NULL where it is None only if the column is nullable."""

BigCount = BigInteger()
"""A 64-bit whole number."""

Serial = BigInteger().with_variant(Integer(), "sqlite")
"""A 64-bit primary key that counts up by itself, on SQLite too."""
