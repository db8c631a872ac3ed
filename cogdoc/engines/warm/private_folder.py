"""The folder of the sockets: only this user can reach it, which is checked each time it is opened."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from cogdoc.errors import OutputError

SUFFIX = ".sock"
FOLDER_MODE = 0o700
SOCKET_MODE = 0o600
_FLAGS = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)


@dataclass(frozen=True, slots=True)
class PrivateFolder:
    """An open folder. Files are named relative to its descriptor, so that nobody can exchange it in between."""

    path: Path
    descriptor: int

    def address(self, name: str) -> str:
        """Where a socket in the folder is bound or connected to; short enough for any folder."""
        return f"/proc/self/fd/{self.descriptor}/{name}"

    def sockets(self) -> list[str]:
        """The names of the sockets of this user, in order; other files are left alone."""
        names = sorted(name for name in os.listdir(self.descriptor) if name.endswith(SUFFIX))  # noqa: PTH208
        return [name for name in names if self._is_own_socket(name)]

    def remove(self, name: str) -> None:
        """Remove a socket, if it is there."""
        if self._is_own_socket(name):
            os.unlink(name, dir_fd=self.descriptor)

    def _is_own_socket(self, name: str) -> bool:
        try:
            found = os.stat(name, dir_fd=self.descriptor, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return stat.S_ISSOCK(found.st_mode) and found.st_uid == os.geteuid()


def is_supported() -> bool:
    """Whether models can be lent here: who is at the other end of a socket can be told on Linux only."""
    return sys.platform == "linux"


def folder_paths() -> list[Path]:
    """Where the folder is: in the user's own folder of this login, if there is one, and nowhere else then."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    with suppress(OSError):
        if runtime.startswith("/") and os.stat(runtime).st_uid == os.geteuid():  # noqa: PTH116
            return [Path(runtime) / "cogdoc"]
    return [Path(f"/tmp/cogdoc-{os.geteuid()}")]


@contextmanager
def created_folder() -> Iterator[PrivateFolder]:
    """The first folder that can be used, created if there is none.

    Raises:
        OutputError: none can be used; the message says why.
    """
    problem = "there is no place for it"
    for path in folder_paths():
        try:
            path.mkdir(mode=FOLDER_MODE, exist_ok=True)
            descriptor = _open(path)
        except OSError as error:
            problem = f"{path}: {error.strerror}"
            continue
        try:
            yield PrivateFolder(path, descriptor)
        finally:
            os.close(descriptor)
        return
    raise OutputError(f"no private folder for the socket: {problem}")


@contextmanager
def open_folder(path: Path) -> Iterator[PrivateFolder]:
    """A folder that exists.

    Raises:
        OSError: it does not exist, or cannot be used.
    """
    descriptor = _open(path)
    try:
        yield PrivateFolder(path, descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def existing_folders() -> Iterator[tuple[list[PrivateFolder], list[str]]]:
    """All folders that exist and can be used, and why others cannot."""
    folders: list[PrivateFolder] = []
    problems: list[str] = []
    try:
        for path in folder_paths():
            try:
                folders.append(PrivateFolder(path, _open(path)))
            except FileNotFoundError:
                continue
            except OSError as error:
                problems.append(f"{path}: {error.strerror}")
        yield folders, problems
    finally:
        for folder in folders:
            os.close(folder.descriptor)


def may_have_servers() -> bool:
    """Whether there is a socket, or a folder that cannot be used: takes no time and no imports where there is none."""
    if not is_supported():
        return False
    with existing_folders() as (folders, problems):
        try:
            return bool(problems) or any(folder.sockets() for folder in folders)
        except OSError:
            return True  # whoever looks closer says why


def _open(path: Path) -> int:
    """
    Raises:
        OSError: it is no folder, a link, or another user owns it or can reach into it.
    """
    descriptor = os.open(path, _FLAGS)
    found = os.fstat(descriptor)
    problem = None
    if found.st_uid != os.geteuid():
        problem = "belongs to another user"
    elif stat.S_IMODE(found.st_mode) & 0o077:
        problem = "other users can reach into it"
    if problem is not None:
        os.close(descriptor)
        raise PermissionError(0, problem)
    return descriptor
