"""No file name or document can control the terminal, or cause files outside of the output folder."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pymupdf
import pytest
from running import COMMAND, clean_environment

pytestmark = pytest.mark.slow

OnTerminal = Callable[..., str]

CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Characters that can control a terminal."""

TERMINAL_NAMES = ["back \x1b[31m\x07\nline.pdf", "c1 \x9b31m \x7f\r.pdf", "right-to-left \u202efdp.pdf"]
NAMES = [
    *TERMINAL_NAMES,
    os.fsdecode(b"no utf-8 \xff\xfe.pdf"),
    "-o.pdf",
    "back\\slash.pdf",
    "quote'\"$(id)`id`.pdf",
    "--> <b>&amp; | [x](y).pdf",
    "发票 😀.pdf",
]


def copy_to(folder: Path, document: Path, names: list[str]) -> Path:
    folder.mkdir()
    for name in names:
        shutil.copy(document, folder / name)
    return folder


@pytest.fixture
def on_terminal(tmp_path: Path) -> OnTerminal:
    """Runs the command on a terminal and returns everything shown there."""
    if sys.platform == "win32":
        pytest.skip("needs pseudo-terminals")
    import pty

    def run(*arguments: str | Path, progress: str = "none") -> str:
        ours, theirs = pty.openpty()
        command = [*COMMAND, *map(str, arguments)]
        environment = clean_environment(COGDOC_PROGRESS=progress)
        with subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs, cwd=tmp_path, env=environment
        ):
            os.close(theirs)
            shown = b"".join(_parts(ours))
        os.close(ours)
        return shown.decode().replace("\r\n", "\n")  # the terminal changes line ends

    return run


def _parts(descriptor: int) -> Iterator[bytes]:
    try:
        while part := os.read(descriptor, 1 << 16):
            yield part
    except OSError:  # on Linux: the other side is closed
        return


def written_below(folder: Path) -> dict[Path, bytes]:
    """The files below a folder, without journals and records."""
    files = (path for path in folder.rglob("*") if path.is_file())
    kept = {path.relative_to(folder): path.read_bytes() for path in files}
    return {path: content for path, content in kept.items() if path.parts[0] != ".cogdoc"}


@pytest.mark.parametrize(
    "arguments",
    [
        ["ocr", "--out", "md"],
        ["ocr", "--out", "json"],
        ["ask", "-q", "total due?"],
        ["ask", "-q", "who is the manager?"],
    ],
    ids=["ocr-md", "ocr-json", "ask", "ask-in-vain"],
)
def test_control_characters_in_names_do_not_reach_the_terminal(
    on_terminal: OnTerminal, bill: Path, tmp_path: Path, arguments: list[str]
) -> None:
    shown = on_terminal(*arguments, copy_to(tmp_path / "in", bill, TERMINAL_NAMES))
    assert "back" in shown
    assert CONTROLS.findall(shown) == []


def test_control_characters_in_names_are_not_in_the_progress_line(
    on_terminal: OnTerminal, bill: Path, tmp_path: Path
) -> None:
    shown = on_terminal("ocr", copy_to(tmp_path / "in", bill, TERMINAL_NAMES), "--to", "out/", progress="auto")
    assert "\\x9b31m" in shown
    assert "\x1b[31m" not in shown
    own = re.sub(r"\x1b\[[\d;?]*[A-Za-z]|\r", "", shown)
    assert CONTROLS.findall(own) == []


def test_errors_with_hostile_names_have_one_line_each(cogdoc: Any, tmp_path: Path) -> None:
    (tmp_path / "broken").write_bytes(b"%PDF-1.4 broken")
    ended = cogdoc("ocr", copy_to(tmp_path / "in", tmp_path / "broken", NAMES))
    assert CONTROLS.findall(ended.err) == []
    lines = [line for line in ended.err.splitlines() if "broken PDF" in line]
    assert len(lines) == len(NAMES)
    assert all(line.startswith("cogdoc: ") for line in lines)


def test_titles_and_labels_of_a_document_do_not_reach_the_terminal(on_terminal: OnTerminal, tmp_path: Path) -> None:
    file = pymupdf.open()
    file.new_page().insert_text((72, 72), "Total due: 7.00")
    file.set_metadata({"title": "\x1b[31m title \u202e", "author": "\x07\x9b"})
    file.set_page_labels([{"startpage": 0, "prefix": "\x1b[31m\x07\u202e", "style": "D", "firstpagenum": 1}])
    file.save(tmp_path / "labels.pdf")
    for arguments in (["ocr"], ["ask", "-q", "total due?", "--out", "json"]):
        shown = on_terminal(*arguments, "labels.pdf")
        assert "7.00" in shown
        assert CONTROLS.findall(shown) == [], arguments


@pytest.mark.parametrize("name", [NAMES[3], ""], ids=["no-utf-8", "others"])
def test_every_name_gets_its_own_output_inside_the_folder(cogdoc: Any, blank: Path, tmp_path: Path, name: str) -> None:
    names = [name] if name else [*NAMES[:3], *NAMES[4:]]
    copy_to(tmp_path / "in", blank, names)
    before = written_below(tmp_path)
    ended = cogdoc("ocr", "in", "--to", "out/", "--out", "json")
    assert ended.code == 0
    results = written_below(tmp_path / "out")
    assert {str(path) for path in results} == {f"{name}.json" for name in names}
    paths = {Path(json.loads(content)["source"]["path"]).name for content in results.values()}
    assert paths == {os.fsencode(name).decode("utf-8", "replace") for name in names}
    outside = {path: content for path, content in written_below(tmp_path).items() if path.parts[0] != "out"}
    assert outside == before


@pytest.mark.parametrize("climbing", ["../up.pdf", "sub/../../up.pdf", "./../up.pdf"])
def test_output_of_paths_with_parent_folders_stays_inside_the_folder(
    blank: Path, tmp_path: Path, climbing: str
) -> None:
    (tmp_path / "work" / "sub").mkdir(parents=True)
    blank.rename(tmp_path / "up.pdf")
    ended = subprocess.run(
        [*COMMAND, "ocr", climbing, "--to", "out/"],
        cwd=tmp_path / "work",
        env=clean_environment(),
        capture_output=True,
        check=False,
    )
    assert ended.returncode == 0
    (result,) = written_below(tmp_path / "work" / "out")
    assert result.name == "up.pdf.md"
    assert {path.name for path in tmp_path.iterdir()} == {"work", "up.pdf"}


def test_output_of_absolute_paths_stays_inside_the_folder(cogdoc: Any, blank: Path, tmp_path: Path) -> None:
    assert cogdoc("ocr", blank.absolute(), "--to", "out/").code == 0
    assert list(written_below(tmp_path / "out")) == [Path("blank.pdf.md")]


def test_output_of_symbolic_links_has_the_name_of_the_link(cogdoc: Any, blank: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    blank.rename(elsewhere / "real.pdf")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "link.pdf").symlink_to(elsewhere / "real.pdf")
    (tmp_path / "in" / "folder").symlink_to(elsewhere)
    (tmp_path / "in" / "loop").symlink_to(tmp_path / "in")
    assert cogdoc("ocr", "in", "--to", "out/").code == 0
    assert list(written_below(tmp_path / "out")) == [Path("link.pdf.md")]
    assert [path.name for path in elsewhere.iterdir()] == ["real.pdf"]


@pytest.mark.parametrize("overwrite", [[], ["--overwrite"]])
def test_symbolic_link_at_the_output_path_is_not_followed(
    cogdoc: Any, blank: Path, tmp_path: Path, overwrite: list[str]
) -> None:
    (tmp_path / "precious").write_text("kept")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "blank.pdf.md").symlink_to(tmp_path / "precious")
    (tmp_path / "out" / "other.pdf.md").symlink_to(tmp_path / "made-through-a-link")
    shutil.copy(blank, tmp_path / "other.pdf")
    cogdoc("ocr", blank, "other.pdf", "--to", "out", *overwrite)
    assert (tmp_path / "precious").read_text() == "kept"
    assert not (tmp_path / "made-through-a-link").exists()


def test_name_that_is_too_long_for_its_output_is_shortened(cogdoc: Any, blank: Path, tmp_path: Path) -> None:
    names = ["x" * 250 + last + ".pdf" for last in "ab"]
    for name in names:
        shutil.copy(blank, tmp_path / name)
    ended = cogdoc("ocr", *names, blank, "--to", "out/")
    assert (ended.code, "3 done" in ended.err) == (0, True)
    written = {path.name for path in written_below(tmp_path / "out")}
    assert len(written) == 3
    assert all(name.endswith(".pdf.md") or len(name) == 255 for name in written)
    again = cogdoc("ocr", *names, blank, "--to", "out/")
    assert "3 done by an earlier run" in again.err
