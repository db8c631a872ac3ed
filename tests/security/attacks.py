"""What code that took over a worker process may try. Each function runs there, and says how the system answered.

A function returns the name of the error that refused it, or describes what it reached.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import mmap
import os
import resource
import signal
import socket
import stat
import struct
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from cogdoc.documents.confinement.system_calls import this_architecture
from cogdoc.documents.open_request import OpenRequest

MB = 2**20
REACHED = "reached"


def system_call(number: int, *arguments: int | bytes) -> str:
    """The outcome of a system call by its number."""
    libc = ctypes.CDLL(None, use_errno=True)
    ctypes.set_errno(0)
    values = [ctypes.c_long(value) if isinstance(value, int) else value for value in arguments]
    result = libc.syscall(ctypes.c_long(number), *values)
    return errno.errorcode.get(ctypes.get_errno(), "?") if result == -1 else f"{REACHED}: {result}"


def outcome(action: Callable[[], object]) -> str:
    try:
        result = action()
    except MemoryError:
        return "ENOMEM"
    except ValueError:  # how Python reports a refused limit
        return "EPERM"
    except OSError as error:
        return errno.errorcode[error.errno or 0]
    return f"{REACHED}: {result!r}"[:200]


def read(path: str) -> str:
    return outcome(lambda: Path(path).read_bytes()[:40])


def list_folder(path: str) -> str:
    return outcome(lambda: os.listdir(path)[:3])  # noqa: PTH208


def write(path: str) -> str:
    return outcome(lambda: Path(path).write_bytes(b"taken over"))


def append(path: str) -> str:
    return outcome(lambda: os.open(path, os.O_WRONLY | os.O_APPEND))


def empty(path: str) -> str:
    """Truncate a file that can only be read, which Linux does for its owner."""
    return outcome(lambda: os.open(path, os.O_RDONLY | os.O_TRUNC))


def change_name(path: str) -> str:
    changes: dict[str, Callable[[], object]] = {
        "mkdir": lambda: os.mkdir(path + "-new"),  # noqa: PTH102
        "unlink": lambda: os.unlink(path),  # noqa: PTH108
        "rename": lambda: os.rename(path, path + "-new"),  # noqa: PTH104
        "link": lambda: os.link(path, path + "-new"),
        "symlink": lambda: os.symlink(path, path + "-new"),  # noqa: PTH211
        "mkfifo": lambda: os.mkfifo(path + "-new"),
    }
    return _each(changes)


def change_attributes(path: str) -> str:
    changes: dict[str, Callable[[], object]] = {
        "chmod": lambda: os.chmod(path, 0o777),  # noqa: PTH101
        "chown": lambda: os.chown(path, 0, 0),
        "utime": lambda: os.utime(path),
        "truncate": lambda: os.truncate(path, 0),
        "setxattr": lambda: os.setxattr(path, "user.taken", b"over"),
    }
    return _each(changes)


def change_document(request: OpenRequest) -> str:
    """Reach the document's file, or its folder, through the descriptor that was passed."""
    descriptor = request.descriptor
    assert descriptor is not None
    link = f"/proc/self/fd/{descriptor}"
    attempts: dict[str, Callable[[], object]] = {
        "write": lambda: os.write(descriptor, b"x"),
        "reopen": lambda: os.open(link, os.O_RDWR),
        "read again": lambda: os.open(link, os.O_RDONLY),
        "truncate": lambda: os.ftruncate(descriptor, 0),
        "chmod": lambda: os.fchmod(descriptor, 0o777),
        "lock": lambda: fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB),
        "folder": lambda: os.open("..", os.O_RDONLY, dir_fd=descriptor),
        "path": lambda: os.readlink(link),  # noqa: PTH115
    }
    return _each(attempts)


def see_environment() -> str:
    return repr(sorted(os.environ.items()))


def see_request(request: OpenRequest) -> str:
    return repr(request)


def inspect_start() -> str:
    return f"isolated {sys.flags.isolated}, site {'site' in sys.modules}, path {sys.path}"


def open_descriptors() -> list[int]:
    """Descriptors that lead to files, with what may be inherited from the parent."""
    found = []
    for number in range(256):
        try:
            mode = os.fstat(number).st_mode
        except OSError:
            continue
        if stat.S_ISREG(mode) or stat.S_ISDIR(mode):
            found.append(number)
    return found


def reach_parent() -> str:
    parent = os.getppid()
    calls = {"x86_64": (310, 311, 101, 434, 438, 234, 129), "aarch64": (270, 271, 117, 434, 438, 131, 138)}
    vm_read, vm_write, ptrace, pidfd_open, pidfd_getfd, tgkill, queue = calls[os.uname().machine]
    attempts: dict[str, Callable[[], object]] = {
        "memory": lambda: os.open(f"/proc/{parent}/mem", os.O_RDWR),
        "maps": lambda: Path(f"/proc/{parent}/maps").read_bytes(),
        "environment": lambda: Path(f"/proc/{parent}/environ").read_bytes(),
        "descriptors": lambda: os.listdir(f"/proc/{parent}/fd"),  # noqa: PTH208
        "signal 0": lambda: os.kill(parent, 0),
        "stop": lambda: os.kill(parent, signal.SIGCONT),
        "group": lambda: os.killpg(0, 0),
        "limits": lambda: resource.prlimit(parent, resource.RLIMIT_NOFILE, (4, 4)),
        "affinity": lambda: os.sched_setaffinity(parent, {0}),
        "priority": lambda: os.setpriority(os.PRIO_PROCESS, parent, 19),
        "processor time": lambda: time.clock_gettime((~parent << 3) | 2),
        "owner of signals": lambda: fcntl.fcntl(0, fcntl.F_SETOWN, parent),
    }
    by_number = {
        "process_vm_readv": system_call(vm_read, parent, 0, 0, 0, 0, 0),
        "process_vm_writev": system_call(vm_write, parent, 0, 0, 0, 0, 0),
        "ptrace": system_call(ptrace, 16, parent, 0, 0),
        "pidfd_open": system_call(pidfd_open, parent, 0),
        "pidfd_getfd": system_call(pidfd_getfd, 0, 0, 0),
        "tgkill": system_call(tgkill, parent, parent, 0),
        "rt_sigqueueinfo": system_call(queue, parent, 0, 0),
    }
    return _each(attempts) + "".join(f"{name} {result}; " for name, result in by_number.items() if _reached(result))


def start_process(how: str) -> str:
    starts: dict[str, Callable[[], object]] = {
        "fork": os.fork,
        "exec": lambda: os.execv("/bin/true", ["true"]),
        "spawn": lambda: os.posix_spawn("/bin/true", ["true"], {}),
        "exec of itself": lambda: os.execv(sys.executable, ["python"]),
    }
    return outcome(starts[how])


def open_socket(family: int, kind: int) -> str:
    return outcome(lambda: socket.socket(family, kind))


def connect_to(path: str) -> str:
    """Connect with the socket of the channel, which is open already."""
    return outcome(lambda: socket.socket(fileno=os.dup(_channel())).connect(path))


def send_descriptor() -> str:
    """Hand a descriptor to the parent, which might keep it."""
    return outcome(lambda: socket.send_fds(socket.socket(fileno=os.dup(_channel())), [b"x"], [0]))


def _channel() -> int:
    return next(number for number in range(3, 256) if stat.S_ISSOCK(os.fstat(number).st_mode))


def unknown_system_calls() -> list[str]:
    """All system calls that are not allowed and yet do something, of 700 numbers."""
    architecture = this_architecture()
    assert architecture is not None
    known = {*architecture.allowed, *architecture.checked.values()}
    # x86-64 kernels never filter uretprobe and uprobe; outside a probe, both only end the process.
    known |= {335, 336} if os.uname().machine == "x86_64" else set()
    numbers = [number for number in range(700) if number not in known]
    results = {number: system_call(number, 0, 0, 0, 0, 0, 0) for number in numbers}
    return [f"{number}: {result}" for number, result in results.items() if result not in ("EPERM", "ENOSYS")]


def call_as_another_architecture() -> list[str]:
    """System calls under the numbers of x32, and of 32-bit programs."""
    results = [system_call(0x40000000 + number, 0, 0, 0) for number in (0, 1, 2, 39, 56, 57, 59, 62)]
    memory = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC, flags=mmap.MAP_PRIVATE | 0x20)
    memory.write(b"\xb8\x14\x00\x00\x00\xcd\x80\xc3")  # mov eax, 20 (getpid); int 0x80; ret
    function = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(memory)))
    returned = function()
    results.append(errno.errorcode[-returned] if returned < 0 else f"{REACHED}: {returned}")
    return [result for result in results if result not in ("EPERM", "ENOSYS")]


def take_memory(how: str, size: int) -> str:
    """Take `size` bytes in a way that may escape the memory limit; the outcome, if this process still lives."""
    ways: dict[str, Callable[[], object]] = {
        "allocated": lambda: bytearray(size),
        "shared and anonymous": lambda: _touch(mmap.mmap(-1, size)),
        "of a memory file": lambda: os.ftruncate(os.memfd_create("x"), size),
        "of shared memory": lambda: os.open("/dev/shm/x", os.O_CREAT | os.O_RDWR),
        "of the zero device": lambda: os.open("/dev/zero", os.O_RDWR),
        "of System V": lambda: _raise(system_call({"x86_64": 29}.get(os.uname().machine, 194), 0, size, 0o1600)),
        "that grows down": lambda: mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x100),
        "on the stack": lambda: resource.setrlimit(resource.RLIMIT_STACK, (size, size)),
        "in pipes": os.pipe,
        "in sockets": socket.socketpair,
        "locked": lambda: _raise(system_call({"x86_64": 151}.get(os.uname().machine, 230), 1)),
        "with raised limits": lambda: resource.setrlimit(resource.RLIMIT_DATA, (2 * size, 2 * size)),
        "made read-only": lambda: _hoard_read_only(size),
    }
    return outcome(ways[how])


def _hoard_read_only(size: int) -> str:
    """Write pages, then make them read-only, so that they no longer count as data."""
    libc = ctypes.CDLL(None, use_errno=True)
    hoard = []
    for _ in range(0, size, 64 * MB):
        chunk = mmap.mmap(-1, 64 * MB, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        _touch(chunk)
        address = ctypes.addressof(ctypes.c_char.from_buffer(chunk))
        if libc.mprotect(ctypes.c_void_p(address), ctypes.c_size_t(64 * MB), mmap.PROT_READ):
            raise OSError(ctypes.get_errno(), "")
        hoard.append(chunk)
    return f"{len(hoard) * 64} MB"


def _touch(memory: mmap.mmap) -> None:
    for offset in range(0, len(memory), 4096):
        memory[offset] = 1


def _raise(result: str) -> None:
    if not _reached(result):
        raise OSError(getattr(errno, result), "")


def leave_thread_behind(size: int) -> int:
    """Return, and go on using the processor and memory from a thread."""

    def go_on() -> None:
        _hoard_read_only(size)
        while True:
            pass

    threading.Thread(target=go_on, daemon=True).start()
    return os.getpid()


def start_threads(count: int) -> int:
    threading.stack_size(32768)
    wait = threading.Event().wait
    for _ in range(count):
        threading.Thread(target=wait, daemon=True).start()
    wait(30)
    return count


def end_main_thread(size: int) -> int:
    """Take memory after the end of the main thread, for which Linux then tells none."""

    def go_on() -> None:
        time.sleep(0.5)
        _hoard_read_only(size)
        time.sleep(30)

    threading.Thread(target=go_on, daemon=True).start()
    system_call({"x86_64": 60}.get(os.uname().machine, 93), 0)
    return 0


def answer_next_call(message: bytes) -> int:
    """Return, then write a reply to the channel that the next call might take for its own."""

    def reply() -> None:
        for number in range(256):
            try:
                if stat.S_ISFIFO(os.fstat(number).st_mode):
                    os.write(number, message)
            except OSError:
                continue

    threading.Timer(0.2, reply).start()
    return 0


def take_over(_request: OpenRequest) -> int:
    """Stay in the process: falsify the page sizes of all documents that it opens from now on."""
    from cogdoc.documents import opening

    class Falsified:
        page_count = 1

        def size(self, _index: int) -> tuple[float, float]:
            return 12345.0, 12345.0

    opening.open_document = lambda _: Falsified()  # type: ignore[assignment,return-value]
    return os.getpid()


def process_id() -> int:
    return os.getpid()


def pack_reply(call_id: bytes, body: bytes) -> bytes:
    return call_id + struct.pack("<BQ", 1, len(body)) + body


def _each(attempts: dict[str, Callable[[], object]]) -> str:
    """The attempts that succeeded; empty if all were refused."""
    results = {name: outcome(attempt) for name, attempt in attempts.items()}
    return "".join(f"{name} {result}; " for name, result in results.items() if _reached(result))


def _reached(result: str) -> bool:
    return result.startswith(REACHED)
