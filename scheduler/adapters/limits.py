"""What one instance may take of its machine, set in the child before the program starts."""

import os
import resource
from collections.abc import Callable

_MIB = 1 << 20
_LEAST_DATA_MIB = 2048
"""Room for the interpreter, the model runtime and their threads' stacks."""
_HEADROOM = 4
_OPEN_FILES = 1024
_OOM_SCORE = b"500"


def limit_instance(memory_mib: int) -> Callable[[], None]:
    """Make the function that limits a child: memory, open files, no core dump, first to be killed.

    The limit on private memory stops a runaway, it is no reservation: it is four times the demand
    and at least 2 GiB.
    """
    data_bytes = max(_LEAST_DATA_MIB, memory_mib * _HEADROOM) * _MIB

    def limit() -> None:
        # Between fork and exec: system calls only, nothing that might wait for another thread.
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_DATA, (data_bytes, data_bytes))
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        files = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(_OPEN_FILES, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
        descriptor = os.open("/proc/self/oom_score_adj", os.O_WRONLY)
        os.write(descriptor, _OOM_SCORE)
        os.close(descriptor)

    return limit
