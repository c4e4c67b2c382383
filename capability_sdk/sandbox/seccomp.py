"""A filter of system calls (seccomp) for code that computes: what it never needs fails with EPERM.

Namespaces hide files, processes and networks; the filter takes away the calls that reach around them
(other socket families, keyrings, tracing) or open much of the kernel to attack (bpf, io_uring).
Classic BPF as in the kernel's ``Documentation/userspace-api/seccomp_filter.rst``.
"""

import errno
import platform
import struct

_LOAD, _EQUALS, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16
_ALLOW, _KILL, _REFUSE = 0x7FFF0000, 0x80000000, 0x00050000 | errno.EPERM
_AF_UNIX = 1

_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_FOREIGN_ABI = 0x40000000
"""Calls of x86_64 from here on are those of the x32 ABI, numbered anew."""
_SOCKET = {"x86_64": 41, "aarch64": 198}
_REFUSED = {
    # ptrace, process_vm_readv/writev, kcmp, pidfd_getfd, add_key, request_key, keyctl, bpf,
    # perf_event_open, userfaultfd, io_uring_setup, unshare, setns, mount, umount2, pivot_root, chroot,
    # open_by_handle_at, fsopen, fsmount, move_mount, open_tree, kexec_load, init_module, finit_module.
    "x86_64": (
        *(101, 310, 311, 312, 438, 248, 249, 250, 321, 298, 323, 425, 272, 308, 165, 166, 155, 161),
        *(304, 430, 432, 429, 428, 246, 175, 313),
    ),
    "aarch64": (
        *(117, 270, 271, 272, 438, 217, 218, 219, 280, 241, 282, 425, 97, 268, 40, 39, 41, 51),
        *(265, 430, 432, 429, 428, 104, 105, 273),
    ),
}


def filter_program() -> bytes | None:
    """Return the filter for this machine; None where its calls are not known here."""
    machine = platform.machine()
    if machine not in _ARCHITECTURES:
        return None
    refused = _REFUSED[machine]
    jumps = [_step(_EQUALS, number, is_true=len(refused) - at) for at, number in enumerate(refused)]
    return b"".join(
        [
            _step(_LOAD, _ARCHITECTURE),
            _step(_EQUALS, _ARCHITECTURES[machine], is_true=1),
            _step(_RETURN, _KILL),
            _step(_LOAD, _NUMBER),
            _step(_EQUALS, _SOCKET[machine], is_true=len(jumps) + 3),
            _step(_AT_LEAST, _FOREIGN_ABI, is_true=len(jumps) + 1),
            *jumps,
            _step(_RETURN, _ALLOW),
            _step(_RETURN, _REFUSE),
            _step(_LOAD, _FIRST_ARGUMENT),
            _step(_EQUALS, _AF_UNIX, is_false=1),
            _step(_RETURN, _ALLOW),
            _step(_RETURN, _REFUSE),
        ]
    )


def _step(code: int, value: int, *, is_true: int = 0, is_false: int = 0) -> bytes:
    """Encode one instruction; the jumps say how many of the next to leave out."""
    return struct.pack("<HBBI", code, is_true, is_false, value)
