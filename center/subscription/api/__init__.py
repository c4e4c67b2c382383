"""HTTP of the subscription domain."""

from fastapi import APIRouter

from center.subscription.api import changes, plans, subscriptions

router = APIRouter(tags=["subscription"])
for _part in (plans, subscriptions, changes):
    router.include_router(_part.router)
