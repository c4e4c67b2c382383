"""The documents' pictures: of what the journeys kept, those that a document shows."""

import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "docs" / "pictures"

MOST_BYTES = 150_000
_PLACED = re.compile(r"pictures/([\w-]+\.webp)")


def placed() -> set[str]:
    """Return the names of the pictures that stand in a document."""
    documents = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    return {name for document in documents for name in _PLACED.findall(document.read_text())}


def misplaced() -> Iterator[str]:
    """Find pictures that no document shows, and documents that show one which is not there."""
    kept = {path.name for path in PICTURES.glob("*")}
    for name in sorted(kept ^ placed()):
        yield f"docs/pictures/{name} is shown without being there, or is there without being shown"
    for path in sorted(PICTURES.glob("*")):
        if path.stat().st_size > MOST_BYTES:
            yield f"{path.relative_to(ROOT)} has more than {MOST_BYTES} bytes"


def main(taken: Path) -> None:
    """Put what the documents show of the pictures taken in place of the ones before."""
    names = placed()
    missing = sorted(name for name in names if not (taken / name).is_file())
    if missing:
        sys.exit(f"No journey took: {', '.join(missing)}")
    shutil.rmtree(PICTURES, ignore_errors=True)
    PICTURES.mkdir()
    for name in names:
        shutil.copyfile(taken / name, PICTURES / name)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
