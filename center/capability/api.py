"""HTTP of the capability domain: the store, and the way into it."""

import asyncio
from concurrent.futures import Executor
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import FileResponse, HTMLResponse

from capability_sdk.contracts.errors import NotFound
from capability_sdk.contracts.model import CapabilityName, SemanticVersion
from capability_sdk.contracts.packages import GateReport
from capability_sdk.gate.page.words import Language
from capability_sdk.kit.problems import problem_responses
from center.capability import intake, service
from center.capability.domain import Stage
from center.capability.gate_page import gate_page
from center.capability.ports import MayRun, PackageStore
from center.capability.review.service import require_checklist
from center.capability.store import CapabilityStore, Wanted
from center.capability.views import (
    Approval,
    CapabilityVersionView,
    CapabilityView,
    Return,
    Withdrawal,
)
from center.clock import ClockDep
from center.database import DatabaseDep, SessionDep
from center.paging import Page, PagingDep, map_page
from center.permissions import ActorDep, Permission, permit
from center.settings import SettingsDep
from center.signing import SignerDep

router = APIRouter(tags=["capability"])

Name = Annotated[CapabilityName, Path()]
Version = Annotated[SemanticVersion, Path()]
_GZIP = "application/gzip"
_BINARY = {"type": "string", "format": "binary"}
_NO_FURTHER_LIMIT = 1 << 50
"""Bytes; the setting `max_package_bytes` limits an upload."""

_ONE = "/capabilities/{name}/versions/{version}"
_PAGE = {"content": {"text/html": {"schema": {"type": "string"}}}, "description": "The report."}
_READ = problem_responses(401, 403, 404, 422, 503)
_CHANGE = problem_responses(401, 403, 404, 409, 422, 503)


def _packages(request: Request) -> PackageStore:
    packages: PackageStore = request.app.state.packages
    return packages


def _may_run(request: Request) -> MayRun:
    may_run: MayRun = request.app.state.may_run
    return may_run


def _inspectors(request: Request) -> Executor:
    inspectors: Executor = request.app.state.inspectors
    return inspectors


def _gate_report(name: Name, version: Version, session: SessionDep, actor: ActorDep) -> GateReport:
    item = CapabilityStore(session).get(name, version, service.sight_of(actor))
    if item.gate_report is None:
        raise NotFound(f"The gate of {name} {version} has not finished yet; ask again.")
    return item.gate_report


PackagesDep = Annotated[PackageStore, Depends(_packages)]


@router.post(
    "/packages",
    status_code=201,
    dependencies=[permit(Permission.PUBLISH_CAPABILITIES)],
    max_body_size=_NO_FURTHER_LIMIT,
    responses=problem_responses(400, 401, 403, 409, 413, 415, 422, 503, 507),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {_GZIP: {"schema": _BINARY}},
        }
    },
)
async def upload(
    request: Request,
    database: DatabaseDep,
    actor: ActorDep,
    packages: PackagesDep,
    inspectors: Annotated[Executor, Depends(_inspectors)],
    settings: SettingsDep,
    clock: ClockDep,
) -> CapabilityVersionView:
    """Take a signed package: a gzipped tar, as `jiuzhou build` writes it.

    It is refused as a whole, with every break named, or waits for its gate.
    """
    intake.require_acceptable_head(request.headers, settings.max_package_bytes)
    upload = intake.received(request.stream(), packages.drafts, settings.max_package_bytes)
    async with upload as draft:
        accept = partial(intake.accept, database, packages, draft, actor, clock())
        item = await asyncio.get_running_loop().run_in_executor(inspectors, accept)
    return CapabilityVersionView.of(item)


@router.get(
    "/capabilities",
    dependencies=[permit(Permission.READ_STORE)],
    responses=problem_responses(400, 401, 403, 422, 503),
)
def search(
    session: SessionDep,
    actor: ActorDep,
    paging: PagingDep,
    q: Annotated[
        str, Query(max_length=200, description="Words of name, titles or summary, zh or en.")
    ] = "",
    domain: Annotated[str | None, Query(pattern=r"^[a-z][a-z0-9-]{1,30}$")] = None,
    stage: Annotated[Stage | None, Query()] = None,
) -> Page[CapabilityView]:
    """Search the store; you also see your own organisation's versions before publication."""
    wanted = Wanted(tuple(q.split()), domain, stage)
    page = CapabilityStore(session).search(service.sight_of(actor), wanted, paging)
    return map_page(page, CapabilityView.of)


@router.get("/capabilities/{name}", dependencies=[permit(Permission.READ_STORE)], responses=_READ)
def show_capability(name: Name, session: SessionDep, actor: ActorDep) -> CapabilityView:
    """Show a capability by its foremost version."""
    return CapabilityView.of(CapabilityStore(session).foremost(name, service.sight_of(actor)))


@router.get(
    "/capabilities/{name}/versions",
    dependencies=[permit(Permission.READ_STORE)],
    responses=_READ,
)
def list_versions(
    name: Name, session: SessionDep, actor: ActorDep, paging: PagingDep
) -> Page[CapabilityVersionView]:
    """List a capability's versions, newest upload first."""
    page = CapabilityStore(session).page_versions(name, service.sight_of(actor), paging)
    return map_page(page, CapabilityVersionView.of)


@router.get(_ONE, dependencies=[permit(Permission.READ_STORE)], responses=_READ)
def show_version(
    name: Name, version: Version, session: SessionDep, actor: ActorDep
) -> CapabilityVersionView:
    """Show one version with its manifest and digests."""
    item = CapabilityStore(session).get(name, version, service.sight_of(actor))
    return CapabilityVersionView.of(item)


@router.get(
    f"{_ONE}/gate-report",
    dependencies=[permit(Permission.READ_STORE)],
    response_model=GateReport,
    responses={200: _PAGE, **_READ},
)
def show_gate_report(
    name: Name,
    version: Version,
    request: Request,
    report: Annotated[GateReport, Depends(_gate_report)],
) -> GateReport | Response:
    """Show what the publish gate found out: every check, and the measured passport.

    Who accepts HTML and no JSON, such as a browser, gets it as a page.
    """
    accepted = request.headers.get("accept", "")
    if "text/html" in accepted and "json" not in accepted:
        return gate_page(request, report, f"{name} {version}")
    return report


@router.get(
    f"{_ONE}/gate-report.html",
    dependencies=[permit(Permission.READ_STORE)],
    response_class=HTMLResponse,
    responses={200: _PAGE, **_READ},
)
def show_gate_page(
    name: Name,
    version: Version,
    request: Request,
    report: Annotated[GateReport, Depends(_gate_report)],
    language: Annotated[
        Language | None, Query(description="Of the page; the browser's by default.")
    ] = None,
) -> Response:
    """Show what the publish gate found out, as one page with plots, without scripts."""
    return gate_page(request, report, f"{name} {version}", language)


@router.get(
    f"{_ONE}/package",
    dependencies=[permit(Permission.READ_PACKAGES)],
    response_class=FileResponse,
    responses={
        200: {
            "content": {_GZIP: {"schema": _BINARY}},
            "description": "The archive as it was uploaded.",
        },
        206: {
            "content": {
                _GZIP: {"schema": _BINARY},
                "multipart/byteranges": {"schema": _BINARY},
            },
            "description": "The parts that `Range` asked for.",
        },
        **problem_responses(400, 401, 403, 404, 416, 422, 503),
    },
)
def download(
    name: Name,
    version: Version,
    database: DatabaseDep,
    actor: ActorDep,
    packages: PackagesDep,
    may_run: Annotated[MayRun, Depends(_may_run)],
    clock: ClockDep,
) -> FileResponse:
    """Return the package: to its owner, to reviewers, and to edges that are to run it."""
    # No transaction is open while the archive is read and sent.
    with database.session(write=False) as session:
        item = service.require_reader(session, actor, name, version, may_run, clock())
    return FileResponse(
        packages.local_copy(item.archive_digest),
        media_type=_GZIP,
        filename=f"{name}-{version}.tar.gz",
    )


@router.post(
    f"{_ONE}:request-review",
    dependencies=[permit(Permission.PUBLISH_CAPABILITIES)],
    responses=_CHANGE,
)
def request_review(
    name: Name, version: Version, session: SessionDep, actor: ActorDep, clock: ClockDep
) -> CapabilityVersionView:
    """Put a version that passed its gate before the reviewers."""
    item = service.request_review(session, actor, name, version, clock())
    return CapabilityVersionView.of(item)


@router.post(
    f"{_ONE}:approve",
    dependencies=[permit(Permission.REVIEW_CAPABILITIES)],
    responses=_CHANGE,
)
def approve(  # noqa: PLR0913, PLR0917 - dependencies, not arguments that anybody passes
    name: Name,
    version: Version,
    body: Approval,
    database: DatabaseDep,
    actor: ActorDep,
    packages: PackagesDep,
    signer: SignerDep,
    clock: ClockDep,
) -> CapabilityVersionView:
    """Publish somebody else's version; the body names the content that you looked at."""
    # The archive is read through before the transaction that writes.
    with database.session(write=False) as session:
        item = service.look(session, actor, name, version, body.package_digest)
    packages.local_copy(item.archive_digest)
    with database.session() as session:
        require_checklist(session, actor, item, body.checked, clock())
        conditions = body.conditions.conditions
        published = service.approve(
            session, actor, item, body.comment, conditions, signer=signer, at=clock()
        )
    return CapabilityVersionView.of(published)


@router.post(
    f"{_ONE}:return",
    dependencies=[permit(Permission.REVIEW_CAPABILITIES)],
    responses=_CHANGE,
)
def send_back(
    name: Name, version: Version, body: Return, session: SessionDep, actor: ActorDep
) -> CapabilityVersionView:
    """Return a version to its author with a comment."""
    return CapabilityVersionView.of(service.send_back(session, actor, name, version, body.comment))


@router.post(
    f"{_ONE}:deprecate",
    dependencies=[permit(Permission.PUBLISH_CAPABILITIES)],
    responses=_CHANGE,
)
def deprecate(
    name: Name, version: Version, session: SessionDep, actor: ActorDep
) -> CapabilityVersionView:
    """Advise against a published version; what runs goes on, nothing new begins with it."""
    return CapabilityVersionView.of(service.deprecate(session, actor, name, version))


@router.post(
    f"{_ONE}:withdraw",
    dependencies=[permit(Permission.PUBLISH_CAPABILITIES)],
    responses=_CHANGE,
)
def withdraw(
    name: Name, version: Version, body: Withdrawal, session: SessionDep, actor: ActorDep
) -> CapabilityVersionView:
    """Take a version away for good: provinces stop running it within seconds."""
    return CapabilityVersionView.of(service.withdraw(session, actor, name, version, body.reason))


@router.get(
    "/reviews",
    dependencies=[permit(Permission.REVIEW_CAPABILITIES)],
    responses=problem_responses(400, 401, 403, 422, 503),
)
def list_reviews(session: SessionDep, paging: PagingDep) -> Page[CapabilityVersionView]:
    """List the versions that wait for a decision."""
    return map_page(CapabilityStore(session).in_review(paging), CapabilityVersionView.of)
