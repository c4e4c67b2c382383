"""HTTP of the instance domain."""

from fastapi import APIRouter

from center.instance.api import consistency, deployments, desired_state, overlays

router = APIRouter()
for _part in (deployments, overlays, consistency, desired_state):
    router.include_router(_part.router)
