"""HTTP of the subscription domain."""

from fastapi import APIRouter

router = APIRouter(tags=["subscription"])
