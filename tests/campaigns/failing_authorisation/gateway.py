"""``python -m tests.campaigns.failing_authorisation.gateway``: a gateway with failpoints."""

import sys

from tests.campaigns.failing_authorisation import failpoints

if __name__ == "__main__":
    failpoints.install()
    from edge_gateway.gateway.__main__ import main

    sys.exit(main(sys.argv[1:]))
