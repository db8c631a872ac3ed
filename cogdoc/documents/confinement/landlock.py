"""Restricts which files a process can reach, with Linux's Landlock (https://docs.kernel.org/userspace-api/landlock.html).

Nothing can be written, created, removed or executed, and only the given files and folders can be read. Descriptors that
are already open stay usable: the parent passes each document as one. Landlock also refuses TCP, and, since version 6,
signals to other processes and abstract Unix sockets. Memory and descriptors of processes outside are out of reach.
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct
import sys
from collections.abc import Iterable

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
"""System call numbers, the same on every architecture."""

GET_VERSION = 1
RULE_PATH_BENEATH = 1

READ_FILE, READ_DIR = 1 << 2, 1 << 3
"""Access rights to files, from <linux/landlock.h>; other bits are rights to execute and to change files."""

FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 5: 16}
"""The number of rights to files that a version of Landlock has, from the version on that is the key."""

NETWORK_VERSION, SCOPE_VERSION = 4, 6
TCP_RIGHTS = 0b11
"""To bind and to connect."""
SCOPES = 0b11
"""Abstract Unix sockets and signals."""


def landlock_version() -> int:
    """The kernel's version of Landlock; 0 if it has none, or has it switched off."""
    return max(0, _system_call(CREATE_RULESET, None, 0, GET_VERSION)) if sys.platform == "linux" else 0


def restrict_files(readable: Iterable[str]) -> None:
    """Refuse all files but these, for the calling thread and the threads that it starts later.

    Args:
        readable: files, and folders with all that is below them; those that do not exist are skipped.
    """
    version = landlock_version()
    if not version:
        return
    rights = (1 << max(count for since, count in FILE_RIGHTS.items() if since <= version)) - 1
    network = TCP_RIGHTS if version >= NETWORK_VERSION else 0
    scopes = SCOPES if version >= SCOPE_VERSION else 0
    # struct landlock_ruleset_attr; older kernels accept the longer structure as long as its new fields are zero.
    attributes = struct.pack("@QQQ", rights, network, scopes)
    ruleset = _system_call(CREATE_RULESET, attributes, len(attributes), 0)
    if ruleset < 0:
        return
    try:
        for path in readable:
            _allow_reading(ruleset, path)
        _system_call(RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)


def _allow_reading(ruleset: int, path: str) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        rights = READ_FILE | READ_DIR if stat.S_ISDIR(os.fstat(descriptor).st_mode) else READ_FILE
        # struct landlock_path_beneath_attr is packed.
        _system_call(ADD_RULE, ruleset, RULE_PATH_BENEATH, struct.pack("=Qi", rights, descriptor), 0)
    finally:
        os.close(descriptor)


def _system_call(number: int, *arguments: int | bytes | None) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    converted = [ctypes.c_long(value) if isinstance(value, int) else value for value in arguments]
    return int(libc.syscall(ctypes.c_long(number), *converted))
