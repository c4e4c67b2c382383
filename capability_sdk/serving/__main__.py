"""``python -m capability_sdk.serving``: one instance, on a Unix socket."""

import logging
import sys

from pydantic import ValidationError
from pydantic_settings import CliApp

from capability_sdk.contracts.errors import ServiceError
from capability_sdk.kit import logs
from capability_sdk.serving.engines import leave_out_training_libraries
from capability_sdk.serving.instance import load_instance, serve_instance
from capability_sdk.serving.settings import ServingSettings

_log = logging.getLogger("capability_sdk.serving")


def main(arguments: list[str]) -> int:
    """Serve until SIGTERM; return the exit code: 2 bad arguments, 3 package or journal unusable."""
    logs.configure()
    try:
        settings = CliApp.run(ServingSettings, cli_args=arguments)
    except ValidationError as error:
        for item in error.errors():
            _log.error("--%s: %s", "-".join(map(str, item["loc"])), item["msg"])
        return 2
    try:
        instance = load_instance(settings)
    except ServiceError as error:
        _log.error("%s: %s", error.title, error)
        return 3
    serve_instance(settings, instance)
    return 0


if __name__ == "__main__":
    leave_out_training_libraries()
    sys.exit(main(sys.argv[1:]))
