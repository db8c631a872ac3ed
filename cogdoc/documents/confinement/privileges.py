"""Gives up what a process could do to others: capabilities, privileges gained by execution, and being inspected."""

from __future__ import annotations

import ctypes
import signal
import struct
import sys

# From <sys/prctl.h> and <linux/capability.h>.
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS = 1, 4, 38
PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 47, 4
CAPABILITY_VERSION_3 = 0x20080522


def hide_memory() -> None:
    """Refuse other processes of the same user the memory, environment and descriptors of this one; also core dumps."""
    if sys.platform == "linux":
        _prctl(PR_SET_DUMPABLE, 0)


def end_with_parent() -> None:
    """Have the kernel kill this process when the thread that started it ends, even in the middle of native code."""
    if sys.platform == "linux":
        _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def drop_privileges() -> None:
    """Drop all capabilities, for good: programs that this process executes cannot gain any either."""
    if sys.platform != "linux":
        return
    _prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)
    # struct __user_cap_header_struct (this process), and two empty struct __user_cap_data_struct.
    ctypes.CDLL(None, use_errno=True).capset(struct.pack("@Ii", CAPABILITY_VERSION_3, 0), bytes(24))
    _prctl(PR_SET_NO_NEW_PRIVS, 1)


def _prctl(option: int, argument: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(option, *map(ctypes.c_ulong, (argument, 0, 0, 0)))
