"""HTTP of the identity domain."""

from fastapi import APIRouter

from center.identity.api import accounts, applications, audit, organisations, places, users

router = APIRouter()
for _part in (accounts, organisations, users, places, applications, audit):
    router.include_router(_part.router)
