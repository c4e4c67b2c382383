"""HTTP of online tests."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response
from pydantic import Field

from capability_sdk.contracts.model import CapabilityName, SemanticVersion, UtcTime, Wire
from capability_sdk.kit.problems import problem_responses
from center.access.api import KeysDep
from center.access.service import Minting
from center.clock import ClockDep
from center.database import SessionDep
from center.permissions import ActorDep, Permission, permit
from center.proving import service
from center.settings import SettingsDep

router = APIRouter(tags=["proving"])

Name = Annotated[CapabilityName, Path()]
Version = Annotated[SemanticVersion, Path()]
_ONE = "/capabilities/{name}/versions/{version}"


class TrialView(Wire):
    """Where a draft answers, with what, and until when."""

    province: str
    gateway_url: str
    access_token: str = Field(repr=False, description="For this capability on the proving edge.")
    expires_at: UtcTime


def _minting(keys: KeysDep, settings: SettingsDep, clock: ClockDep) -> Minting:
    return Minting(keys, clock(), min(settings.token_lifetime, service.LIFETIME))


MintingDep = Annotated[Minting, Depends(_minting)]


@router.post(
    f"{_ONE}:try",
    dependencies=[permit(Permission.PUBLISH_CAPABILITIES)],
    responses=problem_responses(401, 403, 404, 409, 422, 503),
)
def try_out(
    name: Name,
    version: Version,
    response: Response,
    session: SessionDep,
    actor: ActorDep,
    minting: MintingDep,
) -> TrialView:
    """Run an own version that passed its gate on the proving edge, for ten minutes at most."""
    response.headers["Cache-Control"] = "no-store"
    trial = service.begin(session, actor, name, version, minting)
    return TrialView(
        province=trial.draft.province,
        gateway_url=trial.gateway_url,
        access_token=trial.token.access_token,
        expires_at=trial.draft.expires_at,
    )


@router.post(
    f"{_ONE}:end-try",
    status_code=204,
    dependencies=[permit(Permission.PUBLISH_CAPABILITIES)],
    responses=problem_responses(401, 403, 404, 409, 422, 503),
)
def end_try(
    name: Name, version: Version, session: SessionDep, actor: ActorDep, minting: MintingDep
) -> None:
    """End a version's run on the proving edge before its time."""
    service.end(session, actor, name, version, minting)
