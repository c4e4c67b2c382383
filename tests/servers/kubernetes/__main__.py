"""``python -m tests.servers.kubernetes`` (``make control-plane``): build the program where it is missing."""

import sys

from tests.servers.kubernetes.program import build

if __name__ == "__main__":
    sys.exit(build())
