"""What each way to install cogdoc takes, and its first answer: minutes, bytes downloaded, bytes on disk.

Run as `python -m benchmarks.installing [WAY...]` from the project's root. Each way gets a new environment, pip's cache
is not used, and what is left of it is removed.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import unquote, urlparse

ROOT = Path(__file__).parent.parent
CPU_TORCH = "torch==2.13.0+cpu"
"""The build in the index of PyTorch for the CPU; where that is not reached, its wheel has to lie on this disk."""
WAYS: dict[str, tuple[list[str], ...]] = {
    "core": (["."],),
    "model with a CPU build": ([CPU_TORCH], [".[model]"]),
    "model": ([".[model]"],),
}
QUESTION = ("ask", "samples/report.pdf", "What was the total revenue in 2024?")
UNITS = {"kB": 1e3, "MB": 1e6, "GB": 1e9}


def main(names: list[str]) -> None:
    """Print one JSON line for each way, all by default."""
    for name in names or WAYS:
        with tempfile.TemporaryDirectory(prefix="cogdoc-installing-") as folder:
            print(json.dumps({"way": name} | measure(Path(folder), WAYS[name])), flush=True)


def measure(folder: Path, installs: tuple[list[str], ...]) -> dict[str, object]:
    """Install into a new environment in a folder, and ask a first and a second question there."""
    environment = folder / "environment"
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
    empty = size_of(environment)
    downloaded = 0.0
    started = time.perf_counter()
    for index, arguments in enumerate(installs):
        report = folder / f"report-{index}.json"
        command = [environment / "bin" / "pip", "install", "--no-cache-dir", "--report", report, *arguments]
        done = subprocess.run(list(map(str, command)), cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
        downloaded += bytes_of(done.stdout) + local_bytes(report)
    seconds = time.perf_counter() - started
    installed = size_of(environment) - empty
    torch = next(environment.glob("lib/python*/site-packages/torch/version.py"), None)
    answers = [first_answer(environment, folder) for _ in range(2)]
    return {
        "minutes": round(seconds / 60, 1),
        "GB downloaded": round(downloaded / 1e9, 2),
        "GB on disk": round(installed / 1e9, 2),
        "seconds to the first answer": answers[0],
        "seconds to the same answer again": answers[1],
        "torch": None if torch is None else re.findall(r"__version__ = '(.+)'", torch.read_text(encoding="utf-8"))[0],
    }


def first_answer(environment: Path, folder: Path) -> float:
    """Seconds from the start of the command to its end, with caches of their own."""
    own = os.environ | {"XDG_CACHE_HOME": str(folder / "caches")}
    started = time.perf_counter()
    subprocess.run([str(environment / "bin" / "cogdoc"), *QUESTION], cwd=ROOT, env=own, check=True, stdout=sys.stderr)
    return round(time.perf_counter() - started, 1)


def bytes_of(output: str) -> float:
    """What pip says that it downloaded, without the metadata, which it counts again in the wheel."""
    lines = [line for line in output.splitlines() if "Downloading" in line and ".metadata" not in line]
    found = re.findall(r"\(([\d.]+) (kB|MB|GB)\)", "\n".join(lines))
    return sum(float(number) * UNITS[unit] for number, unit in found)


def local_bytes(report: Path) -> int:
    """The size of wheels that were taken from this disk instead."""
    addresses = [item["download_info"]["url"] for item in json.loads(report.read_text(encoding="utf-8"))["install"]]
    paths = [Path(unquote(urlparse(address).path)) for address in addresses if address.startswith("file:")]
    return sum(path.stat().st_size for path in paths if path.is_file())


def size_of(folder: Path) -> int:
    """The bytes of its files as they lie on disk, links left out."""
    return sum(path.lstat().st_blocks * 512 for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


if __name__ == "__main__":
    main(sys.argv[1:])
