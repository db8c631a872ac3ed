"""The documentation is true: links and paths exist, walks are as long as they say, and the picture of the
packages is drawn from the import rules."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from cogdoc.cli.app import app

ROOT = Path(__file__).parent.parent
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "benchmarks").glob("*.md")]
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
LONGEST_WALK = 15


def walks() -> list[tuple[str, int, list[str]]]:
    """The heading of each walk, how many files it states, and the files that its numbered steps link to."""
    found = []
    for section in re.split(r"^## ", ARCHITECTURE, flags=re.MULTILINE):
        steps = re.findall(r"^\d+\. \[[^\]]+\]\(([^)]+)\)", section, re.MULTILINE)
        if steps:
            stated = re.search(r"(\d+) (?:files|others)", section)
            assert stated is not None, section
            found.append((section.partition("\n")[0], int(stated[1]), steps))
    return found


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_every_link_to_a_file_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?://|#)([^)#\s]+)", page.read_text(encoding="utf-8"))
    # The reference is written from the code while the site is built, strictly, which checks links to it.
    kept = [link for link in links if not link.startswith(("reference/", "../reference/"))]
    assert [link for link in kept if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_every_path_of_the_repository_exists(page: Path) -> None:
    folders = "cogdoc|tests|docs|samples|benchmarks|training|scripts"
    paths = re.findall(rf"`((?:{folders})/[\w./-]*)`", page.read_text(encoding="utf-8"))
    assert [path for path in paths if not (ROOT / path).exists() and path != "cogdoc/1"] == [], "but for the schema"


@pytest.mark.parametrize(("heading", "stated", "files"), walks(), ids=[heading for heading, _, _ in walks()])
def test_walk_opens_as_many_files_as_it_states(heading: str, stated: int, files: list[str]) -> None:
    assert len(files) == len(set(files)) == stated <= LONGEST_WALK, heading


def test_walks_are_there() -> None:
    assert len(walks()) == 7


def test_the_picture_of_the_packages_is_that_of_the_import_rules() -> None:
    drawn = subprocess.run(
        [sys.executable, "-c", "import make_rooms; print(make_rooms.picture(), end='')"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT / "docs")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert drawn.stdout == (ROOT / "docs" / "rooms.svg").read_text(encoding="utf-8")


def documented_commands() -> list[str]:
    """Every cogdoc command in the shell blocks of the pages, without pipes, comments and variables in front."""
    found: dict[str, None] = {}
    for page in PAGES:
        for block in re.findall(r"^ *```(?:sh|bash|console|text)\n(.*?)^ *```$", page.read_text("utf-8"), re.M | re.S):
            for line in re.sub(r"\\\n\s*", " ", block).splitlines():
                part = re.search(
                    r"(?:^|[\s|&])cogdoc (?!\d)(.+?)(?:\s[|>&<]|;|\s{2,}|\s#|$)", line.strip().removeprefix("$ ")
                )
                if part and not line.lstrip().startswith(("cogdoc:", "#")):
                    found[part[1]] = None
    return list(found)


@pytest.fixture(scope="module")
def program() -> Any:
    return get_command(app)


@pytest.mark.parametrize("words", documented_commands())
def test_every_command_in_the_documentation_is_one(program: Any, words: str) -> None:
    """Only the command line is parsed: what it needs, such as a card or a cluster, is not here."""
    command = program
    arguments = shlex.split(words)
    while hasattr(command, "commands") and arguments:
        name = arguments.pop(0)
        assert name in command.commands or name.startswith("-"), name
        command = command.commands.get(name, command)
        if name.startswith("-"):
            return
    with command.make_context("cogdoc", arguments, resilient_parsing=False):
        pass


def configurations() -> list[dict[str, Any]]:
    """The servers that the settings of assistants in the documentation start."""
    found: list[dict[str, Any]] = []
    for page in PAGES:
        for block in re.findall(r"^```json\n(\{.*?^\})\n```$", page.read_text("utf-8"), re.M | re.S):
            if '"command"' not in block:
                continue
            settings = json.loads(block)
            found += [*settings.get("mcpServers", settings.get("servers", {})).values()]
    return found


def test_assistants_are_told_a_command_that_exists() -> None:
    assert len(configurations()) >= 3
    for server in configurations():
        assert Path(server["command"]).name == "cogdoc"
        command: Any = get_command(app)
        with command.commands[server["args"][0]].make_context("cogdoc", list(server["args"][1:])):
            pass
