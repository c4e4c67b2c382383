"""Registering calling systems, and rotating their secrets."""

from datetime import datetime

from sqlalchemy.orm import Session

from capability_sdk.contracts.errors import Conflict
from center.identity.audit import record
from center.identity.domain import Application, Secret, digest, new_id, new_secret
from center.identity.errors import AlreadyRevoked, TooManySecrets
from center.identity.store import ApplicationStore, PlaceStore
from center.permissions import Actor, ActorKind

_VALID_AT_ONCE = 2


def register(
    session: Session, actor: Actor, name: str, province: str, now: datetime
) -> tuple[Application, str]:
    """Add an application and return it with its first secret.

    Raises:
        NotPermitted: The actor acts for another province.
        NotFound: There is no such province.
        ProvingProvince: It serves no applications but the platform's own.
        NameTaken: The province has an application of this name.
    """
    actor.require_province(province)
    place = PlaceStore(session).get(province)
    if actor.kind is not ActorKind.SYSTEM:
        place.require_serving()
    secret, kept = _new_secret(now)
    item = Application(
        client_id=new_id("app"),
        name=name,
        province=province,
        organisation=actor.organisation,
        is_active=True,
        created_at=now,
        secrets=(kept,),
    )
    ApplicationStore(session).add(item)
    detail = {"name": name, "province": province}
    _note(session, actor, item, "registered", detail)
    return item, secret


def add_secret(session: Session, actor: Actor, client_id: str, now: datetime) -> tuple[Secret, str]:
    """Add a second secret, so that callers can change over while the first one holds.

    Raises:
        NotFound: There is no such application within reach.
        AlreadyRevoked: The application was revoked.
        TooManySecrets: Two are valid already.
    """
    item = _get_living(session, actor, client_id)
    if len(item.secrets) >= _VALID_AT_ONCE:
        raise TooManySecrets("Two secrets are valid already: remove the old one first.")
    secret, kept = _new_secret(now)
    ApplicationStore(session).add_secret(client_id, kept)
    detail = {"secret": kept.id}
    _note(session, actor, item, "secret-added", detail)
    return kept, secret


def drop_secret(
    session: Session, actor: Actor, client_id: str, secret_id: str, now: datetime
) -> None:
    """Make a secret worthless at once, and every token that was asked with it.

    Raises:
        NotFound: There is no such application within reach, or no such secret.
    """
    item = get(session, actor, client_id, lock=True)
    ApplicationStore(session).drop_secret(client_id, secret_id, now)
    detail = {"secret": secret_id}
    _note(session, actor, item, "secret-removed", detail)


def set_active(
    session: Session, actor: Actor, client_id: str, *, active: bool, now: datetime
) -> Application:
    """Suspend an application, or resume it.

    Raises:
        NotFound: There is no such application within reach.
        AlreadyRevoked: It was revoked.
        Conflict: It is so already.
    """
    item = _get_living(session, actor, client_id)
    if item.is_active is active:
        raise Conflict(f"{client_id} is {'active' if active else 'suspended'} already.")
    store = ApplicationStore(session)
    store.set_suspended(client_id, None if active else now)
    _note(session, actor, item, "resumed" if active else "suspended", {})
    return store.get(client_id)


def revoke(session: Session, actor: Actor, client_id: str, now: datetime) -> Application:
    """End an application for good: its secrets are worthless, and none of its calls is served.

    Raises:
        NotFound: There is no such application within reach.
        AlreadyRevoked: It was revoked before.
    """
    item = _get_living(session, actor, client_id)
    store = ApplicationStore(session)
    store.revoke(client_id, now)
    _note(session, actor, item, "revoked", {})
    return store.get(client_id)


def get(session: Session, actor: Actor, client_id: str, *, lock: bool = False) -> Application:
    """Return an application that the actor may know of.

    Raises:
        NotFound: There is none within reach.
    """
    item = ApplicationStore(session).get(client_id, lock=lock)
    actor.hide_unless_seen(item.province, f"application {client_id}")
    return item


def _get_living(session: Session, actor: Actor, client_id: str) -> Application:
    item = get(session, actor, client_id, lock=True)
    if item.is_revoked:
        raise AlreadyRevoked(f"{client_id} was revoked: register a new application.")
    return item


def _new_secret(now: datetime) -> tuple[str, Secret]:
    secret = new_secret()
    return secret, Secret(new_id("secret"), digest(secret), now)


def _note(
    session: Session, actor: Actor, item: Application, act: str, detail: dict[str, str]
) -> None:
    subject = f"application/{item.client_id}"
    record(session, actor, f"application.{act}", subject, detail, province=item.province)
