"""Pulls from a real HTTP server: broken connections, damaged bytes, small disks; a folder is complete or absent."""

from __future__ import annotations

import shutil
from collections import namedtuple
from pathlib import Path

import pytest
from checkpoint_files import SHARDS, UNWANTED
from filelock import FileLock
from local_hub import COMMIT, Hub

from cogdoc.errors import CheckpointError, CogdocError, MissingError, OutputError, OutputExistsError, ResourceError
from cogdoc.models.checkpoint_folders import find_defect, partial_folder
from cogdoc.models.downloading import pull
from cogdoc.models.hubs import list_model, list_repository
from cogdoc.models.provenance import read_provenance
from cogdoc.models.published_models import MODELS
from cogdoc.models.verifying import verify

REPOSITORY = "THUDM/cogvlm2-llama3-chat-19B"
LARGE = SHARDS[1]
NO_WAITS = (0.0, 0.0, 0.0)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "models" / "chat"


def fetch(target: Path, revision: str | None = None) -> list[tuple[str, int, int]]:
    """Pull with ModelScope's protocol, whose address is not fixed at import; returns the progress."""
    heard: list[tuple[str, int, int]] = []
    pull(
        list_repository("modelscope", REPOSITORY, revision),
        target,
        lambda *progress: heard.append(progress),
        waits=NO_WAITS,
    )
    return heard


def expected_names(hub: Hub) -> set[str]:
    return set(hub.files) - set(UNWANTED)


def expected_size(hub: Hub) -> int:
    return sum(len(hub.files[name]) for name in expected_names(hub))


def test_pulled_folder_contains_only_the_checkpoint_and_its_provenance(hub: Hub, target: Path) -> None:
    heard = fetch(target)
    assert {path.name for path in target.iterdir()} == expected_names(hub) | {"cogdoc.json"}
    assert all((target / name).read_bytes() == hub.files[name] for name in expected_names(hub))
    assert [path.name for path in target.parent.iterdir()] == ["chat"]
    assert find_defect(target) is None
    verified, errors = verify(target)
    assert errors == []
    assert verified is not None
    assert verified.hashed == len(expected_names(hub))
    counts = [done for _, done, _ in heard]
    assert counts == sorted(counts)
    assert (counts[-1], {total for *_, total in heard}) == (expected_size(hub), {expected_size(hub)})
    record = read_provenance(target)
    assert record is not None
    assert (record.source, record.repository, record.revision) == ("modelscope", REPOSITORY, "master")


def test_broken_connection_resumes_where_it_broke(hub: Hub, target: Path) -> None:
    hub.breaks = {LARGE: [10_000, 0, 20_000], "config.json": [0, 5]}
    heard = fetch(target)
    assert verify(target)[1] == []
    assert sum(hub.served.values()) == expected_size(hub), "no byte was sent twice"
    assert heard[-1][1] == expected_size(hub)


def test_failed_pull_resumes_and_the_folder_appears_only_when_complete(hub: Hub, target: Path) -> None:
    hub.breaks = {LARGE: [10_000, *[0] * len(NO_WAITS), 0]}
    with pytest.raises(OutputError, match="modelscope cannot be reached") as error:
        fetch(target)
    assert error.value.exit_code == 5
    assert "resume" in (error.value.hint or "")
    assert not target.exists()
    assert sum(path.stat().st_size for path in partial_folder(target).glob(f".{LARGE}.*.part")) == 10_000
    before = hub.served.total()
    heard = fetch(target)
    assert hub.served.total() == expected_size(hub), "no byte was sent twice"
    assert heard[0][1] > before - 1
    assert verify(target)[1] == []


def test_file_starts_over_if_the_server_does_not_support_ranges(hub: Hub, target: Path) -> None:
    hub.breaks = {LARGE: [10_000]}
    hub.ignores_ranges = True
    heard = fetch(target)
    assert hub.served[LARGE] == 10_000 + len(hub.files[LARGE])
    assert heard[-1][1] == expected_size(hub)
    assert verify(target)[1] == []


def test_corrupted_file_is_detected_and_only_that_file_is_downloaded_again(hub: Hub, target: Path) -> None:
    right = hub.files[LARGE]
    middle = len(right) // 2
    hub.promised[LARGE] = right
    hub.files[LARGE] = right[:middle] + bytes([right[middle] ^ 1]) + right[middle + 1 :]
    with pytest.raises(OutputError, match=f"{LARGE}: the download is damaged"):
        fetch(target)
    assert not target.exists()
    first = hub.served[SHARDS[0]]
    hub.files[LARGE] = right
    fetch(target)
    assert hub.served[SHARDS[0]] == first == len(hub.files[SHARDS[0]])
    assert hub.served[LARGE] == 2 * len(right)
    assert verify(target)[1] == []


def test_file_longer_than_listed_is_refused(hub: Hub, target: Path) -> None:
    hub.promised[LARGE] = hub.files[LARGE][:-100]
    with pytest.raises(OutputError, match="longer than modelscope states"):
        fetch(target)


def test_repository_without_a_shard_is_refused_before_the_weights(hub: Hub, target: Path) -> None:
    del hub.files[SHARDS[2]]
    with pytest.raises(CheckpointError, match=f"lacks {SHARDS[2]}"):
        fetch(target)
    assert not any(name.endswith(".safetensors") for name in hub.served)


@pytest.mark.parametrize("config", [b"{}", b'{"vision_config": {}, "hidden_size": "wide"}', b"no json"])
def test_other_architecture_is_refused_before_the_weights(hub: Hub, target: Path, config: bytes) -> None:
    hub.files["config.json"] = config
    with pytest.raises(CheckpointError):
        fetch(target)
    assert not any(name.endswith(".safetensors") for name in hub.served)


def test_repository_without_safetensors_is_refused(hub: Hub, target: Path) -> None:
    hub.files = {name: content for name, content in hub.files.items() if name in UNWANTED}
    with pytest.raises(MissingError, match="no safetensors checkpoint"):
        fetch(target)


def test_names_with_folders_are_never_written(hub: Hub, target: Path) -> None:
    evil = ("../config.json", "/tmp/model.safetensors", "..\\tokenizer.json", "a/../../x.safetensors")
    hub.files |= dict.fromkeys(evil, b"evil")
    fetch(target)
    assert not set(hub.served) & set(evil)


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [(401, MissingError, 3), (403, MissingError, 3), (404, MissingError, 3), (500, OutputError, 5)],
)
@pytest.mark.parametrize("what", ["list", LARGE])
def test_refused_request_is_a_one_line_error(
    hub: Hub, target: Path, status: int, kind: type[CogdocError], code: int, what: str
) -> None:
    hub.statuses[what] = status
    with pytest.raises(kind) as error:
        fetch(target)
    assert error.value.exit_code == code
    assert "\n" not in error.value.message
    assert not target.exists()


def test_unreachable_hub_is_an_error(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODELSCOPE_DOMAIN", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with pytest.raises(OutputError, match="modelscope cannot be reached"):
        fetch(target)


def test_invalid_list_of_files_is_an_error(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODELSCOPE_DOMAIN", f"{hub.address}/{REPOSITORY}/resolve/{COMMIT}/config.json?")
    with pytest.raises(OutputError, match="did not answer with a list of files"):
        list_repository("modelscope", REPOSITORY, None)


def test_too_small_disk_is_refused_before_any_download(hub: Hub, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**12, 10**12, (1 << 30) + expected_size(hub) - 1))
    with pytest.raises(ResourceError, match="GB free") as error:
        fetch(target)
    assert error.value.exit_code == 7
    assert not hub.served
    assert list(target.parent.iterdir()) == []
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**12, 10**12, (1 << 30) + expected_size(hub)))
    fetch(target)


def test_disk_check_counts_only_the_missing_bytes(hub: Hub, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.breaks = {LARGE: [10_000, *[0] * len(NO_WAITS), 0]}
    with pytest.raises(OutputError):
        fetch(target)
    usage = namedtuple("usage", "total used free")
    free = (1 << 30) + expected_size(hub) - hub.served.total()
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**12, 10**12, free))
    fetch(target)
    assert verify(target)[1] == []


def test_existing_folder_is_never_replaced(hub: Hub, target: Path) -> None:
    target.mkdir(parents=True)
    with pytest.raises(OutputExistsError):
        fetch(target)
    assert not hub.served


def test_only_one_pull_runs_at_a_time(hub: Hub, target: Path) -> None:
    target.parent.mkdir()
    with FileLock(target.with_name(".chat.lock")), pytest.raises(OutputError, match="another cogdoc"):
        fetch(target)
    assert not hub.served


def test_files_of_another_revision_are_not_reused(hub: Hub, target: Path) -> None:
    hub.breaks = {SHARDS[2]: [1000, *[0] * len(NO_WAITS), 0]}
    with pytest.raises(OutputError):
        fetch(target)
    changed = bytearray(hub.files[SHARDS[0]])
    changed[-1] ^= 1
    hub.files[SHARDS[0]] = bytes(changed)
    fetch(target)
    assert (target / SHARDS[0]).read_bytes() == changed
    assert verify(target)[1] == []


def test_second_owner_is_tried_if_the_first_has_no_such_repository(hub: Hub) -> None:
    hub.repository = "ZhipuAI/cogvlm2-llama3-chat-19B"
    assert list_model(MODELS["chat"], "modelscope", None).repository == hub.repository
    with pytest.raises(MissingError):
        list_model(MODELS["chinese"], "modelscope", None)
