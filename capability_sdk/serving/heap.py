"""What a large request took goes back to the system when it is done.

glibc maps blocks above 128 KB each for itself, but raises that bound to the largest block that was
freed, up to 32 MB: after some bodies of 15 MB its heap kept 170 MB. A fixed bound leaves 80 MB.
"""

import ctypes

_M_MMAP_THRESHOLD = -3  # malloc.h
_LARGE_BYTES = 4 << 20


def return_large_blocks() -> None:
    """Give every large block a mapping of its own, where the C library lets us choose."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)
