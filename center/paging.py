"""Lists by cursor: stable while rows come and go, and cheap at any depth."""

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Depends, Query
from pydantic import BaseModel
from sqlalchemy import Select, func, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from capability_sdk.contracts.errors import InvalidRequest

T = TypeVar("T")
R = TypeVar("R")


class Page(BaseModel, Generic[T]):
    """One page of a list."""

    items: list[T]
    next: str | None = None
    """Cursor of the following page; null on the last one."""
    total: int
    """Items on all pages."""


@dataclass(frozen=True, slots=True)
class Paging:
    """Which page is asked for."""

    limit: int = 50
    cursor: str | None = None


def _paging(
    limit: Annotated[int, Query(ge=1, le=500, description="Items on the page, at most.")] = 50,
    cursor: Annotated[
        str | None, Query(max_length=1000, description="`next` of the page before.")
    ] = None,
) -> Paging:
    return Paging(limit, cursor)


PagingDep = Annotated[Paging, Depends(_paging)]
"""Query parameters ``limit`` and ``cursor``."""


def fetch_page(
    session: Session,
    statement: Select[R],
    paging: Paging,
    *,
    key: Sequence[InstrumentedAttribute[Any]],
    descending: bool = False,
) -> Page[R]:
    """Read one page of a statement that selects one row class.

    Args:
        session: Open transaction.
        statement: Without order and limit.
        paging: Which page.
        key: Columns of the row class that order the list and are unique together, not null.
        descending: Newest, or last, first.

    Raises:
        InvalidRequest: The cursor is not one of this list.
    """
    total = session.scalar(select(func.count()).select_from(statement.subquery())) or 0
    if paging.cursor is not None:
        position = tuple_(*key)
        values = decode_cursor(paging.cursor, [column.type.python_type for column in key])
        statement = statement.where(position < values if descending else position > values)
    order = [column.desc() if descending else column.asc() for column in key]
    rows = list(session.scalars(statement.order_by(*order).limit(paging.limit + 1)))
    following = None
    if len(rows) > paging.limit:
        rows = rows[: paging.limit]
        following = encode_cursor([getattr(rows[-1], column.key) for column in key])
    return Page.model_construct(items=rows, next=following, total=total)


def map_page(page: Page[R], turn: Callable[[R], T]) -> Page[T]:
    """Turn the items of a page, such as rows into views."""
    return Page.model_construct(
        items=[turn(item) for item in page.items], next=page.next, total=page.total
    )


def encode_cursor(values: Sequence[Any]) -> str:
    """Write the values that order a list at one of its rows as a cursor."""
    plain = [{"t": v.isoformat()} if isinstance(v, datetime) else v for v in values]
    text = json.dumps(plain, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def decode_cursor(cursor: str, kinds: Sequence[type]) -> tuple[Any, ...]:
    """Read a cursor back.

    Args:
        cursor: What `encode_cursor` wrote, or what somebody sent instead.
        kinds: Types of the values.

    Raises:
        InvalidRequest: The cursor is not one of this list.
    """
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        plain = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        values = [_moment(v["t"]) if isinstance(v, dict) else v for v in plain]
        texts = [v.encode() for v in values if isinstance(v, str)]
        fits = [type(v) is kind for v, kind in zip(values, kinds, strict=True)]
    except (ValueError, OverflowError, KeyError, TypeError, RecursionError) as error:
        raise InvalidRequest("The cursor is not one of this list.") from error
    small = all(abs(v) < 1 << 63 for v in values if isinstance(v, int))
    if not (all(fits) and small) or any(b"\x00" in text for text in texts):
        raise InvalidRequest("The cursor is not one of this list.")
    return tuple(values)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone")
    return moment.astimezone(UTC)
