"""What the kernel is asked to refuse to a child on Linux: the network, other programs, other processes' memory.

A filter of system calls (seccomp(2)) is the means that needs no privileges and works inside of containers, where
namespaces of one's own are often forbidden. It holds for all threads that are started later, and cannot be lifted.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct
import sys
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Machine:
    """Numbers of one processor's system calls, from the kernel's <asm/unistd.h> and <linux/audit.h>."""

    audit: int
    """How the kernel names the processor in `seccomp_data.arch`."""
    clone: int
    refused: tuple[int, ...]


CLONE3 = 435
IO_URING_SETUP = 425
"""Refused because what is asked for through a ring passes no filter."""

MACHINES = {
    # socket, socketpair, connect, fork, vfork, execve, execveat, ptrace, process_vm_readv, process_vm_writev
    "x86_64": Machine(0xC000003E, 56, (41, 53, 42, 57, 58, 59, 322, 101, 310, 311, IO_URING_SETUP)),
    # the same, without fork and vfork, which are clone there
    "aarch64": Machine(0xC00000B7, 220, (198, 199, 203, 221, 281, 117, 270, 271, IO_URING_SETUP)),
}

X32_CALLS = 0x40000000
"""From here on stand x86-64's calls once more, for programs of 32-bit pointers."""

CLONE_THREAD = 0x00010000
PR_SET_NO_NEW_PRIVS = 38
PR_SET_SECCOMP = 22
SECCOMP_MODE_FILTER = 2
ALLOW = 0x7FFF0000
REFUSE = 0x00050000
"""SECCOMP_RET_ERRNO; the error's number stands in the lower half."""

# Offsets in `struct seccomp_data`, <linux/seccomp.h>.
NUMBER, ARCHITECTURE, FIRST_ARGUMENT = 0, 4, 16

# Instructions of the classic Berkeley packet filter, <linux/bpf_common.h>.
LOAD, RETURN = 0x20, 0x06
IF_EQUAL, IF_AT_LEAST, IF_ANY_BIT = 0x15, 0x35, 0x45


def refuse_system_calls() -> bool:
    """Have this process refused what reads no documents; False where the system cannot."""
    machine = MACHINES.get(platform.machine())
    if sys.platform != "linux" or machine is None:
        return False
    program = filter_program(machine)
    code = ctypes.create_string_buffer(program, len(program))
    # struct sock_fprog: how many instructions, and where they are.
    pointer = struct.pack("@HP", len(program) // 8, ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)
    return not libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) and not libc.prctl(
        PR_SET_SECCOMP, SECCOMP_MODE_FILTER, pointer, 0, 0
    )


def filter_program(machine: Machine) -> bytes:
    """The filter: instructions of eight bytes (`struct sock_filter`: code, jumps if true and if false, operand)."""

    def step(code: int, operand: int, if_true: int = 0, if_false: int = 0) -> bytes:
        return struct.pack("@HBBI", code, if_true, if_false, operand)

    def refuse_if(code: int, operand: int, error: int = errno.EPERM) -> bytes:
        return step(code, operand, 0, 1) + step(RETURN, REFUSE | error)

    return b"".join(
        [
            step(LOAD, ARCHITECTURE),
            step(IF_EQUAL, machine.audit, 1, 0),
            step(RETURN, REFUSE | errno.EPERM),
            step(LOAD, NUMBER),
            refuse_if(IF_AT_LEAST, X32_CALLS),
            *(refuse_if(IF_EQUAL, call) for call in machine.refused),
            # What clone3 is to do cannot be seen from here; the C library then takes clone.
            refuse_if(IF_EQUAL, CLONE3, errno.ENOSYS),
            # A new thread is welcome, a new process is not.
            step(IF_EQUAL, machine.clone, 1, 0),
            step(RETURN, ALLOW),
            step(LOAD, FIRST_ARGUMENT),
            step(IF_ANY_BIT, CLONE_THREAD, 1, 0),
            step(RETURN, REFUSE | errno.EPERM),
            step(RETURN, ALLOW),
        ]
    )
