"""Gates over the console's sources that its own tools do not offer: texts, colours, sizes."""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

MAX_FILE_LINES = 400
MAX_PART_LINES = 250
_THEME = "theme.ts"
_COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}\b|\b(?:rgb|rgba|hsl|hsla|oklch)\(")
_HOLE = re.compile(r"\{\{\s*(\w+)")
# i18next appends these to a key by count; Chinese has one form, English two.
_FORM = re.compile(r"_(?:one|other|zero)$")


def complaints(sources: Iterable[Path]) -> Iterator[str]:
    """Find what does not hold in the console's sources."""
    for path in sources:
        if path.name == "zh.json":
            yield from _texts(path, path.with_name("en.json"))
        elif path.suffix in {".ts", ".tsx", ".css"}:
            yield from _source(path)


def _source(path: Path) -> Iterator[str]:
    lines = path.read_text().splitlines()
    most = MAX_PART_LINES if path.suffix == ".tsx" else MAX_FILE_LINES
    if len(lines) > most:
        yield f"{path}: {len(lines)} lines, at most {most}"
    if path.name == _THEME:
        return
    for number, line in enumerate(lines, 1):
        if _COLOUR.search(line):
            yield f"{path}:{number}: a colour, which belongs into {_THEME}"


def _texts(chinese: Path, english: Path) -> Iterator[str]:
    if not english.is_file():
        yield f"{chinese}: has no {english.name} beside it"
        return
    zh, en = (dict(_flat(json.loads(path.read_text()))) for path in (chinese, english))
    for key in sorted(zh.keys() ^ en.keys()):
        yield f"{chinese.parent}: {key} stands in one language only"
    for key in sorted(zh.keys() & en.keys()):
        if not (zh[key] and en[key]):
            yield f"{chinese.parent}: {key} is empty"
        elif _holes(zh[key]) != _holes(en[key]):
            yield f"{chinese.parent}: {key} takes other values in English"


def _flat(texts: dict[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """Yield each text with its key, which its forms by count share."""
    for name, text in texts.items():
        key = f"{above}{_FORM.sub('', name)}"
        if isinstance(text, dict):
            yield from _flat(text, f"{key}.")
        else:
            yield key, text


def _holes(text: str) -> set[str]:
    return set(_HOLE.findall(text))
