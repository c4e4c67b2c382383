"""HTTP of the identity domain."""

from fastapi import APIRouter

from center.identity.api import (
    accounts,
    applications,
    audit,
    organisations,
    places,
    signing_keys,
    tokens,
    users,
)

router = APIRouter()
for _part in (
    *(accounts, tokens, signing_keys),
    *(organisations, users, places, applications, audit),
):
    router.include_router(_part.router)
