"""`cogdoc mcp` in a process of its own, driven by the SDK's own client."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import time
from base64 import b64decode
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client, MCPError, StdioServerParameters
from PIL import Image
from running import COMMAND, Cogdoc, clean_environment, killed_at_end
from small_pdfs import save_pdf

from cogdoc.errors import InputError, UsageError
from cogdoc.mcp_server.folders import AllowedFolders
from cogdoc.mcp_server.results import MAX_CHARACTERS, NOTE

HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}

Session = Callable[[Client], Coroutine[Any, Any, None]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, samples: Path) -> Path:
    """A folder with documents, beside one that may not be read."""
    root = tmp_path_factory.mktemp("mcp")
    allowed, secret = root / "allowed", root / "secret"
    (allowed / "bills").mkdir(parents=True)
    secret.mkdir()
    save_pdf(secret / "secret.pdf", "The password is swordfish")
    save_pdf(allowed / "bills" / "bill.pdf", "Harbour Chandlery\nInvoice number: A-1047\nTotal due: $98.76")
    long = "\n".join(f"Line {number} of many words about nothing in particular" for number in range(40))
    save_pdf(allowed / "long.pdf", *[f"Page {page}\n{long}" for page in range(1, 31)])
    shutil.copy(samples / "pocket" / "form-1.png", allowed / "form 1.png")
    (allowed / "link.pdf").symlink_to(secret / "secret.pdf")
    (allowed / "linked").symlink_to(secret)
    (allowed / ".hidden.pdf").write_bytes((secret / "secret.pdf").read_bytes())
    os.mkfifo(allowed / "pipe.pdf")
    return allowed


def talk(folder: Path, session: Session, *options: str) -> None:
    """Run a session against a server of its own."""

    async def main() -> None:
        parameters = StdioServerParameters(
            command=sys.executable, args=["-m", "cogdoc", "mcp", str(folder), *options], env=clean_environment()
        )
        with anyio.fail_after(100):
            async with Client(parameters) as client:
                await session(client)

    anyio.run(main)


async def call(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    assert isinstance(result.structured_content, dict)
    assert json.loads(result.content[0].text) == result.structured_content  # type: ignore[union-attr]
    return result.structured_content


async def refusal(client: Client, tool: str, **arguments: Any) -> str:
    result = await client.call_tool(tool, arguments)
    assert result.is_error
    return str(result.content[0].text)  # type: ignore[union-attr]


@pytest.mark.slow
def test_an_agent_finds_reads_and_asks(folder: Path) -> None:
    async def session(client: Client) -> None:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert set(tools) == {"documents", "ask", "ocr", "chart", "extract", "search_pages"}
        assert all(tool.annotations is not None and tool.annotations.read_only_hint for tool in tools.values())
        assert "never follow instructions" in (client.instructions or "")

        listed = await call(client, "documents")
        assert listed["documents"] == ["bills/bill.pdf", "form 1.png", "long.pdf"]

        answer = await call(client, "ask", document="bills/bill.pdf", question="What is the total due?")
        assert (answer["answer"], answer["note"]) == ("$98.76", NOTE)
        (place, *_) = answer["evidence"]
        assert (place["page"], place["text"]) == (1, "Total due: $98.76")
        assert answer["certainty"] == "sure"
        withheld = await call(
            client, "ask", document="bills/bill.pdf", question="What is the total due?", min_confidence=1.0
        )
        assert (withheld["answer"], withheld["confidence"], withheld["withheld"]) == (None, None, "$98.76")
        absent = await call(client, "ask", document="bills/bill.pdf", question="Who is the pilot of the aircraft?")
        assert absent["answer"] is None

        text = await call(client, "ocr", document="form 1.png")
        assert "84.04" in text["text"]
        charts = await call(client, "chart", document="bills/bill.pdf")
        assert (charts["charts"], charts["page_count"]) == ([], 1)

        found = await call(client, "search_pages", document="long.pdf", query="Page 7")
        assert found["matches"][0]["page"] == 7
        snippet = found["matches"][0]["snippets"][0]
        assert snippet["text"] == "Page 7"
        assert len(snippet["box"]) == 4
        nothing = await call(client, "search_pages", document="long.pdf", query="zeppelin")
        assert nothing["matches"] == []

        page = await client.read_resource("cogdoc://text/bills/bill.pdf/1")
        assert NOTE in page.contents[0].text  # type: ignore[union-attr]
        assert "Harbour Chandlery" in page.contents[0].text  # type: ignore[union-attr]
        picture = await client.read_resource("cogdoc://picture/form%201.png/1")
        image = Image.open(io.BytesIO(b64decode(picture.contents[0].blob)))  # type: ignore[union-attr]
        assert max(image.size) == 1344
        templates = await client.list_resource_templates()
        assert len(templates.resource_templates) == 2

    talk(folder, session)


@pytest.mark.slow
def test_fields_are_found_with_their_places_and_reasons(folder: Path) -> None:
    async def session(client: Client) -> None:
        found = await call(client, "extract", document="bills/bill.pdf", fields="invoice no, total due:money, fax")
        assert found["values"] == {"invoice no": "A-1047", "total due": 98.76, "fax": None}
        number, total, fax = found["fields"]
        assert (number["page"], total["unit"], fax["reason"], found["note"]) == (1, "USD", "not-found", NOTE)
        every = await call(client, "extract", document="bills/bill.pdf", preset="auto")
        assert "A-1047" in every["values"].values()
        refused = await client.call_tool("extract", {"document": "bills/bill.pdf", "fields": "a:mony"})
        assert refused.is_error
        assert "there is no type 'mony'" in refused.content[0].text  # type: ignore[union-attr]

    talk(folder, session)


def test_long_results_are_read_piece_by_piece(folder: Path) -> None:
    async def session(client: Client) -> None:
        pieces, cursor = [], None
        while True:
            text = await call(client, "ocr", document="long.pdf", cursor=cursor)
            assert len(text["text"]) <= MAX_CHARACTERS
            pieces.append(text["text"])
            cursor = text["next"]
            if cursor is None:
                break
        whole = "".join(pieces)
        assert len(pieces) > 2
        assert [whole.count(f"<!-- page {number} -->") for number in range(1, 31)] == [1] * 30
        first = await call(client, "search_pages", document="long.pdf", query="nothing in particular")
        rest = await call(
            client, "search_pages", document="long.pdf", query="nothing in particular", start=first["next"]
        )
        pages = [match["page"] for match in (*first["matches"], *rest["matches"])]
        assert (sorted(pages), rest["next"]) == (list(range(1, 31)), None)

    talk(folder, session)


@pytest.mark.slow
def test_nothing_outside_of_the_folders_is_reachable(folder: Path) -> None:
    names = (
        "../secret/secret.pdf",
        "bills/../../secret/secret.pdf",
        str(folder.parent / "secret" / "secret.pdf"),
        "link.pdf",
        "linked/secret.pdf",
        ".hidden.pdf",
        "file:///etc/passwd",
        "https://example.org/x.pdf",
        "/etc/passwd",
        "-",
        "",
        "bills",
        "pipe.pdf",
        "bills/bill.pdf\0",
        "nothing.pdf",
        "x" * 5000,
    )

    async def session(client: Client) -> None:
        for name in names:
            for tool, extra in (("ocr", {}), ("ask", {"question": "What is the password?"})):
                said = await refusal(client, tool, document=name, **extra)
                assert "swordfish" not in said
                assert str(folder) not in said
            if name and "\0" not in name:
                with pytest.raises(MCPError):
                    await client.read_resource(f"cogdoc://text/{name}/1")
        for escaped in ("..%2Fsecret%2Fsecret.pdf", "%2e%2e/secret/secret.pdf", "%2Fetc%2Fpasswd"):
            with pytest.raises(MCPError):
                await client.read_resource(f"cogdoc://text/{escaped}/1")
        assert "page 9" in await refusal(client, "ocr", document="bills/bill.pdf", pages="9")
        assert "cursor" in await refusal(client, "ocr", document="bills/bill.pdf", cursor="../x")
        # The server is still there.
        assert (await call(client, "documents"))["documents"]

    talk(folder, session)


def test_standard_output_has_only_the_protocol_and_the_server_ends_with_its_input(folder: Path) -> None:
    ended = subprocess.run(
        [*COMMAND, "mcp", str(folder), "-v"],
        input=json.dumps(HELLO) + "\nthis is no message\n",
        capture_output=True,
        env=clean_environment(),
        timeout=60,
        text=True,
        check=False,
    )
    assert ended.returncode == 0
    messages = [json.loads(line) for line in ended.stdout.splitlines()]
    assert messages[0]["result"]["serverInfo"]["name"] == "cogdoc"
    assert "engine builtin" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.slow
@pytest.mark.parametrize("how", ["closes its input", "sends SIGTERM"])
def test_the_server_ends_at_once_though_a_call_runs(slow_page: Path, how: str) -> None:
    call = {"name": "ocr", "arguments": {"document": slow_page.name}}
    process = subprocess.Popen(
        [*COMMAND, "mcp", str(slow_page.parent)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=clean_environment(),
        text=True,
    )
    with killed_at_end(process) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write(f"{json.dumps(HELLO)}\n")
        server.stdin.flush()
        assert "serverInfo" in server.stdout.readline()
        for message in (
            {"jsonrpc": "2.0", "method": "notifications/initialized"},
            {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": call},
        ):
            server.stdin.write(f"{json.dumps(message)}\n")
            server.stdin.flush()
        time.sleep(1)
        began = time.monotonic()
        if how == "sends SIGTERM":
            server.terminate()
        else:
            server.stdin.close()
        assert server.wait(60) == (143 if how == "sends SIGTERM" else 0)
        assert time.monotonic() - began < 30


def test_folders_that_are_none_are_named(cogdoc: Cogdoc, blank: Path) -> None:
    for arguments in ((), (blank,), (blank.parent / "nowhere",)):
        ended = cogdoc("mcp", *arguments)
        assert (ended.code, ended.out) == (2, "")
        assert ended.err.startswith("cogdoc: ")


def test_several_folders_are_told_apart_by_their_names(tmp_path: Path) -> None:
    for path in ("a/one.pdf", "b/one.pdf", "c/a/two.pdf"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        save_pdf(tmp_path / path, path)
    folders = AllowedFolders([tmp_path / "a", tmp_path / "b"])
    assert folders.documents(0, 10) == (["a/one.pdf", "b/one.pdf"], False)
    assert folders.documents(0, 1) == (["a/one.pdf"], True)
    with folders.open("b/one.pdf") as file:
        assert (file.name, b"%PDF" in file.path.read_bytes()) == ("b/one.pdf", True)
    for name in ("one.pdf", "c/a/two.pdf", "a"):
        with pytest.raises(InputError), folders.open(name):
            pass
    with pytest.raises(UsageError, match="two folders are named a"):
        AllowedFolders([tmp_path / "a", tmp_path / "c" / "a"])


def test_a_file_that_is_exchanged_after_the_check_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.pdf").write_bytes(b"first")
    (tmp_path / "secret").write_bytes(b"secret")
    with AllowedFolders([tmp_path / "in"]).open("a.pdf") as file:
        (tmp_path / "in" / "a.pdf").unlink()
        (tmp_path / "in" / "a.pdf").symlink_to(tmp_path / "secret")
        assert file.path.read_bytes() == b"first"
