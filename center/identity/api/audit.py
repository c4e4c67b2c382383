"""The audit trail, for admins."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select

from capability_sdk.kit.problems import problem_responses
from center.database import SessionDep
from center.identity import audit
from center.paging import Page, PagingDep, fetch_page, map_page
from center.permissions import Permission, permit

router = APIRouter(tags=["audit"], dependencies=[permit(Permission.READ_AUDIT)])


class ActView(BaseModel):
    """One act of governance."""

    model_config = ConfigDict(from_attributes=True)

    seq: int
    at: datetime
    actor: str = Field(examples=["li-na"])
    actor_kind: str
    organisation: str
    act: str = Field(examples=["user.disabled"])
    subject: str = Field(examples=["user/wang-wei"])
    detail: dict[str, Any]
    hash: str
    """Covers this act and the hash of the one before."""


class VerdictView(BaseModel):
    """Whether the trail is whole."""

    model_config = ConfigDict(from_attributes=True)

    intact: bool
    rows: int
    broken_at: int | None


@router.get("/audit", responses=problem_responses(400, 401, 403, 422, 503))
def list_acts(session: SessionDep, paging: PagingDep) -> Page[ActView]:
    """List acts, newest first."""
    key = [audit.AuditRow.seq]
    page = fetch_page(session, select(audit.AuditRow), paging, key=key, descending=True)
    return map_page(page, ActView.model_validate)


@router.get("/audit:verify", responses=problem_responses(401, 403, 503))
def verify_trail(session: SessionDep) -> VerdictView:
    """Check the whole trail for acts that were changed, removed or reordered."""
    return VerdictView.model_validate(audit.verify(session))
