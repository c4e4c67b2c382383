"""``python -m capability_sdk.worker DESCRIPTOR``: loads a package's code and answers its engine."""

import os
import socket
import sys
from pathlib import Path

from capability_sdk.worker.service import serve

PACKAGE = Path("/package")
"""Where the sandbox shows ``code/`` and ``model/`` of the package."""


def main() -> None:
    """Answer until the engine closes the channel."""
    channel = socket.socket(fileno=int(sys.argv[1]))
    sys.path.insert(0, str(PACKAGE / "code"))
    # What the code prints must not fail once it has printed much.
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        sys.stdout = sys.stderr = nowhere
        serve(channel, PACKAGE)


if __name__ == "__main__":
    main()
