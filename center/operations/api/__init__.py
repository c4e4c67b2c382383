"""HTTP of the operations domain."""

from fastapi import APIRouter

from center.operations.api import telemetry, usage

router = APIRouter(tags=["operations"])
for _part in (telemetry, usage):
    router.include_router(_part.router)
