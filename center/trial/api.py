"""HTTP of trials; the calls themselves go to the province's gateway and never come here."""

from typing import Annotated, Any, Self

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import BaseModel, Field

from capability_sdk.contracts.manifest import Titles
from capability_sdk.contracts.model import (
    CapabilityName,
    Identifier,
    ProvinceName,
    SemanticVersion,
    Strict,
    UtcTime,
)
from capability_sdk.contracts.tokens import MAX_TRIAL_CALLS
from capability_sdk.kit.problems import problem_responses
from center.access import trials
from center.access.api import KeysDep
from center.access.service import Minting
from center.access.trials import TrialTerms
from center.capability.service import sight_of
from center.capability.store import CapabilityStore
from center.clock import ClockDep
from center.database import SessionDep
from center.identity.store import PlaceStore
from center.permissions import ActorDep, Permission, permit
from center.settings import SettingsDep
from center.trial import service
from center.trial.domain import LIFETIME, Allowance, TrialPlace
from center.trial.samples import Samples

router = APIRouter(tags=["trial"])

Name = Annotated[CapabilityName, Path()]


class AllowanceView(BaseModel):
    """What somebody has of one capability's trials today."""

    daily_calls: int
    remaining: int
    renews_at: UtcTime

    @classmethod
    def of(cls, allowance: Allowance) -> Self:
        """Show an allowance."""
        return cls(
            daily_calls=allowance.limit,
            remaining=allowance.remaining,
            renews_at=allowance.renews_at,
        )


class TrialPlaceView(BaseModel):
    """A province where the capability runs."""

    province: str
    titles: Titles
    gateway_url: str
    versions: list[str] = Field(description="With traffic, the foremost first.")
    open: bool = Field(description="Whether the province lets anybody try.")
    own: bool = Field(
        description="Whether it is the asker's own; input goes there and stays there."
    )


class TrialOfferView(BaseModel):
    """Where a capability can be tried, and how often."""

    places: list[TrialPlaceView]
    allowance: AllowanceView


class TrialBody(Strict):
    """Where to try, and how many calls to take of the day."""

    province: ProvinceName
    calls: Annotated[int, Field(ge=1, le=MAX_TRIAL_CALLS)] = 1


class TrialTokenView(BaseModel):
    """A token for a few calls of the capability, at the province's gateway alone."""

    id: str = Field(description="By which it is revoked.")
    province: str
    gateway_url: str
    access_token: str = Field(repr=False)
    calls: int
    expires_at: UtcTime
    allowance: AllowanceView


class SampleView(BaseModel):
    """A request that the version's package carries."""

    name: str
    request: dict[str, Any]


class SamplesView(BaseModel):
    """The small samples of a version, by name; ten at most."""

    items: list[SampleView]


class TrialTermsBody(Strict):
    """What may be tried in a province, by everybody together."""

    enabled: bool
    concurrency: Annotated[int, Field(ge=1, le=100)] = 2
    rate_per_second: Annotated[float, Field(gt=0, le=1000)] = 5.0


def _samples(request: Request) -> Samples:
    samples: Samples = request.app.state.package_samples
    return samples


def _minting(keys: KeysDep, settings: SettingsDep, clock: ClockDep) -> Minting:
    return Minting(keys, clock(), min(settings.token_lifetime, LIFETIME))


@router.get(
    "/capabilities/{name}/trial",
    dependencies=[permit(Permission.TRY_CAPABILITIES)],
    responses=problem_responses(401, 403, 404, 409, 422, 503),
)
def read_trial_offer(
    name: Name, session: SessionDep, actor: ActorDep, clock: ClockDep
) -> TrialOfferView:
    """Show where a capability can be tried, and what is left of the day."""
    places, allowance = service.offer(session, actor, name, clock())
    own = actor.provinces or frozenset()
    return TrialOfferView(
        places=[_place_view(item, own) for item in places],
        allowance=AllowanceView.of(allowance),
    )


@router.post(
    "/capabilities/{name}/trial-tokens",
    status_code=201,
    dependencies=[permit(Permission.TRY_CAPABILITIES)],
    responses=problem_responses(401, 403, 404, 409, 422, 429, 503),
)
def begin_trial(
    name: Name,
    body: TrialBody,
    response: Response,
    session: SessionDep,
    actor: ActorDep,
    minting: Annotated[Minting, Depends(_minting)],
) -> TrialTokenView:
    """Give a token to try the capability with; the input goes to the gateway, never to the center.

    Each request makes another token: an answer with a secret is not kept to be given twice.
    """
    response.headers["Cache-Control"] = "no-store"
    begun = service.begin(session, actor, name, body.province, body.calls, minting)
    return TrialTokenView(
        id=begun.id,
        province=body.province,
        gateway_url=begun.place.gateway_url,
        access_token=begun.token.access_token,
        calls=body.calls,
        expires_at=begun.expires_at,
        allowance=AllowanceView.of(begun.allowance),
    )


@router.get(
    "/capabilities/{name}/versions/{version}/samples",
    dependencies=[permit(Permission.READ_STORE)],
    responses=problem_responses(401, 403, 404, 422, 503),
)
def list_samples(
    name: Name,
    version: Annotated[SemanticVersion, Path()],
    session: SessionDep,
    actor: ActorDep,
    samples: Annotated[Samples, Depends(_samples)],
) -> SamplesView:
    """Show requests to begin with, as the version's author recorded them."""
    CapabilityStore(session).get(name, version, sight_of(actor))
    found = samples(name, version)
    return SamplesView(items=[SampleView(name=item.name, request=item.request) for item in found])


@router.post(
    "/trial-tokens/{trial}:revoke",
    status_code=204,
    dependencies=[permit(Permission.TRY_CAPABILITIES)],
    responses=problem_responses(401, 403, 404, 409, 422, 503),
)
def revoke_trial(
    trial: Annotated[Identifier, Path()], session: SessionDep, actor: ActorDep, clock: ClockDep
) -> None:
    """Have every gateway refuse a trial token before it expires."""
    service.revoke(session, actor, trial, clock())


@router.get(
    "/provinces/{province}/trials",
    dependencies=[permit(Permission.READ_PROVINCES)],
    responses=problem_responses(401, 403, 404, 422, 503),
)
def get_trial_terms(province: ProvinceName, session: SessionDep, actor: ActorDep) -> TrialTermsBody:
    """Show what may be tried in a province."""
    actor.hide_unless_seen(province, f"province {province}")
    PlaceStore(session).get(province)
    return _terms_view(trials.terms_of(session, province))


@router.put(
    "/provinces/{province}/trials",
    dependencies=[permit(Permission.MANAGE_PROVINCES)],
    responses=problem_responses(401, 403, 404, 422, 503),
)
def put_trial_terms(
    province: ProvinceName,
    body: TrialTermsBody,
    session: SessionDep,
    actor: ActorDep,
    clock: ClockDep,
) -> TrialTermsBody:
    """Decide what may be tried in a province; its gateway follows within seconds."""
    actor.require_province(province)
    terms = TrialTerms(body.enabled, body.concurrency, body.rate_per_second)
    return _terms_view(trials.decide(session, actor, province, terms, clock()))


def _place_view(place: TrialPlace, own: frozenset[str]) -> TrialPlaceView:
    return TrialPlaceView(
        province=place.province,
        titles=place.titles,
        gateway_url=place.gateway_url,
        versions=list(place.versions),
        open=place.is_open,
        own=place.province in own,
    )


def _terms_view(terms: TrialTerms) -> TrialTermsBody:
    return TrialTermsBody(
        enabled=terms.enabled,
        concurrency=terms.concurrency,
        rate_per_second=terms.rate_per_second,
    )
