"""The public keys that authors sign packages with."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from capability_sdk.contracts.model import Strict
from capability_sdk.kit.problems import problem_responses
from center.clock import ClockDep
from center.database import SessionDep
from center.idempotency import OnceDep
from center.identity.api.fields import IdPath
from center.identity.service import keys
from center.identity.store import AuthorKeyStore
from center.paging import Page, PagingDep, map_page
from center.permissions import ActorDep, Permission, permit

router = APIRouter(tags=["accounts"], dependencies=[permit(Permission.USE_OWN_ACCOUNT)])


class NewSigningKey(Strict):
    """A public key that the asker signs packages with."""

    public_key_pem: Annotated[str, Field(min_length=1, max_length=4000)]


class SigningKeyView(BaseModel):
    """A registered public key."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    """SHA-256 of the key's DER form, in hex."""
    owner: str
    public_key_pem: str
    created_at: datetime
    withdrawn_at: datetime | None


@router.post(
    "/signing-keys",
    status_code=201,
    responses=problem_responses(401, 403, 409, 422, 503),
)
def register_signing_key(
    body: NewSigningKey, session: SessionDep, actor: ActorDep, clock: ClockDep, once: OnceDep
) -> SigningKeyView:
    """Register a public key that the asker signs packages with."""

    def make() -> SigningKeyView:
        item = keys.register(session, actor, body.public_key_pem, clock())
        return SigningKeyView.model_validate(item)

    return once(make, SigningKeyView)


@router.post(
    "/signing-keys/{key_id}:withdraw",
    responses=problem_responses(401, 403, 404, 409, 422, 503),
)
def withdraw_signing_key(
    key_id: IdPath, session: SessionDep, actor: ActorDep, clock: ClockDep
) -> SigningKeyView:
    """Take nothing more that a key signed: your own, or as an admin anybody's.

    Uploads that it signed are refused, and so are approvals of versions that it signed. What was
    published before stays, because the center countersigned its content.
    """
    return SigningKeyView.model_validate(keys.withdraw(session, actor, key_id, clock()))


@router.get("/signing-keys", responses=problem_responses(400, 401, 403, 422, 503))
def list_signing_keys(
    session: SessionDep, actor: ActorDep, paging: PagingDep
) -> Page[SigningKeyView]:
    """List the asker's own public keys."""
    page = AuthorKeyStore(session).page(actor.name, paging)
    return map_page(page, SigningKeyView.model_validate)
