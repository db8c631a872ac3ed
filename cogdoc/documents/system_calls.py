"""Refuses system calls of a worker process on Linux: the network, other programs, other processes' memory.

A seccomp(2) filter needs no privileges and works inside containers, which often forbid namespaces. It applies to all
threads that are started later, and cannot be removed.
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
    """System call numbers of a processor architecture, from the kernel's <asm/unistd.h> and <linux/audit.h>."""

    audit: int
    """The architecture in `seccomp_data.arch`."""
    clone: int
    refused: tuple[int, ...]


CLONE3 = 435
IO_URING_SETUP = 425
"""Refused because system calls that are submitted through a ring bypass the filter."""

MACHINES = {
    # socket, socketpair, connect, fork, vfork, execve, execveat, ptrace, process_vm_readv, process_vm_writev
    "x86_64": Machine(0xC000003E, 56, (41, 53, 42, 57, 58, 59, 322, 101, 310, 311, IO_URING_SETUP)),
    # The same without fork and vfork, which aarch64 does not have: it uses clone.
    "aarch64": Machine(0xC00000B7, 220, (198, 199, 203, 221, 281, 117, 270, 271, IO_URING_SETUP)),
}

X32_CALLS = 0x40000000
"""From this number on, x86-64 repeats its system calls for programs with 32-bit pointers."""

CLONE_THREAD = 0x00010000
PR_SET_NO_NEW_PRIVS = 38
PR_SET_SECCOMP = 22
SECCOMP_MODE_FILTER = 2
ALLOW = 0x7FFF0000
REFUSE = 0x00050000
"""SECCOMP_RET_ERRNO; the lower 16 bits hold the error number."""

# Offsets in `struct seccomp_data`, <linux/seccomp.h>.
NUMBER, ARCHITECTURE, FIRST_ARGUMENT = 0, 4, 16

# Instructions of the classic Berkeley packet filter, <linux/bpf_common.h>.
LOAD, RETURN = 0x20, 0x06
IF_EQUAL, IF_AT_LEAST, IF_ANY_BIT = 0x15, 0x35, 0x45


def refuse_system_calls() -> bool:
    """Refuse system calls that reading documents does not need; False if the system does not support it."""
    machine = MACHINES.get(platform.machine())
    if sys.platform != "linux" or machine is None:
        return False
    program = filter_program(machine)
    code = ctypes.create_string_buffer(program, len(program))
    # struct sock_fprog: the number of instructions and their address.
    pointer = struct.pack("@HP", len(program) // 8, ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)
    return not libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) and not libc.prctl(
        PR_SET_SECCOMP, SECCOMP_MODE_FILTER, pointer, 0, 0
    )


def filter_program(machine: Machine) -> bytes:
    """The filter: instructions of eight bytes (`struct sock_filter`: code, jumps if true and if false, operand)."""

    def instruction(code: int, operand: int, if_true: int = 0, if_false: int = 0) -> bytes:
        return struct.pack("@HBBI", code, if_true, if_false, operand)

    def refuse_if(code: int, operand: int, error: int = errno.EPERM) -> bytes:
        return instruction(code, operand, 0, 1) + instruction(RETURN, REFUSE | error)

    return b"".join(
        [
            instruction(LOAD, ARCHITECTURE),
            instruction(IF_EQUAL, machine.audit, 1, 0),
            instruction(RETURN, REFUSE | errno.EPERM),
            instruction(LOAD, NUMBER),
            refuse_if(IF_AT_LEAST, X32_CALLS),
            *(refuse_if(IF_EQUAL, call) for call in machine.refused),
            # A filter cannot see the flags of clone3. Without it, the C library falls back to clone.
            refuse_if(IF_EQUAL, CLONE3, errno.ENOSYS),
            # clone may start threads, but no processes.
            instruction(IF_EQUAL, machine.clone, 1, 0),
            instruction(RETURN, ALLOW),
            instruction(LOAD, FIRST_ARGUMENT),
            instruction(IF_ANY_BIT, CLONE_THREAD, 1, 0),
            instruction(RETURN, REFUSE | errno.EPERM),
            instruction(RETURN, ALLOW),
        ]
    )
