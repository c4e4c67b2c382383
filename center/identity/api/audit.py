"""The audit trail: search, verification and proof."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, computed_field

from capability_sdk.contracts.model import ProvinceName, UtcTime
from capability_sdk.kit.problems import problem_responses
from center.clock import ClockDep
from center.database import DatabaseDep, SessionDep
from center.identity import audit
from center.identity.audit import proof
from center.identity.audit.anchor import AnchorDep
from center.identity.audit.search import ActsWanted, find_acts
from center.identity.errors import TrailBroken
from center.paging import Page, PagingDep, map_page
from center.permissions import ActorDep, Permission, permit
from center.signing import SignerDep

router = APIRouter(tags=["audit"])
_READ = [permit(Permission.READ_AUDIT)]
_PROVE = [permit(Permission.PROVE_AUDIT)]
_COLUMNS = ("seq", "at", "actor", "actor_kind", "organisation", "act", "subject", "province")


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
    province: str | None
    """Whose it is; null where it concerns the whole platform."""
    detail: dict[str, Any]
    hash: str
    """Covers this act and the hash of the one before."""

    @computed_field
    def words(self) -> dict[str, str]:
        """What people call the act, in ``zh`` and ``en``."""
        return audit.words_of(self.act)


class VerdictView(BaseModel):
    """Whether the trail is whole."""

    model_config = ConfigDict(from_attributes=True)

    intact: bool
    rows: int
    broken_at: int | None


class ProofKeys(BaseModel):
    """The public halves of the keys that sign proofs, as JWKs, newest first."""

    keys: list[dict[str, Any]]


def _wanted(
    actor: ActorDep,
    by: Annotated[
        str | None, Query(alias="actor", max_length=100, description="Who acted.")
    ] = None,
    act: Annotated[
        str | None,
        Query(max_length=100, description="Such as `user.disabled`, or `user.` for all."),
    ] = None,
    subject: Annotated[
        str | None, Query(max_length=500, description="Such as `user/li-na`, or `user/` for all.")
    ] = None,
    province: Annotated[ProvinceName | None, Query()] = None,
    begins: Annotated[UtcTime | None, Query(alias="from", description="From here on.")] = None,
    ends: Annotated[UtcTime | None, Query(alias="to", description="Before this.")] = None,
) -> ActsWanted:
    return ActsWanted(by, act, subject, begins, ends, actor.within(province))


@router.get(
    "/audit",
    dependencies=_READ,
    response_model=Page[ActView],
    responses={
        200: {"content": {"text/csv": {"schema": {"type": "string"}}}},
        **problem_responses(400, 401, 403, 422, 503),
    },
)
def list_acts(
    session: SessionDep,
    wanted: Annotated[ActsWanted, Depends(_wanted)],
    paging: PagingDep,
    accept: Annotated[str, Header(max_length=500)] = "",
) -> Response:
    """List acts, newest first; `Accept: text/csv` exports them."""
    page = map_page(find_acts(session, wanted, paging), ActView.model_validate)
    if "text/csv" in accept.lower():
        headers = {"x-next-cursor": page.next} if page.next else {}
        return Response(_as_csv(page.items), media_type="text/csv", headers=headers)
    return JSONResponse(Page[ActView](**dict(page)).model_dump(mode="json"))


@router.get("/audit:verify", dependencies=_READ, responses=problem_responses(401, 403, 503))
def verify_trail(database: DatabaseDep, anchor: AnchorDep) -> VerdictView:
    """Check the whole trail for acts that were changed, removed, reordered or cut off."""
    seen = anchor.read()  # before the transaction, which then holds at least as much
    with database.session(write=False) as session:
        return VerdictView.model_validate(audit.verify(session, seen))


@router.get(
    "/audit:proof",
    dependencies=_PROVE,
    response_class=StreamingResponse,
    responses={
        200: {
            "content": {"application/jsonl": {"schema": {"type": "string"}}},
            "description": "One act a line; the last line is a head that the center signed.",
        },
        **problem_responses(401, 403, 409, 503),
    },
)
def prove_trail(
    database: DatabaseDep, anchor: AnchorDep, signer: SignerDep, clock: ClockDep
) -> Response:
    """Download the whole trail as a file that `jiuzhou admin audit verify` checks offline."""
    verdict = verify_trail(database, anchor)
    if not verdict.intact:
        raise TrailBroken(f"The trail is broken at act {verdict.broken_at}: it proves nothing.")

    def lines() -> Iterator[bytes]:
        with database.session(write=False) as session:
            yield from proof.write(audit.acts(session), signer, clock())

    headers = {"Content-Disposition": 'attachment; filename="audit.jsonl"'}
    return StreamingResponse(lines(), media_type="application/jsonl", headers=headers)


@router.get("/audit:keys", dependencies=_READ, responses=problem_responses(401, 403, 503))
def list_proof_keys(signer: SignerDep) -> ProofKeys:
    """Show the public keys that verify proofs; edges hold the same since their enrolment."""
    return ProofKeys(keys=signer.public_keys("state"))


def _as_csv(acts: Sequence[ActView]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([*_COLUMNS, "detail"])
    for act in acts:
        shown = act.model_dump(mode="json")
        detail = json.dumps(act.detail, ensure_ascii=False, sort_keys=True)
        writer.writerow([*(shown[name] for name in _COLUMNS), detail])
    return text.getvalue()
