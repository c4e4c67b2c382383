"""How somebody sees the console: in two languages, light and dark."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.browser.words import Language

Mode = Literal["light", "dark"]


@dataclass(frozen=True)
class Look:
    """How somebody sees the console."""

    language: Language = "zh"
    mode: Mode = "light"

    def __str__(self) -> str:
        return f"{self.language}-{self.mode}"


LOOKS = tuple(Look(language, mode) for language in ("zh", "en") for mode in ("light", "dark"))


def pictures_folder() -> Path | None:
    """Return where pictures are kept; None where none are made."""
    given = os.environ.get("JIUZHOU_PICTURES")
    return None if given is None else Path(given)


def looks(usual: Look) -> tuple[Look, ...]:
    """Return the looks of a journey: all four where pictures are made, else one to save time."""
    return (usual,) if pictures_folder() is None else LOOKS
