"""Allows the system calls that reading documents needs, and refuses all others, with a seccomp(2) filter on Linux.

No other program or process can be started, signalled, inspected or slowed down; there are no sockets, namespaces,
keyrings, and no memory that the memory limit does not count. The filter applies to all threads that are started later,
and cannot be removed.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain

ARCHITECTURES = ("x86_64", "aarch64")
AUDIT_NAMES = (0xC000003E, 0xC00000B7)
"""Each architecture in `seccomp_data.arch`, from <linux/audit.h>."""

ALLOWED: dict[str, tuple[int, int | None]] = {
    # files
    "read": (0, 63),
    "readv": (19, 65),
    "pread64": (17, 67),
    "preadv": (295, 69),
    "write": (1, 64),
    "writev": (20, 66),
    "lseek": (8, 62),
    "close": (3, 57),
    "dup": (32, 23),
    "dup2": (33, None),
    "dup3": (292, 24),
    "fstat": (5, 80),
    "newfstatat": (262, 79),
    "stat": (4, None),
    "lstat": (6, None),
    "statx": (332, 291),
    "statfs": (137, 43),
    "fstatfs": (138, 44),
    "access": (21, None),
    "faccessat": (269, 48),
    "faccessat2": (439, 439),
    "getdents64": (217, 61),
    "getcwd": (79, 17),
    "fadvise64": (221, 223),
    # requests of the parent
    "recvmsg": (47, 212),
    "poll": (7, None),
    "ppoll": (271, 73),
    "select": (23, None),
    "pselect6": (270, 72),
    # memory
    "brk": (12, 214),
    "mprotect": (10, 226),
    "mremap": (25, 216),
    "munmap": (11, 215),
    "madvise": (28, 233),
    # threads of this process
    "futex": (202, 98),
    "set_robust_list": (273, 99),
    "set_tid_address": (218, 96),
    "rseq": (334, 293),
    "arch_prctl": (158, None),
    "sched_yield": (24, 124),
    "sched_getaffinity": (204, 123),
    "sched_getparam": (143, 121),
    "sched_getscheduler": (145, 120),
    "sched_get_priority_max": (146, 125),
    "sched_get_priority_min": (147, 126),
    "getcpu": (309, 168),
    "exit": (60, 93),
    "exit_group": (231, 94),
    # handling of signals
    "rt_sigaction": (13, 134),
    "rt_sigpending": (127, 136),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "rt_sigsuspend": (130, 133),
    "sigaltstack": (131, 132),
    "restart_syscall": (219, 128),
    # time
    "gettimeofday": (96, 169),
    "nanosleep": (35, 101),
    "time": (201, None),
    "times": (100, 153),
    # facts about this process and machine
    "getegid": (108, 177),
    "geteuid": (107, 175),
    "getgid": (104, 176),
    "getuid": (102, 174),
    "getpid": (39, 172),
    "getppid": (110, 173),
    "gettid": (186, 178),
    "getrandom": (318, 278),
    "getrlimit": (97, 163),
    "getrusage": (98, 165),
    "sysinfo": (99, 179),
    "uname": (63, 160),
}
"""Numbers on x86_64 and aarch64, from the kernel's <asm/unistd.h>; None where an architecture lacks the call.

Not readlink: through /proc/self/fd it tells the paths of documents.
"""

CHECKED: dict[str, tuple[int, int | None]] = {
    "open": (2, None),
    "openat": (257, 56),
    "clock_getres": (229, 114),
    "clock_gettime": (228, 113),
    "clock_nanosleep": (230, 115),
    "clone": (56, 220),
    "fcntl": (72, 25),
    "ioctl": (16, 29),
    "mmap": (9, 222),
    "prctl": (157, 167),
    "prlimit64": (302, 261),
    "tgkill": (234, 131),
}
"""Calls that are allowed with some arguments only."""

CLONE3 = 435
LAST_CALL = 469
"""The last number when this table was written. Later calls get ENOSYS, as from an old kernel: libraries do without."""

X32_CALLS = 0x40000000
"""From this number on, x86-64 repeats its system calls for programs with 32-bit pointers."""

CLONE_THREAD = 0x00010000
CLONE_NEW = 0x7E020080
"""All CLONE_NEW* flags: namespaces."""

CHANGES_FILES = 0o1 | 0o2 | 0o100 | 0o1000 | 0o20000000
"""O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, and the bit that sets O_TMPFILE apart."""

DESCRIPTOR_COMMANDS = (0, 1, 2, 3, 4, 1030)
"""F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_DUPFD_CLOEXEC. F_SETOWN, among others, could send signals."""

TERMINAL_QUESTIONS = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)
"""TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX. TIOCSTI, among others, could type into a terminal."""

PROCESS_OPTIONS = (15, 16, 0x53564D41)
"""PR_SET_NAME, PR_GET_NAME, PR_SET_VMA, for names of threads and of memory."""

MAP_SHARED_ANONYMOUS = 0x01 | 0x20
MAP_GROWSDOWN, MAP_HUGETLB = 0x100, 0x40000
"""Memory of these kinds escapes RLIMIT_DATA."""

OTHER_CLOCK = 0x80000000
"""The sign bit: the processor time of a process, which need not be this one, or the clock of a device."""

RLIMIT_CPU = 0
PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 22, 2
ALLOW = 0x7FFF0000
REFUSE = 0x00050000
"""SECCOMP_RET_ERRNO; the lower 16 bits hold the error number."""

# Offsets in `struct seccomp_data`, <linux/seccomp.h>. An argument has eight bytes; the lower half comes first.
NUMBER, ARCHITECTURE, ARGUMENTS = 0, 4, 16

# Instructions of the classic Berkeley packet filter, <linux/bpf_common.h>.
LOAD, AND, RETURN = 0x20, 0x54, 0x06
IF_EQUAL, IF_ABOVE, IF_AT_LEAST, IF_ANY_BIT = 0x15, 0x25, 0x35, 0x45

Program = tuple[bytes, ...]
"""Instructions of eight bytes (`struct sock_filter`: code, jumps if true and if false, operand)."""


@dataclass(frozen=True, slots=True)
class Architecture:
    """A processor architecture and its system call numbers."""

    audit: int
    allowed: tuple[int, ...]
    checked: dict[str, int]


def this_architecture() -> Architecture | None:
    """The architecture of this process; None if cogdoc has no filter for it."""
    machine = platform.machine()
    if sys.platform != "linux" or machine not in ARCHITECTURES or struct.calcsize("P") != 8:
        return None
    index = ARCHITECTURES.index(machine)
    return Architecture(AUDIT_NAMES[index], tuple(_numbers(ALLOWED, index).values()), _numbers(CHECKED, index))


def _numbers(calls: Mapping[str, tuple[int, int | None]], index: int) -> dict[str, int]:
    return {name: number for name, numbers in calls.items() if (number := numbers[index]) is not None}


def refuse_other_system_calls() -> None:
    """Refuse all system calls that reading documents does not need. The process must have set no_new_privs."""
    architecture = this_architecture()
    if architecture is None:
        return
    program = b"".join(filter_program(architecture, os.getpid()))
    code = ctypes.create_string_buffer(program, len(program))
    # struct sock_fprog: the number of instructions and their address.
    pointer = struct.pack("@HP", len(program) // 8, ctypes.addressof(code))
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, pointer, 0, 0)


def filter_program(architecture: Architecture, process: int) -> Program:
    """The filter for the process with this id."""
    checks: dict[str, Program] = {
        "open": _refuse_if_bit(1, CHANGES_FILES),
        "openat": _refuse_if_bit(2, CHANGES_FILES),
        **dict.fromkeys(("clock_getres", "clock_gettime", "clock_nanosleep"), _refuse_if_bit(0, OTHER_CLOCK)),
        "clone": (*_refuse_unless_bit(0, CLONE_THREAD), *_refuse_if_bit(0, CLONE_NEW)),
        "fcntl": _refuse_unless_in(1, DESCRIPTOR_COMMANDS),
        "ioctl": _refuse_unless_in(1, TERMINAL_QUESTIONS),
        "mmap": (
            *_refuse_if_bit(3, MAP_GROWSDOWN | MAP_HUGETLB),
            _instruction(LOAD, _lower(3)),
            _instruction(AND, MAP_SHARED_ANONYMOUS),
            *_refuse_if(IF_EQUAL, MAP_SHARED_ANONYMOUS),
        ),
        "prctl": _refuse_unless_in(0, PROCESS_OPTIONS),
        # A process may read its limits, and change that of its processor time, which each call extends.
        "prlimit64": (
            *_refuse_unless_in(0, (0,)),
            _instruction(LOAD, _lower(1)),
            *_return_if(IF_EQUAL, RLIMIT_CPU, ALLOW),
            *_refuse_unless_in(2, (0,)),
            _instruction(LOAD, _lower(2) + 4),
            *_refuse_if(IF_ABOVE, 0),
        ),
        # `abort` signals its own process.
        "tgkill": _refuse_unless_in(0, (process,)),
    }
    return (
        _instruction(LOAD, ARCHITECTURE),
        _instruction(IF_EQUAL, architecture.audit, 1, 0),
        _instruction(RETURN, REFUSE | errno.EPERM),
        _instruction(LOAD, NUMBER),
        *_refuse_if(IF_AT_LEAST, X32_CALLS),
        *chain.from_iterable(_return_if(IF_EQUAL, number, ALLOW) for number in architecture.allowed),
        *chain.from_iterable(_call(number, checks[name]) for name, number in architecture.checked.items()),
        # A filter cannot see the flags of clone3. Without it, the C library falls back to clone.
        *_refuse_if(IF_EQUAL, CLONE3, errno.ENOSYS),
        *_refuse_if(IF_ABOVE, LAST_CALL, errno.ENOSYS),
        _instruction(RETURN, REFUSE | errno.EPERM),
    )


def _call(number: int, check: Program) -> Program:
    """Allow a call whose arguments pass the check; the check may change what is loaded, so it must return."""
    return _instruction(IF_EQUAL, number, 0, len(check) + 1), *check, _instruction(RETURN, ALLOW)


def _refuse_if_bit(argument: int, mask: int) -> Program:
    return _instruction(LOAD, _lower(argument)), *_refuse_if(IF_ANY_BIT, mask)


def _refuse_unless_bit(argument: int, mask: int) -> Program:
    return (
        _instruction(LOAD, _lower(argument)),
        _instruction(IF_ANY_BIT, mask, 1, 0),
        _instruction(RETURN, REFUSE | errno.EPERM),
    )


def _refuse_unless_in(argument: int, values: Iterable[int]) -> Program:
    accepted = tuple(values)
    jumps = (_instruction(IF_EQUAL, value, len(accepted) - index, 0) for index, value in enumerate(accepted))
    return _instruction(LOAD, _lower(argument)), *jumps, _instruction(RETURN, REFUSE | errno.EPERM)


def _refuse_if(code: int, operand: int, error: int = errno.EPERM) -> Program:
    return _return_if(code, operand, REFUSE | error)


def _return_if(code: int, operand: int, result: int) -> Program:
    return _instruction(code, operand, 0, 1), _instruction(RETURN, result)


def _lower(argument: int) -> int:
    """The offset of an argument's lower half: the kernel takes these arguments as 32-bit integers."""
    return ARGUMENTS + 8 * argument


def _instruction(code: int, operand: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("@HBBI", code, if_true, if_false, operand)
