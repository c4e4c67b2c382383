"""HTTP of the access domain."""

from fastapi import APIRouter

router = APIRouter(tags=["access"])
