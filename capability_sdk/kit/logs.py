"""What every process leaves behind: one line an event on standard error, no core dump, no secret."""

import logging
import resource

_TALKATIVE = ("httpx", "httpcore", "urllib3", "nacos", "v2", "whylogs", "alembic")


def configure(level: str = "INFO") -> None:
    """Set up logging once, at the start of a process, and have it leave no core dump.

    A process holds keys and tokens in its memory; only its own limit is lowered.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    logging.basicConfig(
        level=level, format="%(asctime)s %(levelname)s %(name)s %(message)s", force=True
    )
    for name in _TALKATIVE:
        # They log addresses, and with them tokens, at INFO.
        logging.getLogger(name).setLevel(logging.WARNING)
