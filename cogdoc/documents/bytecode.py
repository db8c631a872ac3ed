"""Fills Python's cache of compiled modules for worker processes, which cannot write it.

Without it, each worker process would compile its libraries anew, for two seconds. pip compiles what it installs; uv and
editable installations leave this to the first import.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from importlib.util import cache_from_source, find_spec
from pathlib import Path

from cogdoc.documents.confinement.program_files import PACKAGE, program_files

LIBRARIES = ("numpy", "PIL", "pymupdf", "pydantic", "onnxruntime", "rapidocr")
"""What worker processes import; these import all further libraries."""

COMPILE = """
import compileall, importlib, sys
package, libraries, *folders = sys.argv[1:]
compileall.compile_dir(package, quiet=2)
sys.path.extend(folders)
for library in libraries.split():
    importlib.import_module(library)
"""


@cache
def compile_worker_modules() -> None:
    """Compile what worker processes import, unless that was done before, in a process that reads no document."""
    if sys.dont_write_bytecode or not any(map(_is_outdated, _modules())):
        return
    arguments = [str(PACKAGE), " ".join(LIBRARIES), *program_files().import_path]
    subprocess.run(
        [sys.executable, "-I", "-S", "-W", "ignore", "-c", COMPILE, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )


def _modules() -> Iterator[Path]:
    yield from PACKAGE.rglob("*.py")
    for library in LIBRARIES:
        spec = find_spec(library)
        if spec is not None and spec.origin is not None:
            yield Path(spec.origin)


def _is_outdated(module: Path) -> bool:
    """Whether a module is not compiled, or changed since then, where that can be helped."""
    compiled = Path(cache_from_source(str(module)))
    try:
        if compiled.stat().st_mtime >= module.stat().st_mtime:
            return False
    except OSError:
        pass
    return os.access(module.parent, os.W_OK)
