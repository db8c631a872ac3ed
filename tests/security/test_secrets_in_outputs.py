"""Passwords, tokens and signatures of addresses are neither stored nor shown."""

from __future__ import annotations

import functools
import http.server
import os
import shutil
import stat
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from running import COMMAND, Cogdoc, clean_environment

from cogdoc.batch.journal import origin_of
from cogdoc.documents.remote import RemoteFile
from cogdoc.documents.sources import Source
from cogdoc.errors import CogdocError, InputError
from cogdoc.results.output.destination import choose_destination
from cogdoc.results.output.remote import create_staging_folder, staging_folder
from cogdoc.storage import explain, open_storage, printable_address, without_secrets
from cogdoc.tasks.describe import describe_error

SECRET = "hunter2"
ADDRESSES = (
    f"https://me:{SECRET}@host/a.pdf",
    f"https://{SECRET}@host/a.pdf",
    f"HTTPS://me:{SECRET}/x?y#z@host/a.pdf",
    f"s3://AKIA:{SECRET}/slash+plus@bucket/a.pdf",
    f"ftp://me:{SECRET}@host:21/a.pdf",
    f"https://host/a.pdf?X-Amz-Credential=AKIA&X-Amz-Signature={SECRET}&X-Amz-Expires=60",
    f"https://account.blob.core.windows.net/c/a.pdf?sv=2024&se=2030&sig={SECRET}",
    f"abfs://c@account.dfs.core.windows.net/a.pdf?sv=2024&sig={SECRET}",
    f"https://host/a.pdf?GoogleAccessId=x&Expires=1&Signature={SECRET}",
    f"https://host/a.pdf?{SECRET}",
    f"https://host?access_token={SECRET}",
    f"https://host/a.pdf#access_token={SECRET}",
    f"https://host/a.pdf;jsessionid={SECRET}?x=1",
    f"simplecache::https://me:{SECRET}@host/a.pdf?sig={SECRET}",
    f"https://host/a.pdf::s3://AKIA:{SECRET}@bucket/a.pdf",
    f"http://[::1:{SECRET}@host",
    f"https:/me:{SECRET}@host/a.pdf",
    f"https:///me:{SECRET}@host/a.pdf",
    f"https:///host/a.pdf?token={SECRET}",
    f"s3:/AKIA:{SECRET}@bucket/a.pdf",
)


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_secret_of_an_address_is_shown_or_stored(address: str) -> None:
    shown = printable_address(address)
    assert SECRET not in shown
    assert printable_address(shown) == shown
    assert SECRET not in without_secrets(f"cannot open ('{address}'), gave up")
    assert SECRET not in describe_error(InputError(f"no such file: {address}")).message
    assert SECRET not in explain(ValueError(f"URL {address} is invalid"))
    remote = RemoteFile(address, Path("a.pdf"), 1, "etag")
    assert SECRET.encode() not in origin_of(Source(Path("a.pdf"), shown, Path("a.pdf"), remote))


def test_addresses_stay_distinct_and_keep_their_name_when_they_are_signed_again() -> None:
    assert printable_address("https://h/get?id=1") != printable_address("https://h/get?id=2")
    signed = [printable_address(f"https://h/get?id=1&X-Amz-Date={n}&X-Amz-Signature={n}&Expires={n}") for n in (1, 2)]
    assert signed[0] == signed[1] == printable_address("https://h/get?id=1")
    assert staging_folder("s3://a:b@bucket/out") == staging_folder("s3://c:d@bucket/out/")


@pytest.mark.parametrize(
    "address",
    ["s3://bucket/a@b.pdf", "s3://bucket/a?.pdf", "https://host:80/a@b.pdf", "ftp://me@host/a?b#c", "in/a.pdf"],
)
def test_addresses_without_secrets_are_shown_as_they_are(address: str) -> None:
    assert printable_address(address) == address


def test_local_copies_of_results_are_readable_by_their_owner_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    old = os.umask(0)
    try:
        folder = create_staging_folder("s3://bucket/out/", folder=True)
    finally:
        os.umask(old)
    folders = [folder, *folder.parents][: len(folder.relative_to(tmp_path / "state").parts)]
    assert {stat.S_IMODE(path.stat().st_mode) for path in folders} == {0o700}


def test_no_link_is_followed_to_local_copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "victim").mkdir()
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "cogdoc").symlink_to("../victim")
    from cogdoc.errors import OutputError

    with pytest.raises(OutputError, match="symbolic link"):
        create_staging_folder("s3://bucket/out/", folder=True)
    assert list((tmp_path / "victim").iterdir()) == []


@pytest.mark.parametrize("scheme", ["s3", "S3A", "gs", "gcs"])
def test_address_of_a_store_with_a_password_is_refused_before_the_back_end_repeats_it(scheme: str) -> None:
    address = f"{scheme}://AKIA:{SECRET}@bucket/a.pdf"
    with pytest.raises(InputError, match="have no user or password"):
        open_storage(address)
    with pytest.raises(CogdocError) as caught:
        choose_destination(address, several=False, overwrite=False)
    assert SECRET not in caught.value.message


@pytest.mark.parametrize("option", ["--to", "--log-json", "--password-file", "--files-from"])
def test_address_in_place_of_a_file_is_named_without_its_secret(cogdoc: Cogdoc, blank: Path, option: str) -> None:
    for address in (f"https://me:{SECRET}@127.0.0.1:1/a.md", f" https://me:{SECRET}@127.0.0.1:1/o/"):
        result = cogdoc("ocr", blank, option, address)
        assert result.code in (2, 4, 5)
        assert SECRET not in result.err
    assert [path.name for path in blank.parent.iterdir()] == [blank.name]


def test_addresses_of_this_machine_are_paths(tmp_path: Path) -> None:
    destination = choose_destination(f"FILE://{tmp_path}/out/", several=True, overwrite=False)
    assert (destination.path, destination.address) == (tmp_path / "out", None)


class _Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def host(tmp_path: Path, samples: Path) -> Iterator[str]:
    """Host and port of a web server with a small picture."""
    folder = tmp_path / "www"
    folder.mkdir()
    shutil.copy(samples / "blank.png", folder / "a.png")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Handler, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.slow
def test_a_run_leaves_no_secret_anywhere(host: str, tmp_path: Path) -> None:
    query = f"?id=7&X-Amz-Signature={SECRET}"
    addresses = [
        f"http://me:{SECRET}@{host}/a.png{query}",
        f"http://me:{SECRET}@{host}/gone.png{query}",
        f"http://me:{SECRET}@127.0.0.1:1/a.png{query}",
        f" http://me:{SECRET}@{host}/a.png",
        f"http://[me:{SECRET}@{host}/a.png",
    ]
    ended = subprocess.run(
        [*COMMAND, "ocr", "-v", *addresses, "--to", "out/", "--out", "json", "--log-json", "log.jsonl"],
        cwd=tmp_path,
        env=clean_environment(XDG_STATE_HOME=str(tmp_path)),
        capture_output=True,
        check=False,
    )
    assert ended.returncode == 1, ended.stderr
    written = [path for path in tmp_path.rglob("*") if path.is_file() and "www" not in path.parts]
    assert any(path.suffix == ".json" for path in written)
    for text in (ended.stdout, ended.stderr, *(path.read_bytes() + os.fsencode(path) for path in written)):
        assert SECRET.encode() not in text
    journal = tmp_path / "out" / ".cogdoc"
    assert stat.S_IMODE(journal.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in (*journal.iterdir(), tmp_path / "log.jsonl")} == {0o600}
