"""HTTP of the operations domain."""

from fastapi import APIRouter

router = APIRouter(tags=["operations"])
