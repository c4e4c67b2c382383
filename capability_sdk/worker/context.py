"""What the code of a package is given beside its inputs."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

_STAGE = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,62}")
MAX_LOGGED_BYTES = 64 << 10


class LogRefused(Exception):
    """A process value has no proper name, is no JSON value, or too much was logged for one call."""


class Context:
    """Where the code finds its weights, and where it tells what happened on the way.

    Attributes:
        model: The package's folder ``model/``; read-only, empty where there are no weights.
        settings: What the manifest declares in ``[settings]``, by name: the province's choice, or
            the default where it made none. They never change while the code runs.
    """

    def __init__(self, model: Path, settings: Mapping[str, Any] | None = None) -> None:
        self.model = model
        self.settings = MappingProxyType(dict(settings or {}))
        self._logged: dict[str, Any] = {}
        self._bytes = 0

    def log(self, stage: str, value: object) -> None:
        """Name a process value; it goes into the province's inference log, as sampled.

        Args:
            stage: Its name.
            value: Any JSON value or numpy array; one with a row for each row of the inputs is told
                apart by request, any other stands for the whole batch.

        Raises:
            LogRefused: No such name, no such value, or more than 64 KiB in one call of `infer`.
        """
        if not _STAGE.fullmatch(stage):
            raise LogRefused(f"{stage!a} is no name of a process value.")
        try:
            text = json.dumps(value, default=_plain, ensure_ascii=False, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise LogRefused(f"The value of {stage} is no JSON value: {error}.") from error
        self._bytes += len(text.encode())
        if self._bytes > MAX_LOGGED_BYTES:
            raise LogRefused(f"More than {MAX_LOGGED_BYTES} bytes were logged in one call.")
        self._logged[stage] = json.loads(text)

    def take_logged(self) -> Mapping[str, Any]:
        """Return what was logged since the last time."""
        logged, self._logged, self._bytes = self._logged, {}, 0
        return logged


def _plain(value: object) -> object:
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    raise TypeError(f"a {type(value).__name__}")
