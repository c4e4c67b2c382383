"""HTTP of the feedback domain."""

from fastapi import APIRouter

router = APIRouter(tags=["feedback"])
