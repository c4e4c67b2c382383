"""HTTP of the discussion domain."""

from fastapi import APIRouter

from center.discussion.api import comments, marks, notes

router = APIRouter(tags=["discussion"])
for part in (marks, comments, notes):
    router.include_router(part.router)
