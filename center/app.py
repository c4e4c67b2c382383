"""The center's application: the one place that picks adapters and joins the domains."""

from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

from fastapi import APIRouter, FastAPI
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from starlette.concurrency import run_in_threadpool

from capability_sdk.contracts.errors import Unavailable
from capability_sdk.kit.clock import Clock, system_clock
from capability_sdk.kit.service import Readiness, create_service
from center import database as center_database
from center.access import api as access
from center.access.delegation import IssuerTerms
from center.access.keys import KeyRing
from center.access.vault import Vault
from center.adapters.folder_packages import FolderPackageStore
from center.alarm import api as alarm
from center.authentication import make_authenticate
from center.board import api as board
from center.board.memory import CellMemory
from center.capability import api as capability
from center.capability.difference.packages import Extracts
from center.capability.review import api as review
from center.capability.review import retirement_api as retirement
from center.catalogue import api as catalogue
from center.changes import ChangeFeed, note_writes
from center.database import Database
from center.discussion import api as discussion
from center.documents import api as documents
from center.documents.store import ContractMemory
from center.events import api as events
from center.events.streams import OpenStreams
from center.events.topics import WATCHED
from center.feedback import api as feedback
from center.fit import api as fit
from center.fit.packages import package_facts
from center.front import api as front
from center.front.assets import ConsoleFolder
from center.identity import api as identity
from center.identity.api.oidc import CALLBACK
from center.identity.audit import follow_acts
from center.identity.audit.anchor import Anchor
from center.identity.service.federation import Provider
from center.incident import api as incident
from center.instance import api as instance
from center.instance.affected import affected_subscriptions
from center.instance.desired import StateOffice
from center.instance.document import StateTerms
from center.instance.service import runs
from center.monitoring import api as monitoring
from center.monitoring.references import package_references
from center.notification import api as notification
from center.notification.outgoing import channels_of
from center.objective import api as objective
from center.operations import api as operations
from center.operations.subscribers import daily_calls
from center.permissions import Permission, declared_permissions, permit
from center.proving import api as proving
from center.rollout import api as rollout
from center.settings import CenterSettings
from center.simulation import api as simulation
from center.subscription import api as subscription
from center.subscription.service import plans
from center.subscription.service.grants import granted_capabilities, refusal
from center.subscription.service.notices import tell_subscribers
from center.trial import api as trial
from center.trial.samples import package_samples
from center.work_order import api as work_order
from center.work_order.following import follow as follow_for_work_orders

PREFIX = "/api/v1"
_INSPECTIONS_AT_ONCE = 2
_REFERENCES = 8
"""Training profiles that are kept for column pages; each is read from its package once."""
_DOMAINS = (
    identity,
    capability,
    review,
    retirement,
    discussion,
    subscription,
    access,
    instance,
    trial,
    monitoring,
    feedback,
    fit,
    operations,
    rollout,
    catalogue,
    objective,
    alarm,
    incident,
    board,
    notification,
    work_order,
    proving,
    events,
    simulation,
    documents,
)


def create_app(settings: CenterSettings, *, clock: Clock = system_clock) -> FastAPI:
    """Make the application over a database that is migrated.

    Raises:
        MasterKeyMismatch: The database's keys do not belong to the data folder.
        UndeclaredRoute: A route declares no permission.
    """
    database = Database(settings.sqlalchemy_url)
    # Each inspection takes a process of some 60 MiB; uploads beyond these wait, and hold nothing.
    inspectors = ThreadPoolExecutor(_INSPECTIONS_AT_ONCE, thread_name_prefix="inspect")
    app = _create_over(database, inspectors, settings.max_body_bytes)
    center_database.install(app)
    app.state.settings = settings
    app.state.vault = Vault(settings.data / "keys")
    app.state.channels = channels_of(settings)
    app.state.clock = clock
    app.state.database = database
    app.state.anchor = Anchor(settings.data)
    follow_acts(database, app.state.anchor.follow, follow_for_work_orders)
    app.state.authenticate = make_authenticate(database, clock)
    app.state.signer = _prepare_keys(settings, database, clock)
    plans.prepare(database, clock())
    _open_packages(app, settings, database)
    app.state.references = package_references(database, app.state.packages, kept=_REFERENCES)
    app.state.oidc = _oidc(settings)
    app.state.board_memory = CellMemory()
    app.state.inspectors = inspectors
    app.state.console_folder = ConsoleFolder()
    _answer_from_above(app)
    _prepare_desired_state(app, settings, database, clock)
    app.router.routes.extend(_joined_domains(settings.max_body_bytes).routes)
    declared_permissions(app)
    return app


def describe() -> FastAPI:
    """Make the application for its OpenAPI document alone: it reaches no database and serves nobody.

    Raises:
        UndeclaredRoute: A route declares no permission.
    """

    async def unready() -> dict[str, Any]:
        raise Unavailable("This application only describes itself.")

    app = _create(unready)
    app.router.routes.extend(_joined_domains(None).routes)
    declared_permissions(app)  # the console is built from this document, and so its build fails too
    return app


def _create_over(
    database: Database, inspectors: ThreadPoolExecutor, max_body_bytes: int
) -> FastAPI:
    """Make the application that is ready while its database answers, and closes both at its end."""

    async def readiness() -> dict[str, Any]:
        await run_in_threadpool(database.check)
        return {"database": database.engine.dialect.name}

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        inspectors.shutdown(cancel_futures=True)
        database.close()

    return _create(readiness, lifespan, max_body_bytes)


def _create(
    readiness: Readiness,
    lifespan: Callable[[FastAPI], Any] | None = None,
    max_body_bytes: int | None = None,
) -> FastAPI:
    return create_service(
        "Jiuzhou center",
        registry=_registry(),
        readiness=readiness,
        lifespan=lifespan,
        description="Registers capabilities, publishes them, and steers the provinces.",
        metrics_guard=[permit(Permission.READ_METRICS)],
        max_body_bytes=max_body_bytes,
    )


def _answer_from_above(app: FastAPI) -> None:
    """Give domains what only a domain above them knows."""
    app.state.may_run = runs
    app.state.grants = granted_capabilities
    app.state.refusal = refusal
    app.state.daily_calls = daily_calls
    app.state.affected = affected_subscriptions
    app.state.tell_subscribers = tell_subscribers


def _open_packages(app: FastAPI, settings: CenterSettings, database: Database) -> None:
    """Open the folder of packages, and make the memories of what was read from them."""
    app.state.packages = FolderPackageStore(settings.data / "packages")
    app.state.extracts = Extracts(app.state.packages)
    app.state.contracts = ContractMemory()
    app.state.package_samples = package_samples(database, app.state.packages)
    app.state.package_facts = package_facts(database, app.state.packages)


def _oidc(settings: CenterSettings) -> Provider | None:
    if settings.oidc is None:
        return None
    from center.adapters.oidc_provider import OidcProvider  # noqa: PLC0415 - memory; see there

    address = settings.public_url.rstrip("/")
    return OidcProvider(settings.oidc, f"{address}{PREFIX}{CALLBACK}")


def _prepare_keys(settings: CenterSettings, database: Database, clock: Clock) -> KeyRing:
    keys = KeyRing(Vault(settings.data / "keys"))
    keys.prepare(database, clock())
    return keys


def _prepare_desired_state(
    app: FastAPI, settings: CenterSettings, database: Database, clock: Clock
) -> None:
    note_writes(database.engine, WATCHED)
    app.state.change_feed = ChangeFeed(database)
    app.state.open_streams = OpenStreams()
    issuer = IssuerTerms(settings.issuer_lifetime, settings.token_lifetime)
    terms = StateTerms(issuer, settings.origins)
    app.state.state_office = StateOffice(database, app.state.signer, clock, terms)


@cache
def _joined_domains(max_body_bytes: int | None) -> APIRouter:
    """Return the routes of every domain, made once a process.

    They keep no state, so that applications share them: to prepare their 220 routes takes FastAPI
    0.4 s, which a process that makes one application pays once, and a thousand tests as well.
    """
    joined = APIRouter(max_body_size=max_body_bytes)
    joined.include_router(access.root_router)
    for domain in _DOMAINS:
        joined.include_router(domain.router, prefix=PREFIX)
    joined.include_router(front.router)
    return joined


def _registry() -> CollectorRegistry:
    registry = CollectorRegistry()
    for collector in (ProcessCollector, PlatformCollector, GCCollector):
        collector(registry=registry)
    return registry
