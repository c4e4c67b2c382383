"""What stands on the console's buttons and headings, in the language that a test looks at."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any, Literal

SOURCES = Path(__file__).parents[2] / "center" / "console" / "src"
Language = Literal["zh", "en"]

_HOLE = re.compile(r"\{\{\s*(\w+)[^}]*\}\}")


@cache
def _texts(namespace: str, language: Language) -> dict[str, Any]:
    inner = SOURCES / namespace / f"{language}.json"
    path = inner if inner.is_file() else SOURCES / "features" / namespace / f"{language}.json"
    texts: dict[str, Any] = json.loads(path.read_text())
    return texts


def words(language: Language, key: str, **values: str) -> str:
    """Return the text of a key such as ``store:card.subscribe``, with its values put in."""
    namespace, _, path = key.partition(":")
    found: Any = _texts(namespace, language)
    for part in path.split("."):
        found = found[part]
    assert isinstance(found, str), f"{key} is no text"
    return _HOLE.sub(lambda hole: values[hole[1]], found)
