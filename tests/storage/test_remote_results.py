"""Results in an object store are complete or absent, and replace existing objects only with --overwrite."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cogdoc.errors import ExitCode, OutputError, OutputExistsError, PlaceLostError
from cogdoc.results.output.destination import DiscardOutput, choose_destination, local_path, open_output
from cogdoc.results.output_formats import FORMATS


def write(to: str, text: str, *, overwrite: bool = False, failure: type[BaseException] | None = None) -> None:
    destination = choose_destination(to, several=False, overwrite=overwrite)
    assert destination.path is not None
    path = destination.file_for(Path("sub/a.pdf"), FORMATS["md"]) if destination.folder else destination.path
    with open_output(path, overwrite=destination.overwrite, address=destination.address_for(path)) as stream:
        stream.write(text)
        if failure is not None:
            raise failure


@pytest.mark.slow
def test_output_file_appears_only_when_complete(bucket: Any) -> None:
    write("s3://shelf/out/result.md", "text\n")
    assert bucket.cat_file("shelf/out/result.md") == b"text\n"
    assert bucket.find("shelf") == ["shelf/out/result.md"]


def test_results_of_a_folder_have_the_same_layout(bucket: Any) -> None:
    write("s3://shelf/out/", "text\n")
    assert bucket.find("shelf") == ["shelf/out/sub/a.pdf.md"]


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt, DiscardOutput])
def test_failure_while_writing_keeps_the_previous_output(bucket: Any, failure: type[BaseException]) -> None:
    bucket.pipe_file("shelf/out.md", b"before")
    with pytest.raises(failure):
        write("s3://shelf/out.md", "half", overwrite=True, failure=failure)
    assert bucket.cat_file("shelf/out.md") == b"before"
    assert bucket.find("shelf") == ["shelf/out.md"]


def test_existing_object_is_replaced_only_with_overwrite(bucket: Any) -> None:
    bucket.pipe_file("shelf/out.md", b"before")
    bucket.pipe_file("shelf/out/sub/a.pdf.md", b"before")
    for to in ("s3://shelf/out.md", "s3://shelf/out/"):
        with pytest.raises(OutputExistsError) as caught:
            write(to, "after")
        assert caught.value.exit_code is ExitCode.OUTPUT_EXISTS
        assert caught.value.message.startswith("s3://shelf/out")
    write("s3://shelf/out.md", "after", overwrite=True)
    assert bucket.cat_file("shelf/out.md") == b"after"


def test_missing_bucket_is_an_error_before_any_work_and_is_not_created(bucket: Any) -> None:
    with pytest.raises(OutputError, match="no such file, folder or bucket") as caught:
        choose_destination("s3://no-such-bucket/out/", several=True, overwrite=False)
    assert caught.value.exit_code is ExitCode.INPUT_OUTPUT
    assert not bucket.exists("no-such-bucket")


@pytest.mark.slow
def test_bucket_that_disappears_ends_the_run(bucket: Any) -> None:
    destination = choose_destination("s3://shelf/out/", several=True, overwrite=False)
    path = destination.file_for(Path("a.pdf"), FORMATS["md"])
    bucket.rm("shelf", recursive=True)
    lost = pytest.raises(PlaceLostError, match=r"s3://shelf/out/a\.pdf\.md")
    with lost, open_output(path, address=destination.address_for(path)) as stream:
        stream.write("text")
    assert not path.exists()
    bucket.mkdir("shelf")


@pytest.mark.parametrize(
    ("to", "several", "folder"),
    [
        ("s3://shelf/out.md", False, False),
        ("s3://shelf/out.md", True, False),
        ("s3://shelf/out", False, False),
        ("s3://shelf/out", True, True),
        ("s3://shelf/out/", False, True),
        ("s3://shelf", False, True),
        ("s3://shelf/there", False, True),
    ],
)
def test_destination_is_a_folder_by_its_name_or_if_there_are_several_sources(
    bucket: Any, to: str, several: bool, folder: bool
) -> None:
    bucket.pipe_file("shelf/there/x.md", b"x")
    destination = choose_destination(to, several=several, overwrite=False)
    assert (destination.folder, destination.path) == (folder, local_path(to))


@pytest.mark.slow
@pytest.mark.usefixtures("bucket")
def test_every_address_has_its_own_fixed_local_folder() -> None:
    assert local_path("s3://shelf/out") == local_path("s3://shelf/out/") != local_path("s3://shelf/other")
    assert local_path("out/a.md") == Path("out/a.md")


def test_web_addresses_cannot_be_written() -> None:
    with pytest.raises(OutputError, match="cannot be written to the web"):
        choose_destination("https://example.org/out/", several=True, overwrite=False)


def test_stores_without_atomic_uploads_use_a_temporary_name(tmp_path: Path) -> None:
    write(f"file://{tmp_path}/out/", "text\n")
    assert [path.relative_to(tmp_path) for path in sorted(tmp_path.rglob("*")) if path.is_file()] == [
        Path("out/sub/a.pdf.md")
    ]
    with pytest.raises(OutputExistsError):
        write(f"file://{tmp_path}/out/", "after")
