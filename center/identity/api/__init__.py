"""HTTP of the identity domain."""

from fastapi import APIRouter

from center.identity.api import (
    accounts,
    applications,
    audit,
    oidc,
    organisations,
    places,
    signing_keys,
    tokens,
    users,
)

router = APIRouter()
for _part in (
    *(accounts, oidc, tokens, signing_keys),
    *(organisations, users, places, applications, audit),
):
    router.include_router(_part.router)
