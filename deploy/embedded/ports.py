"""Which ports a platform listens on: the wanted ones, or free ones where those are taken."""

import socket
from dataclasses import dataclass, field

CENTER_OFFSET = 0
GATEWAY_OFFSET = 1
SCHEDULER_OFFSET = 51
PROVING_NUMBER = 40
"""Number of the proving edge, far behind those of provinces."""


def is_free(port: int) -> bool:
    """Tell whether a loopback port can be listened on now."""
    with socket.socket() as probe:
        # As the servers do, so that a port in TIME_WAIT after a restart counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


@dataclass(slots=True)
class PortPicker:
    """Hands out ports, none of them twice."""

    _given: set[int] = field(default_factory=set)

    def pick(self, wanted: int) -> int:
        """Return the wanted port, or a free one where it is taken."""
        port = wanted
        while port in self._given or not is_free(port):
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port = probe.getsockname()[1]
        self._given.add(port)
        return port
