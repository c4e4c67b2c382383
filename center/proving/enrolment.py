"""Lets a proving edge enrol beside a center, for whoever holds the center's folder."""

from datetime import datetime, timedelta

from capability_sdk.contracts.enrolment import ProvinceKind
from capability_sdk.contracts.errors import InvalidInput, NotFound
from center.database import Database
from center.identity.domain import Province
from center.identity.service import places
from center.identity.store import PlaceStore
from center.permissions import WORKER


def make_proving_code(database: Database, name: str, now: datetime, lifetime: timedelta) -> str:
    """Return a code that enrols one proving edge; its province is founded if there is none.

    Raises:
        InvalidInput: The name is that of a province that serves callers.
    """
    with database.session() as session:
        try:
            known = PlaceStore(session).get(name)
        except NotFound:
            new = Province(name, "验证", "Proving", "Asia/Shanghai", now, ProvinceKind.PROVING)
            known = places.found(session, WORKER, new)
        if known.kind is not ProvinceKind.PROVING:
            raise InvalidInput(f"{name} is a province that serves callers: choose another name.")
        code, _ = places.make_code(session, WORKER, name, now, lifetime)
    return code
