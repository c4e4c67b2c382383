"""Signing in through an OpenID Connect provider; accounts come with the first sign-in."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy.orm import Session

from capability_sdk.contracts.errors import InvalidInput, NotFound
from center.database import Database
from center.identity.audit import record
from center.identity.domain import Grant, User, UserState, new_secret
from center.identity.errors import AccountDisabled, NoRole, OidcRefused
from center.identity.service.sign_ins import Limits, open_session
from center.identity.service.users import describe_grant, end_credentials, require_grant
from center.identity.store import UserStore
from center.identity.store.flows import Flow, FlowStore
from center.permissions import ActorKind
from center.settings import OidcSettings

_LIFETIME = timedelta(minutes=10)


class Provider(Protocol):
    """Whom people sign in at; `center.adapters.oidc_provider` is the one there is."""

    settings: OidcSettings

    def authorization_url(self, state: str, nonce: str, verifier: str) -> str:
        """Return where somebody signs in."""
        ...

    def claims_of(self, code: str, nonce: str, verifier: str, now: datetime) -> Mapping[str, Any]:
        """Redeem a code for verified claims.

        Raises:
            OidcRefused: The code or its ID token is not good.
            ProviderAway: The provider does not answer.
        """
        ...

    def end_session_url(self, back_to: str) -> str | None:
        """Return where somebody signs out of the provider too."""
        ...


@dataclass(frozen=True, slots=True)
class Return:
    """How somebody came back from the provider.

    Attributes:
        browser: What the browser was given when it left; None where it lost it.
        address: Network address, and ``agent`` what the browser says of itself.
    """

    code: str
    state: str
    browser: str | None
    address: str
    agent: str


def begin(database: Database, provider: Provider, back_to: str, now: datetime) -> tuple[str, str]:
    """Return where to send a browser, and the secret that it must bring back.

    Raises:
        ProviderAway: The provider does not answer.
    """
    state, browser = new_secret(), new_secret()
    flow = Flow(new_secret(), new_secret(), back_to)
    url = provider.authorization_url(state, flow.nonce, flow.verifier)
    with database.session() as session:
        store = FlowStore(session)
        store.drop_expired(now)
        store.begin(state, browser, flow, now + _LIFETIME)
    return url, browser


def complete(
    database: Database, provider: Provider, back: Return, limits: Limits, now: datetime
) -> tuple[str, str]:
    """Return the token of a new session, and the page that was asked for.

    The way is used up in a transaction of its own before the provider is asked, which holds none.

    Raises:
        OidcRefused: The way is not this browser's, or the provider vouches for nobody.
        NoRole: The provider gives the person no role here; what they had of one has ended.
        AccountDisabled: An admin keeps the person out.
        NameTaken: A local account has the name: an admin has to decide who that is.
        ProviderAway: The provider does not answer.
    """
    with database.session() as session:
        flow = FlowStore(session).take(back.state, back.browser or "", now)
    if flow is None:
        raise OidcRefused("This sign-in was used, is too old, or began in another browser.")
    claims = provider.claims_of(back.code, flow.nonce, flow.verifier, now)
    external_id = _external_id(claims)
    grant = _grant(provider.settings, claims)
    with database.session() as session:
        user = _admit(session, external_id, _name(provider.settings, claims), grant, now)
        if user is not None and user.state is not UserState.DISABLED:
            token = open_session(session, user, back.address, back.agent, limits, now)
            return token, flow.back_to
    if user is None:
        raise NoRole("The provider gives you no role that there is here.")
    raise AccountDisabled("An admin keeps this account out.")


def _admit(
    session: Session, external_id: str, name: str, grant: Grant | None, now: datetime
) -> User | None:
    """Return the account of somebody, with the role that the provider gives them today."""
    users = UserStore(session)
    known = users.find_external(external_id)
    if grant is not None and not _makes_sense(session, grant):
        grant = None
    if grant is None:
        if known is not None:
            end_credentials(session, known.name)
        return None
    if known is None:
        user = users.add(name, grant, now, external_id=external_id)
        act = "user.joined"
    else:
        user = known
        act = "user.role-changed"
        users.set_grant(user.name, grant)
    if known is None or known.grant != grant:
        actor = users.get(user.name).as_actor(ActorKind.PERSON)
        detail = {"by": "provider", **describe_grant(grant)}
        record(session, actor, act, f"user/{user.name}", detail, at=now)
    return users.get(user.name)


def _makes_sense(session: Session, grant: Grant) -> bool:
    try:
        require_grant(session, grant)
    except (InvalidInput, NotFound):
        return False
    return True


def _grant(settings: OidcSettings, claims: Mapping[str, Any]) -> Grant | None:
    """Read role, organisation and provinces; None where no role is among those of the settings."""
    given = set(_texts(_at(claims, settings.role_claim)))
    role = next((role for name, role in settings.roles.items() if name in given), None)
    if role is None:
        return None
    organisation = _texts(_at(claims, settings.organisation_claim)) or [settings.organisation]
    provinces = _at(claims, settings.provinces_claim)
    reach = None if provinces is None else frozenset(_texts(provinces))
    return Grant(role, organisation[0], reach)


def _external_id(claims: Mapping[str, Any]) -> str:
    """Name a person for good: a provider's names change, and another's may be the same."""
    return hashlib.sha256(f"{claims['iss']}\n{claims['sub']}".encode()).hexdigest()


def _name(settings: OidcSettings, claims: Mapping[str, Any]) -> str:
    given = next(iter(_texts(_at(claims, settings.name_claim))), "")
    plain = re.sub(r"[^a-z0-9._-]+", "-", given.lower()).strip("-._")
    if not re.match(r"[a-z].", plain):
        plain = f"u-{plain or _external_id(claims)[:12]}"
    return plain[:60]


def _at(claims: Mapping[str, Any], path: str) -> Any:  # noqa: ANN401 - any claim
    found: Any = claims
    for part in path.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _texts(claim: Any) -> list[str]:  # noqa: ANN401 - any claim
    if isinstance(claim, str):
        return [claim]
    return [item for item in claim if isinstance(item, str)] if isinstance(claim, list) else []
