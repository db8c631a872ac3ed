"""What the README and the documentation show is what happens: every command with its output, and first Python
examples, is run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


def commands() -> dict[str, str]:
    """Each command of the console blocks of all pages, with all that it is shown to print."""
    found: dict[str, str] = {}
    for page in PAGES:
        for block in blocks(page.read_text(encoding="utf-8"), "console"):
            for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
                command, _, shown = part.partition("\n")
                assert found.setdefault(command, shown) == shown, f"{page}: shown differently elsewhere: {command}"
    return found


def environment(readings: Path) -> dict[str, str]:
    """`cogdoc` on the path is the one beside this Python, and reads each page once, as it does for users."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return os.environ | {"PATH": path, "COGDOC_CACHE": str(readings)}


@pytest.mark.slow
@pytest.mark.parametrize(("command", "shown"), commands().items(), ids=list(commands()))
def test_a_command_prints_what_is_shown(readings: Path, tmp_path: Path, command: str, shown: str) -> None:
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command.replace("/tmp/", f"{tmp_path}/")],
        cwd=ROOT,
        # `cogdoc eval` says how much came from the cache.
        env=environment(readings) | ({"COGDOC_CACHE": "off"} if "cogdoc eval" in command else {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    ending = f"[exit code {done.returncode}]\n" if done.returncode else ""
    assert done.stdout.replace("\r\n", "\n").replace(f"{tmp_path}/", "/tmp/") + ending == shown


@pytest.mark.slow
@pytest.mark.parametrize("page", ["python.md", "extract.md"])
def test_the_first_python_of_a_page_runs(readings: Path, page: str) -> None:
    code = blocks((ROOT / "docs" / page).read_text(encoding="utf-8"), "python")[0]
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, env=environment(readings), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["try", "test"])
def test_the_readme_names_the_command_that_ci_runs(name: str) -> None:
    assert re.search(rf"<!-- command: {name} -->\n```sh\n.+?\n```", README, re.DOTALL)


def test_every_file_that_the_readme_names_exists() -> None:
    for name in re.findall(r"\]\(([^)#]+)\)|`((?:samples|docs|benchmarks|tests|cogdoc)/[\w./-]*)`", README):
        path = name[0] or name[1]
        assert (ROOT / path).exists(), path
