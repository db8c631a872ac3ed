"""Plans: every file once, in order and in one share only, and no two with the same output path."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cogdoc.batch.plan import Plan, Shard, parse_shard, slurm_shard
from cogdoc.documents.sources import Source, UnresolvedSource
from cogdoc.errors import InputError, OutputExistsError, UsageError
from cogdoc.results.output.destination import Destination
from cogdoc.results.output_formats import FORMATS

OUT = Destination(Path("out"), folder=True, overwrite=False)


def source(name: str) -> Source:
    return Source(Path("in") / name, f"in/{name}", Path(name))


@given(
    st.lists(st.text("abc/-é\n", min_size=1).map(lambda text: text.strip("/") or "x"), unique=True), st.integers(1, 7)
)
def test_every_file_is_in_exactly_one_share(names: list[str], count: int) -> None:
    for name in names:
        assert [Shard(index, count).contains(Path(name)) for index in range(1, count + 1)].count(True) == 1


def test_the_share_of_a_file_does_not_depend_on_other_files() -> None:
    shares = [
        [item.name for item in Plan(map(source, names), OUT, FORMATS["md"], Shard(1, 2)) if isinstance(item, Source)]
        for names in (["a.pdf", "b.pdf", "c.pdf", "d.pdf"], ["a.pdf", "c.pdf"])
    ]
    assert [name for name in shares[0] if name in ("in/a.pdf", "in/c.pdf")] == shares[1]


def test_a_plan_yields_its_sources_in_order() -> None:
    odd = Source(Path("in/\udcff bytes.pdf"), "in/\ufffd bytes.pdf", Path("\udcff bytes.pdf"))
    lost = UnresolvedSource("gone.pdf", InputError("no such file", "look again"))
    planned = list(Plan([source("b.pdf"), odd, lost, source("a.pdf")], OUT, FORMATS["md"], Shard()))
    assert planned[:2] == [source("b.pdf"), odd]
    assert isinstance(planned[2], UnresolvedSource)
    assert (planned[2].name, planned[2].error.message, planned[2].error.hint) == (
        "gone.pdf",
        "no such file",
        "look again",
    )
    assert planned[3] == source("a.pdf")


def test_the_second_of_two_files_with_one_output_path_gets_a_name_that_stays_the_same() -> None:
    other = Source(Path("elsewhere/a.pdf"), "elsewhere/a.pdf", Path("a.pdf"))
    runs = [
        [item.relative.name for item in Plan(sources, OUT, FORMATS["md"], Shard()) if isinstance(item, Source)]
        for sources in ([source("a.pdf"), other, source("b.pdf")], [source("z.pdf"), source("a.pdf"), other])
    ]
    assert (runs[0][0], runs[0][2], runs[1][1]) == ("a.pdf", "b.pdf", "a.pdf")
    assert runs[0][1] == runs[1][2]
    assert re.fullmatch(r"a-[0-9a-f]{8}\.pdf", runs[0][1])


def test_a_file_that_is_named_twice_is_read_once_and_the_second_is_an_error() -> None:
    first, second, last = Plan([source("a.pdf"), source("a.pdf"), source("b.pdf")], OUT, FORMATS["md"], Shard())
    assert (first, last) == (source("a.pdf"), source("b.pdf"))
    assert isinstance(second, UnresolvedSource)
    assert isinstance(second.error, OutputExistsError)
    assert "in/a.pdf and in/a.pdf would both be written" in second.error.message


@given(st.integers(1, 999_999), st.integers(1, 999_999))
def test_a_share_is_parsed_as_it_is_printed(index: int, count: int) -> None:
    if index <= count:
        assert parse_shard(str(Shard(index, count))) == Shard(index, count)
    else:
        with pytest.raises(UsageError):
            parse_shard(f"{index}/{count}")


@given(st.text())
def test_any_other_text_is_a_usage_error(text: str) -> None:
    try:
        shard = parse_shard(text)
    except UsageError:
        return
    assert 1 <= shard.index <= shard.count


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, None),
        ({"SLURM_ARRAY_TASK_ID": "4", "SLURM_ARRAY_TASK_MIN": "0", "SLURM_ARRAY_TASK_COUNT": "8"}, Shard(5, 8)),
        (
            {
                "SLURM_ARRAY_TASK_ID": "30",
                "SLURM_ARRAY_TASK_MIN": "10",
                "SLURM_ARRAY_TASK_COUNT": "3",
                "SLURM_ARRAY_TASK_STEP": "10",
            },
            Shard(3, 3),
        ),
        ({"SLURM_PROCID": "2", "SLURM_NTASKS": "4"}, Shard(3, 4)),
        ({"SLURM_PROCID": "0", "SLURM_NTASKS": "1"}, None),
        ({"SLURM_JOB_ID": "77"}, None),
    ],
)
def test_slurm_variables_give_the_share(environment: dict[str, str], expected: Shard | None) -> None:
    assert slurm_shard(environment) == expected
