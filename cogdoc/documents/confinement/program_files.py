"""The files of the program itself, which a worker process may read: Python, its libraries, their models, cogdoc.

The languages of Tesseract belong to them, if it is installed.

The parent computes them, and worker processes import from nowhere else: neither from the user's current folder, nor
from PYTHONPATH, nor through the `.pth` files of site-packages.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from cogdoc.documents.tesseract import data_folder

PACKAGE = Path(__file__).resolve().parents[2]
"""The folder of the package `cogdoc`."""

LIBRARY_FOLDERS = ("site-packages", "dist-packages")
SYSTEM_FILES = (
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/nix/store",
    "/gnu/store",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/usr/share/zoneinfo",
    "/dev/null",
    "/dev/urandom",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/sys/devices/system/cpu",
)
"""Shared libraries, and what the C library and the models' runtime ask about the machine. Missing ones are skipped."""


@dataclass(frozen=True, slots=True)
class ProgramFiles:
    """Where a worker process finds what it runs."""

    import_path: tuple[str, ...]
    """The folders of libraries, in the parent's order."""
    readable: tuple[str, ...]
    """Everything that it may read, with these folders."""


def program_files() -> ProgramFiles:
    """The program files of this process."""
    libraries = tuple(path for path in sys.path if Path(path).name in LIBRARY_FOLDERS)
    python = (sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"), f"{sys.base_prefix}/lib")
    searched = (path for path in os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep) if Path(path).is_absolute())
    tesseract = () if (languages := data_folder()) is None else (str(languages),)
    readable = dict.fromkeys((str(PACKAGE), *libraries, *python, *searched, *SYSTEM_FILES, *tesseract))
    return ProgramFiles(libraries, tuple(readable))
