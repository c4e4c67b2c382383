"""HTTP of the instance domain."""

from fastapi import APIRouter

router = APIRouter(tags=["instance"])
