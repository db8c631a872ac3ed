"""The page for people, in a real browser against a real server."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pymupdf
import pytest
from browsing import Visit, chromium
from chat_server import Reply, chat_server
from serving import RunningServer, running_server
from small_pdfs import save_pdf
from waiting import wait_until

import cogdoc.serve
from cogdoc.results.flags import Flag

SAMPLES = Path(__file__).parents[2] / "samples"
FILES = Path(cogdoc.serve.__file__).parent / "page" / "files"
HOSTILE = "<img src=x onerror=alert(1)>"

NewVisit = Callable[..., Visit]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def visit(browser: Any, server: RunningServer) -> Iterator[NewVisit]:
    """Makes tabs. Each must have asked no other machine for anything, and have had no error."""
    visits: list[Visit] = []

    def new(**settings: Any) -> Visit:
        visits.append(Visit(browser, server, **settings))
        return visits[-1]

    yield new
    for each in visits:
        each.close()


@pytest.fixture(scope="module")
def booklet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty pages; the eleventh has an amount."""
    pages = [f"Chapter {number}\nNothing of note happened." for number in range(1, 31)]
    pages[10] = "Accounts\nTotal due: $98.76"
    return save_pdf(tmp_path_factory.mktemp("booklet") / "booklet.pdf", *pages)


def overlap(page: Any, selector: str, number: int, box: tuple[float, float, float, float]) -> float:
    """The share of `box`, in points of an A4 page, that an element on page `number` covers."""
    mark, sheet = page.locator(selector).bounding_box(), page.locator(".sheet").nth(number - 1).bounding_box()
    scale = sheet["width"] / 595
    left, top = (mark["x"] - sheet["x"]) / scale, (mark["y"] - sheet["y"]) / scale
    right, bottom = left + mark["width"] / scale, top + mark["height"] / scale
    width = min(right, box[2]) - max(left, box[0])
    height = min(bottom, box[3]) - max(top, box[1])
    return max(0.0, width) * max(0.0, height) / ((box[2] - box[0]) * (box[3] - box[1]))


def test_pages_are_drawn_when_they_come_near(visit: NewVisit, booklet: Path) -> None:
    tab = visit()
    tab.open(booklet)
    assert tab.page.locator(".frame").count() == 30
    assert tab.page.inner_text("#document-name") == "booklet.pdf"
    assert tab.page.locator(".picture:not([hidden])").count() < 6
    tab.page.fill("#page-number", "20")
    tab.page.press("#page-number", "Enter")
    tab.page.wait_for_selector('[data-number="20"] .picture:not([hidden])')
    assert tab.page.get_by_alt_text("Page 20 of 30").is_visible()
    before = tab.page.locator('[data-number="20"] .sheet').bounding_box()["width"]
    tab.page.get_by_role("button", name="Larger").click()
    assert tab.page.locator('[data-number="20"] .sheet').bounding_box()["width"] > before * 1.2
    assert tab.page.input_value("#page-number") == "20"


def test_documents_can_be_dropped_and_pictures_pasted(visit: NewVisit, bill: Path) -> None:
    tab = visit()
    give = """([kind, name, bytes]) => {
        const data = new DataTransfer();
        data.items.add(new File([new Uint8Array(bytes)], name));
        const Kind = kind === "drop" ? DragEvent : ClipboardEvent;
        const content = { [kind === "drop" ? "dataTransfer" : "clipboardData"]: data };
        document.body.dispatchEvent(new Kind(kind, { ...content, bubbles: true, cancelable: true }));
    }"""
    tab.page.evaluate(give, ["drop", "bill.pdf", list(bill.read_bytes())])
    tab.page.wait_for_selector(".picture:not([hidden])")
    assert tab.page.locator(".frame").count() == 2
    with pymupdf.open(bill) as file:
        picture = file[0].get_pixmap().tobytes("png")
    tab.page.evaluate(give, ["paste", "image.png", list(picture)])
    # Until the picture is open, it says "Opening image.png".
    wait_until(lambda: tab.page.inner_text("#document-name") == "image.png")
    assert tab.page.locator(".frame").count() == 1


def test_an_answer_is_shown_on_its_page_and_said_in_words(visit: NewVisit, booklet: Path) -> None:
    tab = visit()
    tab.open(booklet)
    assert tab.ask("What is the total due?") == "$98.76"
    assert "sure" in tab.page.inner_text(".entry .sure").lower()
    assert "Page 11" in tab.page.inner_text(".entry .place-button >> nth=0")
    assert "Answer: $98.76" in tab.page.inner_text("#status")
    wait_until(lambda: tab.page.input_value("#page-number") == "11")
    # "Total due: $98.76" is printed at 72 points from the left, with its baseline at 96.
    assert overlap(tab.page, ".mark.found", 11, (135, 88, 165, 97)) > 0.8
    mark = tab.page.locator(".mark.found").bounding_box()
    assert 0 <= mark["y"] < 700
    assert tab.ask("Who is the captain of the ship?") == "The document does not say."
    assert tab.page.locator(".mark.found").count() == 0
    assert tab.page.locator(".asked").all_inner_texts() == ["What is the total due?", "Who is the captain of the ship?"]
    tab.page.click(".place-button >> nth=0")
    assert tab.page.locator(".mark.found").count() == 1


def test_an_amount_is_also_shown_with_the_currency_and_scale_of_its_table(visit: NewVisit) -> None:
    tab = visit()
    tab.open(SAMPLES / "report.pdf")
    assert tab.ask("What was the total revenue in 2024?") == "412,860"
    assert tab.page.inner_text(".entry .in-full") == "€412,860,000"


def test_the_text_and_the_page_point_at_each_other(visit: NewVisit, bill: Path) -> None:
    tab = visit()
    tab.open(bill)
    tab.page.click("#tab-ocr")
    block = tab.page.locator("#panel-ocr .block", has_text="Total due")
    block.hover()
    assert overlap(tab.page, ".mark.block.lit", 1, (72, 112, 165, 121)) > 0.8
    marks = tab.page.locator(".mark.block")
    marks.last.hover()
    assert (
        tab.page.locator("#panel-ocr .block.lit").inner_text()
        == tab.page.locator("#panel-ocr .block").last.inner_text()
    )
    tab.page.focus("#panel-ocr .block >> nth=0")
    assert tab.page.locator(".mark.block.lit").count() >= 1
    tab.page.click("#panel-ocr .read-all")
    tab.page.locator("#panel-ocr .read-all").wait_for(state="hidden")
    tab.page.click("#next-page")
    tab.page.locator("#panel-ocr .block", has_text="Thank you").wait_for()


def test_chart_values_are_a_table_and_drawn_on_the_chart(visit: NewVisit) -> None:
    tab = visit()
    tab.open(SAMPLES / "charts" / "bar.png")
    tab.page.click("#tab-chart")
    tab.page.wait_for_selector(".chart-table")
    assert "84.2" in tab.page.inner_text(".chart-table")
    assert tab.page.locator(".mark-label").all_inner_texts() == ["84.2", "61.5", "47.8", "112.6", "35.1"]
    tab.page.hover(".chart-table td >> nth=3")
    assert tab.page.inner_text(".mark.value.lit") == "112.6"
    with tab.page.expect_download() as waiting:
        tab.page.select_option("#panel-chart .save-format", "csv")
        tab.page.click("#panel-chart .download")
    assert waiting.value.suggested_filename == "bar.chart.csv"
    assert "112.6" in Path(waiting.value.path()).read_text(encoding="utf-8")


def test_results_are_copied_and_downloaded_as_the_command_line_writes_them(visit: NewVisit, bill: Path) -> None:
    tab = visit(permissions=["clipboard-read", "clipboard-write"])
    tab.open(bill)
    tab.ask("What is the total due?")
    with tab.page.expect_download() as waiting:
        tab.page.select_option("#ask-save .save-format", "json")
        tab.page.click("#ask-save .download")
    result = json.loads(Path(waiting.value.path()).read_text(encoding="utf-8"))
    assert (result["schema"], result["source"]["path"]) == ("cogdoc/1", "bill.pdf")
    assert [record["answer"]["text"] for record in result["records"]] == ["$98.76"]
    tab.page.click("#tab-ocr")
    tab.page.wait_for_selector("#panel-ocr .block")
    tab.page.click("#panel-ocr .copy")
    tab.page.locator("#panel-ocr .save-said", has_text="Copied.").wait_for()
    assert "Total due: $98.76" in tab.page.evaluate("navigator.clipboard.readText()")


def test_what_a_document_says_never_becomes_markup(visit: NewVisit, tmp_path: Path) -> None:
    path = tmp_path / f"{HOSTILE.replace('/', '')} <b>x.pdf"
    with pymupdf.open() as file:
        page = file.new_page()
        for index, line in enumerate((f"Name: {HOSTILE}", "<script>alert(2)</script>", f"Total due: {HOSTILE}")):
            page.insert_text((72, 72 + 30 * index), line)
        file.set_page_labels([{"startpage": 0, "prefix": "<i>", "style": "D", "firstpagenum": 1}])
        file.save(path)
    tab = visit()
    tab.open(path)
    tab.ask(f"What is the name? {HOSTILE}")
    tab.page.click("#tab-ocr")
    tab.page.wait_for_selector("#panel-ocr .block")
    assert HOSTILE in tab.page.inner_text("#panel-ocr")
    assert tab.page.locator("main img:not(.picture), main script, main i, #document-name *").count() == 0
    assert "<b>x.pdf" in tab.page.inner_text("#document-name")
    assert tab.page.locator("script").count() == 2


def test_the_browser_is_told_to_load_nothing_else(server: RunningServer) -> None:
    with server.client() as client:
        response = client.get("/")
        headers = response.headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert (headers["x-content-type-options"], headers["referrer-policy"]) == ("nosniff", "no-referrer")
        assert client.get("/", headers={"If-None-Match": headers["etag"]}).status_code == 304
        assert client.get("/page/files/main.js").headers["content-type"] == "text/javascript; charset=utf-8"
        for name in ("..%2f__init__.py", "nothing.js", "%2e%2e/file_routes.py"):
            assert client.get(f"/page/files/{name}").status_code == 404


def test_everything_works_from_the_keyboard(visit: NewVisit, bill: Path) -> None:
    tab = visit()
    page = tab.page
    page.keyboard.press("Tab")
    focused: list[str] = []
    while "file" not in focused:
        focused.append(page.evaluate("document.activeElement.id"))
        page.keyboard.press("Tab")
        assert len(focused) < 12
    tab.open(bill)
    page.wait_for_selector("#question:focus")
    page.keyboard.type("What is the total due?")
    page.keyboard.press("Enter")
    page.wait_for_selector(".place-button")
    for _ in range(8):
        page.keyboard.press("Shift+Tab")
        if page.evaluate("document.activeElement.id") == "tab-ask":
            break
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.id") == "tab-ocr"
    block = page.locator("#panel-ocr .block").first
    block.wait_for()
    for _ in range(4):
        page.keyboard.press("Tab")
        if page.locator(".mark.block.lit").count():
            break
    assert page.locator(".mark.block.lit").count() == 1
    names = "[...document.querySelectorAll('button, input, select, textarea')].filter((each) => each.offsetParent)"
    named = "each.labels?.length || each.textContent.trim() || each.getAttribute('aria-label')"
    assert page.evaluate(f"{names}.filter((each) => !({named})).map((each) => each.id)") == []


def test_chinese_and_dark_follow_the_browser_and_can_be_switched(visit: NewVisit, bill: Path) -> None:
    tab = visit(locale="zh-CN", color_scheme="dark")
    assert tab.page.inner_text("#welcome-title") == "想从文档里了解什么？"
    assert tab.page.get_attribute("html", "lang") == "zh-Hans"
    tab.open(bill)
    assert tab.ask("What is the total due?") == "$98.76"
    assert "确定" in tab.page.inner_text(".entry .sure")
    assert darkness(tab) > 0.8
    tab.page.click("#language")
    assert "sure" in tab.page.inner_text(".entry .sure").lower()
    tab.page.click("#theme")
    assert darkness(tab) < 0.2
    tab.page.reload()
    assert darkness(tab) < 0.2
    assert tab.page.inner_text("#welcome-title").startswith("What")


def darkness(tab: Visit) -> float:
    color = tab.page.evaluate("getComputedStyle(document.body).backgroundColor")
    return 1 - sum(map(int, color.removeprefix("rgb(").removesuffix(")").split(", "))) / 765


def test_every_text_and_flag_has_words_in_both_languages() -> None:
    english, chinese = (words_of(language) for language in ("en", "zh"))
    assert english - chinese == set()
    assert {f"flag {flag.value}" for flag in Flag} <= english


def words_of(language: str) -> set[str]:
    text = (FILES / f"words_{language}.js").read_text(encoding="utf-8")
    return set(re.findall(r'^  "?([\w -]+?)"?: "', text, re.MULTILINE))


def test_failures_are_one_clear_line(visit: NewVisit, bill: Path, tmp_path: Path) -> None:
    tab = visit()
    plain = tmp_path / "notes.txt"
    plain.write_text("just text", encoding="utf-8")
    tab.page.set_input_files("#file", plain)
    tab.page.wait_for_selector("#open-error:not([hidden])")
    assert "plain text" in tab.page.inner_text("#open-error")
    tab.page.set_input_files("#file", SAMPLES / "encrypted.pdf")
    tab.page.wait_for_selector("#password-form:not([hidden])")
    tab.page.fill("#password", "wrong")
    tab.page.press("#password", "Enter")
    tab.page.locator("#open-error", has_text="wrong").wait_for()
    tab.open(bill)
    tab.page.set_input_files("#file", plain)
    tab.page.locator("#ask-error", has_text="plain text").wait_for()
    assert tab.page.inner_text("#document-name") == "bill.pdf"
    tab.problems.clear()  # the browser's console repeats the statuses of refusals


def test_documents_are_deleted_when_people_leave(visit: NewVisit, server: RunningServer, bill: Path) -> None:
    tab = visit()
    with tab.page.expect_response("**/page/documents") as waiting:
        tab.open(bill)
    place = f"/page/documents/{waiting.value.json()['id']}"
    with server.client() as client:
        assert client.get(f"{place}/pages/1?side=64").headers["content-type"] == "image/png"
        assert client.get(f"{place}/pages/3?side=64").status_code == 404
        elsewhere = {"Sec-Fetch-Site": "cross-site"}
        assert client.get(f"{place}/pages/1?side=64", headers=elsewhere).status_code == 403
        with tab.page.expect_response(f"**{place}"):
            tab.page.click("#close-document")
        assert client.get(f"{place}/pages/1?side=64").json()["error"]["code"] == "not-kept"


def test_a_document_that_is_not_kept_any_more_is_sent_again(visit: NewVisit, server: RunningServer, bill: Path) -> None:
    tab = visit()
    with tab.page.expect_response("**/page/documents") as waiting:
        tab.open(bill)
    with server.client() as client:
        client.delete(f"/page/documents/{waiting.value.json()['id']}")
    assert tab.ask("What is the total due?") == "$98.76"
    tab.problems.clear()


def test_a_server_with_keys_has_the_page_ask_for_one(browser: Any, bill: Path) -> None:
    key = "a-key-of-twenty-six-letters"
    with running_server("--engine", "builtin", "--jobs", "1", COGDOC_SERVE_KEYS=key) as server:
        tab = Visit(browser, server)
        tab.page.set_input_files("#file", bill)
        for given in ("not-the-key", key):
            tab.page.wait_for_selector("#key-dialog[open]")
            tab.page.fill("#key", given)
            tab.page.press("#key", "Enter")
            if given != key:
                tab.page.locator("#key-error", has_text="does not know").wait_for()
        tab.page.wait_for_selector(".picture:not([hidden])")
        with tab.page.expect_request("**/ask") as asked:
            assert tab.ask("What is the total due?") == "$98.76"
        assert asked.value.headers["authorization"] == f"Bearer {key}"
        tab.problems.clear()  # the browser's console repeats the status 401
        tab.close()


def test_the_answer_of_a_model_appears_while_it_is_written(browser: Any, tmp_path: Path) -> None:
    pauses = iter((0.0, 60.0))
    go_on = threading.Event()
    reply = Reply(["Ninety-eight ", "dollars"], pause=lambda: wait_for(go_on, next(pauses)))
    path = save_pdf(tmp_path / "bill.pdf", "Total due: Ninety-eight dollars")
    with (
        chat_server(reply) as model,
        running_server("--engine", model.url, "--model", "seer", "--jobs", "1") as server,
    ):
        tab = Visit(browser, server)
        tab.open(path)
        tab.page.fill("#question", "What is the total due?")
        tab.page.press("#question", "Enter")
        tab.page.locator(".answer.draft", has_text="Ninety-eight").wait_for()
        assert tab.page.inner_text(".draft-page") == "From page 1"
        assert "dollars" not in tab.page.inner_text(".entry")
        go_on.set()
        tab.page.wait_for_selector(".entry .place-button")
        assert tab.page.inner_text(".answer:not(.draft)") == "Ninety-eight dollars"
        assert "does not say how sure" in tab.page.inner_text(".entry .sure")
        tab.close()


def wait_for(event: threading.Event, seconds: float) -> None:
    event.wait(seconds)


def test_it_is_usable_on_a_narrow_screen(visit: NewVisit, bill: Path) -> None:
    tab = visit(viewport={"width": 360, "height": 740})
    tab.open(bill)
    tab.ask("What is the total due?")
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= 360
    for selector in (".sheet >> nth=0", "#ask-button", ".answer"):
        box = tab.page.locator(selector).bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 360
