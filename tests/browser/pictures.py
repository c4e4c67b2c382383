"""The documents' pictures: of what the journeys kept, those that a document shows."""

import re
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "docs" / "pictures"

_PLACED = re.compile(r"pictures/([\w-]+\.webp)")


def placed() -> set[str]:
    """Return the names of the pictures that stand in a document."""
    documents = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    return {name for document in documents for name in _PLACED.findall(document.read_text())}


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
