"""Finds out who asks: a person by cookie, a program by API token, an edge by its bearer token."""

from fastapi import Request
from sqlalchemy.orm import Session

from capability_sdk.kit.clock import Clock
from center.access.service import find_by_edge_token
from center.database import Database
from center.identity.api.accounts import SESSION_COOKIE
from center.identity.domain import API_TOKEN_PREFIX, csrf_token, same
from center.identity.errors import CsrfTokenMissing
from center.identity.service.sign_ins import find_by_api_token, find_by_session
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
        with database.session(write=False) as session:
            if given:  # an explicit credential counts alone, also where it is wrong
                return _by_bearer(session, given, clock)
            assert cookie is not None  # noqa: S101 - excluded above
            actor = find_by_session(session, cookie, clock())
        if actor is not None and request.method not in _SAFE:
            _require_csrf_token(request, cookie)
        return actor

    return authenticate


def _by_bearer(session: Session, given: list[str], clock: Clock) -> Actor | None:
    scheme, _, token = given[0].partition(" ")
    if len(given) != 1 or scheme.lower() != "bearer" or not token or len(token) > _LONGEST:
        return None
    if token.startswith(API_TOKEN_PREFIX):
        return find_by_api_token(session, token)
    return find_by_edge_token(session, token, clock())


def _require_csrf_token(request: Request, cookie: str) -> None:
    sent = request.headers.get("x-csrf-token", "")
    if not same(sent, csrf_token(cookie)):
        raise CsrfTokenMissing("Send the session's CSRF token in the header X-CSRF-Token.")
