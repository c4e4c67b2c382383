"""Finds out who asks: a person by cookie, a program by API token, an edge by its bearer token."""

from datetime import datetime

from fastapi import Request

from capability_sdk.kit.clock import Clock
from center.access.service import find_by_edge_token
from center.database import Database
from center.identity.api.accounts import SESSION_COOKIE
from center.identity.domain import API_TOKEN_PREFIX, csrf_token, same
from center.identity.errors import CsrfTokenMissing
from center.identity.service.sign_ins import find_by_session
from center.identity.service.tokens import find_holder
from center.identity.store import ApiTokenStore
from center.permissions import Actor, Authenticate

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_LONGEST = 10_000


def make_authenticate(database: Database, clock: Clock) -> Authenticate:
    """Return the center's way to find out who asks; each time in a short transaction."""

    def authenticate(request: Request) -> Actor | None:
        given = request.headers.getlist("authorization")
        cookie = request.cookies.get(SESSION_COOKIE)
        if not given and cookie is None:
            return None
        if given:  # an explicit credential counts alone, also where it is wrong
            return _by_bearer(database, given, clock())
        assert cookie is not None  # noqa: S101 - excluded above
        with database.session(write=False) as session:
            actor = find_by_session(session, cookie, clock())
        if actor is not None and request.method not in _SAFE:
            _require_csrf_token(request, cookie)
        return actor

    return authenticate


def _by_bearer(database: Database, given: list[str], now: datetime) -> Actor | None:
    scheme, _, token = given[0].partition(" ")
    if len(given) != 1 or scheme.lower() != "bearer" or not token or len(token) > _LONGEST:
        return None
    if token.startswith(API_TOKEN_PREFIX):
        return _by_api_token(database, token, now)
    with database.session(write=False) as session:
        return find_by_edge_token(session, token, now)


def _by_api_token(database: Database, token: str, now: datetime) -> Actor | None:
    with database.session(write=False) as session:
        holder = find_holder(session, token, now)
    if holder is None:
        return None
    if holder.unnoted is not None:
        with database.session() as session:
            ApiTokenStore(session).note_use(holder.unnoted, now)
    return holder.actor


def _require_csrf_token(request: Request, cookie: str) -> None:
    sent = request.headers.get("x-csrf-token", "")
    if not same(sent, csrf_token(cookie)):
        raise CsrfTokenMissing("Send the session's CSRF token in the header X-CSRF-Token.")
