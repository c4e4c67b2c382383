"""Logging of every process: one line an event, to standard error, free of secrets."""

import logging

_TALKATIVE = ("httpx", "httpcore", "urllib3", "nacos", "v2", "whylogs", "alembic")


def configure(level: str = "INFO") -> None:
    """Set up logging once, at the start of a process."""
    logging.basicConfig(
        level=level, format="%(asctime)s %(levelname)s %(name)s %(message)s", force=True
    )
    for name in _TALKATIVE:
        # They log addresses, and with them tokens, at INFO.
        logging.getLogger(name).setLevel(logging.WARNING)
