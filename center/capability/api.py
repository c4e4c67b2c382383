"""HTTP of the capability domain."""

from fastapi import APIRouter

router = APIRouter(tags=["capability"])
