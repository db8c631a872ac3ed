"""Take the pictures in `docs/` of the server's page and of `--out html`: a real server and browser, on the samples.

Run as `python docs/make_screenshots.py` from the project's root, with cogdoc and Playwright installed beside that
Python, and with Debian's Chromium.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

DOCS = Path("docs")
SAMPLES = Path("samples")
SIZE = {"width": 1280, "height": 800}
WAIT = 120_000
"""Milliseconds; scans take a while on a busy machine."""


def main() -> None:
    """Take all pictures."""
    with running_server() as url, sync_playwright() as playwright:
        arguments = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
        take_answer(browser, url)
        take_text(browser, url)
        take_chart(browser, url)
        take_narrow(browser, url)
        take_written_answers(browser)
        take_written_chart(browser)
        browser.close()


def take_written_answers(browser: Browser) -> None:
    page = written(
        browser,
        "ask",
        SAMPLES / "report.pdf",
        *("-q", "By how much did total revenue grow from 2023 to 2024?"),
        *("-q", "Who is the chair of the board?"),
    )
    page.hover(".place >> nth=0")
    save(page, "html-answers.png")


def take_written_chart(browser: Browser) -> None:
    page = written(browser, "chart", SAMPLES / "charts" / "grouped-bar.png")
    page.hover("td >> nth=5")
    save(page, "html-chart.png")


def take_answer(browser: Browser, url: str) -> None:
    page = visit(browser, url, SAMPLES / "report.pdf")
    ask(page, "What was net income in 2023?")
    ask(page, "Who is the captain of the ship?")
    page.click(".place-button")
    page.wait_for_selector(".sheet.loading", state="detached")
    save(page, "page-answer.png")


def take_text(browser: Browser, url: str) -> None:
    page = visit(browser, url, SAMPLES / "invoice-zh.png", locale="zh-CN", color_scheme="dark")
    page.click("#tab-ocr")
    page.wait_for_selector("#panel-ocr .block")
    page.hover("#panel-ocr .block >> nth=1")
    save(page, "page-text-zh.png")


def take_chart(browser: Browser, url: str) -> None:
    page = visit(browser, url, SAMPLES / "charts" / "grouped-bar.png")
    page.click("#tab-chart")
    page.hover(".chart-table td >> nth=5")
    save(page, "page-chart.png")


def take_narrow(browser: Browser, url: str) -> None:
    page = visit(browser, url, SAMPLES / "letter.pdf", viewport={"width": 390, "height": 780})
    ask(page, "How much is the annual rent?")
    save(page, "page-narrow.png")


def written(browser: Browser, *arguments: str | Path) -> Page:
    """The page that a command writes."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "results.html"
        command = [sys.executable, "-m", "cogdoc", *map(str, arguments)]
        subprocess.run([*command, "--engine", "builtin", "--quiet", "--to", str(path)], check=True)
        page = browser.new_context(viewport=SIZE, locale="en-GB", reduced_motion="reduce").new_page()
        page.set_default_timeout(WAIT)
        page.goto(path.as_uri())
        page.wait_for_function("[...document.images].every((picture) => picture.complete)")
    return page


def visit(browser: Browser, url: str, path: Path, **settings: object) -> Page:
    """The page with a document in it."""
    settings = {"viewport": SIZE, "locale": "en-GB", "reduced_motion": "reduce"} | settings
    page = browser.new_context(**settings).new_page()  # type: ignore[arg-type]
    page.set_default_timeout(WAIT)
    page.goto(url)
    page.set_input_files("#file", path)
    page.wait_for_selector(".picture:not([hidden])")
    return page


def ask(page: Page, question: str) -> None:
    """Ask, and wait until the answer and its page are there."""
    count = page.locator(".entry").count()
    page.fill("#question", question)
    page.press("#question", "Enter")
    page.locator(".entry").nth(count).locator(".answer:not(.draft), .error").wait_for()
    page.wait_for_selector(".sheet.loading", state="detached")


def save(page: Page, name: str) -> None:
    page.evaluate("document.activeElement.blur()")
    page.wait_for_timeout(500)
    picture = Image.open(BytesIO(page.screenshot())).convert("RGB").quantize(256, dither=Image.Dither.NONE)
    picture.save(DOCS / name, optimize=True)
    page.context.close()


@contextmanager
def running_server() -> Iterator[str]:
    """The address of a server with the built-in engine."""
    command = [sys.executable, "-m", "cogdoc", "serve", "--engine", "builtin", "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            yield next(found[1] for line in process.stderr if (found := re.search(r" on (http://\S+)", line)))
        finally:
            process.terminate()
            process.communicate()


if __name__ == "__main__":
    main()
