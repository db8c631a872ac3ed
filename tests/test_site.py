"""The documentation builds as a site, strictly, and the site asks no other host for anything."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import cogdoc
from cogdoc.results.json_schema import COMMANDS, json_schema

ROOT = Path(__file__).parent.parent
LOADS = re.compile(
    r"""<(?:script|link|img|iframe|source|video|audio)\b[^>]*?\b(?:src|href)=["']?((?:https?:)?//[^"'\s>]+)"""
)
IMPORTS = re.compile(r"""(?:@import|url\()\s*["']?((?:https?:)?//[^"')\s]+)""")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": str(ROOT)}
    built = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return folder


def test_the_site_loads_nothing_from_elsewhere(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 30
    for page in pages:
        text = page.read_text(encoding="utf-8")
        outside = LOADS.findall(text)
        assert outside == [], page
    for sheet in site.rglob("*.css"):
        assert IMPORTS.findall(sheet.read_text(encoding="utf-8")) == [], sheet


def test_the_reference_has_every_command_and_object(site: Path) -> None:
    commands = (site / "reference" / "commands.html").read_text(encoding="utf-8")
    for name in ("ask", "ocr", "chart", "serve", "model pull", "cache clear", "doctor"):
        assert f">cogdoc {name}<" in commands
    for command in (None, *COMMANDS):
        published = (site / "reference" / f"{command or 'cogdoc'}.schema.json").read_text(encoding="utf-8")
        assert json.loads(published) == json_schema(command)
    schema = (site / "reference" / "schema.html").read_text(encoding="utf-8")
    for name in ("AnswerRecord", "PageRecord", "ChartRecord", "Evidence"):
        assert f'id="{name.lower()}"' in schema
    functions = (site / "reference" / "api.html").read_text(encoding="utf-8")
    for name, module in ((name, getattr(cogdoc, name).__module__) for name in cogdoc.__all__ if name.islower()):
        assert f'id="{module}.{name}"' in functions, name
