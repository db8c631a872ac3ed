"""The version of everything that decides what is read from a file: cogdoc's own code and the libraries that it uses."""

from __future__ import annotations

import hashlib
import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGE = Path(__file__).parents[2]

READERS = ("documents", "parsing", "engines/builtin", "query", "results", "text.py")
"""What reading depends on, within the package: the packages of the cacheable functions, and what these import."""

LIBRARIES = (
    "pymupdf",
    "pymupdf4llm",
    "pymupdf_layout",
    "rapidocr",
    "onnxruntime",
    "opencv-python-headless",
    "pillow",
    "pillow-heif",
    "pillow-jxl-plugin",
    "numpy",
    "rapidfuzz",
    "tesserocr",
)


@cache
def reader_version() -> bytes:
    """A hash of the code and data of cogdoc's readers and of the versions of their libraries.

    The code counts, and not only cogdoc's version, so that a changed working copy never meets results of its past.
    """
    digest = hashlib.sha256()
    for name in READERS:
        root = PACKAGE / name
        for path in sorted(root.rglob("*")) if root.is_dir() else [root]:
            if path.suffix != ".pyc" and path.is_file():
                digest.update(f"{path.relative_to(PACKAGE).as_posix()}\0".encode())
                digest.update(hashlib.sha256(path.read_bytes()).digest())
    for library in LIBRARIES:
        digest.update(f"{library} {_version(library)}\0".encode())
    digest.update(platform.python_version().encode())  # whose tables of characters reading uses
    return digest.digest()


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return ""
