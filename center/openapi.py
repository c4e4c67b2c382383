"""``python -m center.openapi``: prints the center's OpenAPI document, without a running center."""

import json
import sys

from center.app import describe


def main() -> None:
    """Write the document to standard output, in an order that stays."""
    json.dump(describe().openapi(), sys.stdout, indent=1, ensure_ascii=False)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
