"""HTTP of the identity domain."""

from fastapi import APIRouter

from center.identity.api import accounts, applications, audit, places, users

router = APIRouter()
for _part in (accounts, users, places, applications, audit):
    router.include_router(_part.router)
