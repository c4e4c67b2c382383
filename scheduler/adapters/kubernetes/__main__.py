"""``python -m scheduler.adapters.kubernetes --kubeconfig F --namespace N``: can a cluster be used?"""

import argparse
import asyncio
import sys
from pathlib import Path

from scheduler.adapters.kubernetes.check import check_cluster
from scheduler.errors import ClusterUnusable


def main() -> int:
    """Return 0 where it can; otherwise 3, with the reason and what to do on standard error."""
    parser = argparse.ArgumentParser(prog="python -m scheduler.adapters.kubernetes")
    parser.add_argument("--kubeconfig", type=Path, required=True)
    parser.add_argument("--namespace", required=True)
    arguments = parser.parse_args()
    try:
        asyncio.run(check_cluster(arguments.kubeconfig, arguments.namespace))
    except ClusterUnusable as error:
        sys.stderr.write(f"{error}\n")
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
