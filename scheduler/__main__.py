"""``python -m scheduler --data PROVINCE_DIR --port N``: one province's scheduler."""

import asyncio
import logging
import sys

from pydantic import ValidationError
from pydantic_settings import CliApp

from capability_sdk.contracts.errors import ServiceError
from capability_sdk.kit import logs
from capability_sdk.kit.service import serve
from scheduler.adapters.process import check_folder
from scheduler.app import create_app, release_waiting
from scheduler.database import lock_folder
from scheduler.errors import FolderUnusable
from scheduler.settings import SchedulerSettings

_log = logging.getLogger("scheduler")


def main(arguments: list[str]) -> int:
    """Serve until SIGTERM; return the exit code: 2 bad arguments, 3 folder unusable."""
    logs.configure()
    try:
        settings = CliApp.run(SchedulerSettings, cli_args=arguments)
    except ValidationError as error:
        for item in error.errors():
            _log.error("--%s: %s", "-".join(map(str, item["loc"])), item["msg"])
        return 2
    try:
        _take_folder(settings)
        app = create_app(settings)
        serve(app, host=settings.host, port=settings.port, on_stop=lambda: release_waiting(app))
    except ServiceError as error:
        _log.error("%s: %s", error.title, error)
        return 3
    return 0


def _take_folder(settings: SchedulerSettings) -> None:
    """Have the folder to ourselves before anything is served from it, until this process ends.

    A scheduler that stands by listens nowhere yet: it takes the address over with the folder, so
    that gateway and agent find their scheduler where it was.
    """
    if not settings.data.is_dir():
        raise FolderUnusable(f"{settings.data} is no folder; enrolment makes it.")
    if settings.kubeconfig is not None and settings.runner == "kubernetes":
        from scheduler.adapters.kubernetes.check import check_cluster  # noqa: PLC0415 - the client is large

        asyncio.run(check_cluster(settings.kubeconfig, settings.kubernetes_namespace))
    else:
        check_folder(settings.data.absolute() / "instances")
    if settings.standby:
        _log.info("standing by for the scheduler of %s to end, if one runs", settings.data)
    lock_folder(settings.data, wait=settings.standby)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
