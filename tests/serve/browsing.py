"""A headless browser that looks at the page of a running server, and what it asked other machines for."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from serving import RunningServer

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@contextmanager
def chromium() -> Iterator[Any]:
    """Debian's Chromium; skips the tests where it or Playwright is missing."""
    api = pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None:
        pytest.skip("needs chromium")
    arguments = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


class Visit:
    """A tab with the page in it. `elsewhere` has the requests to other machines, `problems` what went wrong in it."""

    def __init__(self, browser: Any, server: RunningServer, **settings: Any) -> None:
        settings = {
            "viewport": {"width": 1280, "height": 800},
            "locale": "en-GB",
            "reduced_motion": "reduce",
        } | settings
        self.context = browser.new_context(**settings)
        self.elsewhere: list[str] = []
        self.problems: list[str] = []
        self.page = self.context.new_page()
        self.page.set_default_timeout(60_000)
        own = (f"{server.url}/", f"blob:{server.url}/")
        self.page.on("request", lambda request: request.url.startswith(own) or self.elsewhere.append(request.url))
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("console", lambda line: line.type == "error" and self.problems.append(line.text))
        self.page.on("dialog", lambda dialog: (self.problems.append(dialog.message), dialog.dismiss()))
        self.page.goto(server.url)

    def open(self, path: Any) -> None:
        """Choose a document, and wait until its first page is drawn."""
        self.page.set_input_files("#file", path)
        self.page.wait_for_selector(".picture:not([hidden])")

    def ask(self, question: str) -> str:
        """Ask, and wait for the answer."""
        count = self.page.locator(".entry").count()
        self.page.fill("#question", question)
        self.page.press("#question", "Enter")
        answer = self.page.locator(".entry").nth(count).locator(".answer:not(.draft), .error")
        answer.wait_for()
        return str(answer.inner_text())

    def close(self) -> None:
        self.context.close()
        assert (self.elsewhere, self.problems) == ([], [])
