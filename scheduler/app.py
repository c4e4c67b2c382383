"""Puts a scheduler together: the only module, with `runners`, that reads settings and picks adapters."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

from fastapi import Depends, FastAPI
from prometheus_client import CollectorRegistry
from pydantic import SecretStr

from capability_sdk.contracts.errors import Unavailable
from capability_sdk.directory.embedded import EmbeddedDirectory
from capability_sdk.directory.ports import ServiceDirectory
from capability_sdk.kit.clock import Clock, system_clock
from capability_sdk.kit.files import read_or_create_secret
from capability_sdk.kit.local_credential import INTERNAL_TOKEN_FILE, require_local_credential
from capability_sdk.kit.service import create_service
from scheduler import metrics
from scheduler.adapters.by_node import RunnersByNode
from scheduler.adapters.remote import RemoteRunner
from scheduler.api import router
from scheduler.database import Database
from scheduler.dispatch.board import EndpointBoard
from scheduler.joining import api as joining_api
from scheduler.joining.packages import Archives
from scheduler.joining.parts import JoiningParts
from scheduler.joining.service import Joining
from scheduler.joining.store import JoiningStore
from scheduler.lending.api import router as lending_router
from scheduler.lending.lender import Lender
from scheduler.lending.store import LoanStore
from scheduler.nodes import NodeBoard
from scheduler.placement.scores import ScoreWeights
from scheduler.ports import InstanceRunner
from scheduler.reconcile.loop import Reconciler
from scheduler.reconcile.placing import Placer
from scheduler.runners import choose_runner
from scheduler.scaling.api import router as scaling_router
from scheduler.scaling.autoscaler import Autoscaler, ScalingLimits
from scheduler.scaling.service import Scaling
from scheduler.scaling.store import ScalingStore
from scheduler.scaling.traffic import TrafficBoard
from scheduler.service import Scheduler
from scheduler.settings import SchedulerSettings
from scheduler.store import Holder, SchedulerStore
from scheduler.weights import WeightStore

_MAX_BODY_BYTES = 64 << 20
"""Deployments of a large province carry the manifest of each version."""
_STEP_OVERDUE = timedelta(seconds=30)


def create_app(settings: SchedulerSettings, clock: Clock = system_clock) -> FastAPI:
    """Make the application; its lifespan starts the scheduler and stops every instance.

    The process has the folder's lock already.
    """
    registry = CollectorRegistry()
    secret = read_or_create_secret(settings.data / INTERNAL_TOKEN_FILE)

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        database = Database(settings.data / "scheduler.db")
        try:
            async with _running(settings, database, secret, clock) as scheduler:
                app.state.scheduler = scheduler
                metrics.register(registry, scheduler)
                yield
        finally:
            database.close()

    async def readiness() -> dict[str, Any]:
        scheduler: Scheduler = app.state.scheduler
        return _readiness(scheduler, clock())

    credential = Depends(require_local_credential(secret))
    app = create_service(
        "Jiuzhou scheduler",
        registry=registry,
        readiness=readiness,
        lifespan=lifespan,
        metrics_guard=[credential],
        max_body_bytes=_MAX_BODY_BYTES,
    )
    app.include_router(router, dependencies=[credential])
    app.include_router(scaling_router, dependencies=[credential])
    app.include_router(joining_api.inside, dependencies=[credential])
    app.include_router(joining_api.outside)
    app.include_router(lending_router, dependencies=[credential])
    return app


def release_waiting(app: FastAPI) -> None:
    """Answer the long polls of an application that is about to stop."""
    scheduler: Scheduler | None = getattr(app.state, "scheduler", None)
    if scheduler is not None:
        scheduler.board.close()
        scheduler.joining.runner.release_waiting()


@contextlib.asynccontextmanager
async def _running(
    settings: SchedulerSettings, database: Database, secret: str, clock: Clock
) -> AsyncIterator[Scheduler]:
    directory = _directory(settings, secret, clock)
    nodes = NodeBoard(directory, clock, settings.load_valid, settings.node_lost_after)
    store = await asyncio.to_thread(_taken_over, settings, database, clock)
    near, reporter = await choose_runner(settings, store, secret, (directory, nodes, clock))
    joining = _joining(settings, database, near, clock)
    runner = RunnersByNode(near, joining.runner)
    scaling = await asyncio.to_thread(_scaling, settings, database, (store, nodes), clock)
    board = EndpointBoard()
    weights = WeightStore(database, _weights(settings))
    placer = Placer(store, runner, nodes, weights, clock)
    reconciler = Reconciler(
        store,
        runner,
        nodes,
        board,
        scaling.autoscaler,
        placer,
        scaling.lender,
        clock,
        settings.drain,
    )
    scheduler = Scheduler(store, runner, nodes, board, reconciler, scaling, joining, weights, clock)
    await reporter.register()
    await asyncio.to_thread(_collect, scheduler, clock() - settings.keep_retired)
    tasks = [
        asyncio.create_task(reporter.run(settings.load_interval.total_seconds())),
        asyncio.create_task(scheduler.reconciler.run()),
    ]
    try:
        yield scheduler
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await runner.close()
        await scheduler.reconciler.close()
        await directory.close()


def _directory(settings: SchedulerSettings, secret: str, clock: Clock) -> ServiceDirectory:
    if settings.directory == "embedded":
        return EmbeddedDirectory(clock)
    # Imported where it is used: the SDK, gRPC and an HTTP client take 40 MB.
    from capability_sdk.directory.nacos.client import Place  # noqa: PLC0415 - see above
    from capability_sdk.directory.nacos.directory import NacosDirectory  # noqa: PLC0415 - see above
    from capability_sdk.directory.nacos.envelope import key_of  # noqa: PLC0415 - see above
    from capability_sdk.directory.nacos.login import Login  # noqa: PLC0415 - see above

    address, password = settings.nacos_address, settings.nacos_password
    if settings.nacos_password_file is not None:
        password = SecretStr(settings.nacos_password_file.read_text(encoding="utf-8").strip())
    user = settings.nacos_username
    login = None if user is None or password is None else Login(address, user, password)
    place = Place(address, settings.nacos_namespace)
    return NacosDirectory(place, login, key_of(secret), settings.data / "logs" / "nacos", clock)


def _joining(
    settings: SchedulerSettings, database: Database, near: InstanceRunner, clock: Clock
) -> JoiningParts:
    members = Joining(JoiningStore(database), lambda: near.nodes, clock)
    return JoiningParts(
        members=members,
        runner=RemoteRunner(lambda: members.nodes, settings.load_valid.total_seconds()),
        archives=Archives(settings.data / "archives"),
        lease_seconds=settings.node_lost_after.total_seconds(),
        sampling=lambda name: settings.sample_shares.get(name, settings.sample_share),
    )


def _taken_over(settings: SchedulerSettings, database: Database, clock: Clock) -> SchedulerStore:
    holder = Holder(f"s-{secrets.token_hex(4)}", settings.reservation_lease)
    store = SchedulerStore(database, holder)
    store.take_over(clock())
    return store


def _weights(settings: SchedulerSettings) -> ScoreWeights:
    return ScoreWeights(
        best_fit=settings.best_fit_weight,
        spread=settings.spread_weight,
        idle=settings.idle_weight,
        passport_fit=settings.passport_fit_weight,
        fragmentation=settings.fragmentation_weight,
        balance=settings.balance_weight,
    )


def _scaling(
    settings: SchedulerSettings,
    database: Database,
    places: tuple[SchedulerStore, NodeBoard],
    clock: Clock,
) -> Scaling:
    limits = ScalingLimits(
        down_after=settings.scaling_down_after,
        utilisation=settings.scaling_utilisation,
        budget_millicores=settings.scaling_budget_millicores,
    )
    store, traffic = ScalingStore(database), TrafficBoard(clock, settings.scaling_window)
    autoscaler = Autoscaler(store, traffic, clock, limits)
    lender = Lender(LoanStore(database), *places, autoscaler, clock, settings.loan_notice)
    return Scaling(store, traffic, autoscaler, lender)


def _collect(scheduler: Scheduler, before: datetime) -> None:
    """Drop instances that were retired long ago, with their folders."""
    for instance in scheduler.store.retired_before(before):
        scheduler.runner.discard(instance)
        scheduler.store.forget(instance)
    scheduler.joining.archives.collect(
        {binding.unit.package_digest for binding in scheduler.store.bindings()}
    )


def _readiness(scheduler: Scheduler, now: datetime) -> dict[str, Any]:
    last = scheduler.reconciler.last_step
    if last is None or now - last > _STEP_OVERDUE:
        raise Unavailable("The scheduler has not compared what runs with what shall run lately.")
    return {
        "instances": len(scheduler.reconciler.bindings),
        "endpoints": len(scheduler.board.current.endpoints),
        "rejected_nodes": scheduler.nodes.rejected,
        "directory": scheduler.nodes.directory_view().summary(),
    }
