"""Documents in an object store or on the web are found, downloaded when they are opened, and removed afterwards."""

from __future__ import annotations

import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from cogdoc.documents.document import open_path
from cogdoc.documents.remote import RemoteFile, fetch
from cogdoc.documents.sandbox import Sandbox
from cogdoc.documents.sources import Source, UnresolvedSource, expand_sources, local_copy
from cogdoc.errors import ExitCode, InputError, MissingError, TooLargeError
from cogdoc.storage import is_address, printable_address

NAMES = ("page10.png", "page9.png", "Page1.PNG", "sub/b.pdf", "sub/deep/a.jpeg", "notes.txt", ".hidden.png")
EXPECTED = ["Page1.PNG", "page9.png", "page10.png", "sub/b.pdf", "sub/deep/a.jpeg"]


def lost(*addresses: str) -> list[str]:
    return [source.error.message for source in expand_sources(addresses) if isinstance(source, UnresolvedSource)]


def found(*addresses: str) -> list[Source]:
    sources = list(expand_sources(addresses))
    assert [source for source in sources if isinstance(source, UnresolvedSource)] == []
    return sources  # type: ignore[return-value]


@pytest.fixture
def filled(bucket: Any) -> Any:
    for name in NAMES:
        bucket.pipe_file(f"shelf/in/{name}", name.encode())
    return bucket


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("address", ["s3://shelf/in/", "s3://shelf/in", "S3://shelf/in"])
def test_folder_in_a_bucket_is_searched_like_a_local_folder(address: str) -> None:
    sources = found(address)
    assert [str(source.relative) for source in sources] == EXPECTED
    assert [source.name for source in sources] == [f"s3://shelf/in/{name}" for name in EXPECTED]
    assert all(source.remote and source.remote.version and source.remote.size for source in sources)


@pytest.mark.slow
@pytest.mark.usefixtures("filled")
def test_bucket_file_and_pattern_are_found() -> None:
    assert [str(source.relative) for source in found("s3://shelf")] == [f"in/{name}" for name in EXPECTED]
    assert [source.name for source in found("s3://shelf/in/notes.txt")] == ["s3://shelf/in/notes.txt"]
    assert [str(source.relative) for source in found("s3://shelf/in/page*.png")] == ["page9.png", "page10.png"]


@pytest.mark.usefixtures("filled")
def test_folders_keep_their_names_if_several_are_named() -> None:
    sources = expand_sources(["s3://shelf/in/sub", "s3://shelf/in/notes.txt"], several=True)
    assert [str(source.relative) for source in sources if isinstance(source, Source)] == [
        *("sub/b.pdf", "sub/deep/a.jpeg", "notes.txt"),
    ]


@pytest.mark.slow
def test_local_copy_exists_only_while_the_document_is_read(
    bucket: Any, samples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    bucket.put_file(str(samples / "report.pdf"), "shelf/report.pdf")
    (source,) = found("s3://shelf/report.pdf")
    with Sandbox() as sandbox, local_copy(source) as path:
        assert path.read_bytes() == (samples / "report.pdf").read_bytes()
        assert open_path(path, sandbox).page_count == 8
    assert not path.exists()
    assert list(temporary.iterdir()) == []
    with local_copy(Source(tmp_path, "here", Path("here"))) as path:
        assert path == tmp_path


def test_missing_file_or_bucket_is_a_one_line_error(bucket: Any) -> None:
    bucket.pipe_file("shelf/empty/notes.txt", b"x")
    assert lost("s3://shelf/gone.pdf", "s3://no-such-bucket/", "s3://shelf/empty/", "s3://shelf/*.pdf") == [
        "no such file, folder or bucket",
        "no such file, folder or bucket",
        "no documents in this folder",
        "no file matches",
    ]


def test_unreachable_store_is_a_one_line_error(bucket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    type(bucket).clear_instance_cache()  # it caches the address of the server
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    (message,) = lost("s3://other-shelf/")
    assert "cannot be reached" in message


@pytest.mark.skipif(find_spec("gcsfs") is not None, reason="gcsfs is installed")
def test_unknown_and_uninstalled_kinds_of_address_have_their_own_errors() -> None:
    (nonsense, google) = expand_sources(["nonsense://x/y.pdf", "gs://bucket/y.pdf"])
    assert isinstance(nonsense, UnresolvedSource)
    assert isinstance(nonsense.error, InputError)
    assert "unknown kind of address" in nonsense.error.message
    assert isinstance(google, UnresolvedSource)
    assert isinstance(google.error, MissingError)
    assert google.error.exit_code is ExitCode.MISSING
    assert google.error.hint == 'pip install "cogdoc[gs]"'


def test_names_in_a_store_never_leave_the_output_folder(bucket: Any) -> None:
    for name in ("../up.pdf", "a/../../up.pdf", "b\\..\\up.pdf", "x" * 300 + ".pdf", "a::http:x.pdf"):
        bucket.pipe_file(f"shelf/{name}", b"x")
    sources = found("s3://shelf/")
    assert len(sources) == 3
    for source in sources:
        assert not source.relative.is_absolute()
        assert ".." not in source.relative.parts
        assert source.relative.name.isprintable()
        assert len(source.relative.name.encode()) <= 200
        assert source.relative.suffix == ".pdf"
    chained = next(source for source in sources if "::" in source.name)
    with pytest.raises(InputError, match="cannot be opened"), local_copy(chained):
        pass


def test_folder_on_the_web_is_searched_through_its_index(web: tuple[str, Path]) -> None:
    address, folder = web
    for name in (*NAMES, "with space.pdf"):
        path = folder / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    sources = found(f"{address}/in/")
    assert [str(source.relative) for source in sources] == [*EXPECTED, "with space.pdf"]
    with local_copy(sources[-1]) as path:
        assert path.read_text() == "with space.pdf"


def test_links_to_other_places_are_not_followed(web: tuple[str, Path]) -> None:
    address, folder = web
    (folder / "other.pdf").write_text("x")
    (folder / "in").mkdir()
    links = ["/other.pdf", "../other.pdf", "http://127.0.0.1:1/evil.pdf", "../in/", "a.pdf"]
    page = "".join(f'<a href="{link}">x</a>' for link in links)
    (folder / "in" / "index.html").write_text(page)
    assert [source.name for source in found(f"{address}/in/")] == [f"{address}/in/a.pdf"]


def test_file_on_the_web_is_downloaded_and_a_missing_one_is_a_one_line_error(web: tuple[str, Path]) -> None:
    address, folder = web
    (folder / "a.pdf").write_bytes(b"the bytes")
    (source,) = found(f"{address}/a.pdf?version=1")
    assert source.relative == Path("a.pdf")
    with local_copy(source) as path:
        assert path.read_bytes() == b"the bytes"
    (gone,) = found(f"{address}/gone.pdf")
    with pytest.raises(InputError, match="no such file"), local_copy(gone):
        pass
    (refused,) = found("http://127.0.0.1:1/a.pdf")
    with pytest.raises(InputError, match="cannot be reached"), local_copy(refused):
        pass
    assert lost(f"{address}/no-such-folder/") == ["no such file, folder or bucket"]


@pytest.mark.parametrize("known", [True, False])
def test_download_stops_at_the_size_limit(web: tuple[str, Path], tmp_path: Path, known: bool) -> None:
    address, folder = web
    (folder / "a.pdf").write_bytes(bytes(3 << 20))
    file = RemoteFile(f"{address}/a.pdf", Path("a.pdf"), size=3 << 20 if known else None)
    with pytest.raises(TooLargeError, match="1 MB"):
        fetch(file, tmp_path / "fetched", limit=1 << 20)
    fetch(file, tmp_path / "fetched", limit=3 << 20)
    assert (tmp_path / "fetched").stat().st_size == 3 << 20


def test_addresses_are_distinguished_from_paths_and_printed_without_passwords() -> None:
    assert [
        is_address(text) for text in ("s3://b/x", "HTTPS://h/x", "C:/x", "c://x", "s3:/b", "./s3://b", "a b://c")
    ] == [
        *(True, True, False, False, False, False, False),
    ]
    assert printable_address("ftp://me:secret@host:21/a?b#c") == "ftp://me@host:21/a?b#c"
    assert printable_address("s3://bucket/a@b") == "s3://bucket/a@b"
