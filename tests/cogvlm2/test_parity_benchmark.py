"""The parity benchmark passes on correct fixtures of any kind, and notices every difference."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from parity_folders import FolderMaker, Sizes
from safetensors.torch import load_file, save_file

from benchmarks.parity.__main__ import main

SMALL = Sizes(layers=1, vision_layers=1, grid=2)
ONE_PATCH = Sizes(heads=2, kv_heads=2, head_dim=6, layers=1, vocab=40, vision_heads=1, vision_layers=1, patch=4, grid=2)
FOUR_TO_ONE = Sizes(heads=8, kv_heads=2, layers=3, vision_heads=3, vision_layers=3, patch=5, grid=6)
DEFAULT_KV_HEADS = Sizes(heads=16, kv_heads=8, head_dim=8, intermediate=50, layers=4, vocab=300, patch=14)


@pytest.fixture(autouse=True)
def _inference() -> Iterator[None]:
    with torch.inference_mode():
        yield


def lines_of(output: str) -> dict[str, str]:
    """The lines of the benchmark's output by case."""
    return {line[2:16].strip(): line for line in output.splitlines() if line.startswith("  ") and line[2:16].strip()}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("maker", "options"),
    [
        pytest.param(lambda: FolderMaker(ONE_PATCH, 1), {}, id="one patch token"),
        pytest.param(lambda: FolderMaker(FOUR_TO_ONE, 2, images=5), {"shards": 3}, id="groups of four, shards"),
        pytest.param(
            lambda: FolderMaker(DEFAULT_KV_HEADS, 3, images=1),
            {"unstated": ("num_multi_query_heads", "torch_dtype")},
            id="one image, kv heads and dtype not stated",
        ),
        pytest.param(lambda: FolderMaker(Sizes(kv_heads=4), 4, images=0), {}, id="text alone"),
        pytest.param(lambda: FolderMaker(Sizes(), 5, dtype=torch.bfloat16), {}, id="bf16"),
        pytest.param(
            lambda: FolderMaker(SMALL, 6, dtype=torch.bfloat16),
            {"unstated": ("torch_dtype",)},
            id="bf16 by its weights",
        ),
        pytest.param(lambda: FolderMaker(SMALL, 7), {"cases": ("text", "batch_left")}, id="few cases"),
        pytest.param(lambda: FolderMaker(SMALL, 8), {"cases": ("batch_right",)}, id="right padding without its single"),
        pytest.param(
            lambda: FolderMaker(SMALL, 9), {"renamed": {"image_long": "other", "single1": "x"}}, id="unknown names"
        ),
        pytest.param(
            lambda: FolderMaker(SMALL, 10),
            {"renamed": {"image": "single2", "single2": "image"}},
            id="names that usually belong to other images",
        ),
    ],
)
def test_passes_on_fixtures_of_any_sizes_and_forms(
    maker: Callable[[], FolderMaker], options: dict[str, object], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(maker().write(tmp_path / "folder", **options))]) == 0, capsys.readouterr().out


@pytest.fixture(scope="module")
def small_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with torch.inference_mode():
        cases = ("text", "image", "single1", "single2", "batch_left", "batch_right")
        return FolderMaker(SMALL, 11).write(tmp_path_factory.mktemp("parity") / "small", cases=cases)


@pytest.fixture
def copy(small_folder: Path, tmp_path: Path) -> Path:
    """A folder whose files a test may replace."""
    folder = tmp_path / "copy"
    folder.mkdir()
    for file in small_folder.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    return folder


@pytest.mark.slow
def test_any_weight_that_differs_by_a_hundredth_is_noticed(tmp_path: Path) -> None:
    """The weights are not scaled: before a norm, that would change nothing."""
    folder = FolderMaker(SMALL, 11).write(tmp_path / "folder", cases=("text", "image"))
    assert main([str(folder)]) == 0
    file = folder / "model.safetensors"
    weights = load_file(file)
    unnoticed = []
    for name in weights:
        shuffled = weights[name].flatten().roll(1).view_as(weights[name])
        save_file(weights | {name: weights[name] + 0.01 * shuffled}, file)
        if main([str(folder)]) != 1:
            unnoticed.append(name)
    # The rotary tables are computed in fp32 from the base, so the buffer is unused.
    assert unnoticed == ["model.layers.0.self_attn.rotary_emb.inv_freq"]


PARTS = ("pixel_values_1", "vit_embed", "vit_layer0", "vit_out", "image_features")
TENSORS = ("hidden_0", "kv0_k", "kv0_v", "prefill_logits", "step_logits", "tokens")


@pytest.mark.parametrize("key", [*PARTS, *(f"{case}.{name}" for case in ("text", "batch_left") for name in TENSORS)])
def test_any_expectation_that_is_missed_is_marked_in_its_line(
    key: str, copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = copy / "expected.safetensors"
    expected = load_file(file)
    off = expected[key].clone()
    off.view(-1)[-1] += 1e-3 if off.is_floating_point() else 1
    save_file(expected | {key: off}, file)
    assert main([str(copy)]) == 1
    lines = lines_of(capsys.readouterr().out)
    line = lines.pop(key.split(".")[0] if "." in key else "image part")
    assert line.endswith("OFF")
    assert line.count("!") == 1
    assert not any("OFF" in other for other in lines.values())


def test_tokens_of_the_listing_count_too(copy: Path) -> None:
    listing = json.loads((copy / "expected.json").read_text())
    listing["cases"]["image"]["tokens"][0][-1] += 1
    (copy / "expected.json").write_text(json.dumps(listing))
    assert main([str(copy)]) == 1


def test_a_row_padded_on_the_right_has_to_give_what_it_gives_alone(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = copy / "expected.safetensors"
    expected = load_file(file)
    assert not torch.equal(expected["batch_right.tokens"][0], expected["single1.tokens"][0]), "wrong as published"
    save_file(expected | {"single1.step_logits": expected["single1.step_logits"] + 1e-3}, file)
    assert main([str(copy)]) == 1
    off = {name for name, line in lines_of(capsys.readouterr().out).items() if line.endswith("OFF")}
    assert off == {"single1", "batch_right"}


@pytest.mark.slow
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_eoi_sent_to_the_wrong_expert_is_noticed(
    dtype: torch.dtype, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = FolderMaker(SMALL, 12, dtype=dtype, wrong_eoi=True).write(tmp_path / "folder")
    assert main([str(folder)]) == 1
    lines = lines_of(capsys.readouterr().out)
    assert {name for name, line in lines.items() if line.endswith("ok")} == {"image part", "text"}


def without(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def cut_short(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes()[:100])


def drop_tensor(file: str, tensor: str) -> Callable[[Path], None]:
    def drop(folder: Path) -> None:
        tensors = load_file(folder / file)
        del tensors[tensor]
        save_file(tensors, folder / file)

    return drop


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (without("expected.safetensors"), "no expected.safetensors"),
        (without("config.json"), "no config.json"),
        (without("model.safetensors"), "no model.safetensors"),
        (without("img_2.png"), "2 images"),
        (without("img_0.png"), "no img_0"),
        (cut_short("expected.safetensors"), "expected.safetensors"),
        (cut_short("model.safetensors"), "model.safetensors"),
        (cut_short("img_1.png"), "img_1.png"),
        (cut_short("expected.json"), "expected.json"),
        (drop_tensor("model.safetensors", "model.norm.weight"), "model.norm.weight"),
        (drop_tensor("expected.safetensors", "text.position_ids"), "text.position_ids"),
    ],
)
def test_an_incomplete_folder_is_reported_in_one_line_that_names_the_missing_part(
    damage: Callable[[Path], None], message: str, copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    damage(copy)
    assert main([str(copy)]) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.count("\n") == 1
    assert captured.out == ""


def test_compares_the_tensors_that_are_there(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    expected = load_file(copy / "expected.safetensors")
    omitted = ("pixel_values", "vit_", "hidden_", "kv0_", "logits")
    remaining = {name: tensor for name, tensor in expected.items() if not any(part in name for part in omitted)}
    save_file(remaining, copy / "expected.safetensors")
    (copy / "expected.json").unlink()
    assert main([str(copy)]) == 0
    assert lines_of(capsys.readouterr().out)["image"].split() == ["image", *"-----", "equal", "ok"]


@pytest.mark.parametrize("name", ["image.tokens", "image.token_type_ids", "text.hidden_0", "text.kv0_k"])
def test_tensors_of_another_shape_are_an_error_and_not_a_difference(name: str, copy: Path) -> None:
    expected = load_file(copy / "expected.safetensors")
    save_file(expected | {name: expected[name][0, :1].clone()}, copy / "expected.safetensors")
    assert main([str(copy)]) == 2


def test_a_bad_folder_does_not_keep_others_from_being_checked(
    copy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "nowhere"), str(copy)]) == 2
    captured = capsys.readouterr()
    assert "nowhere: not a folder" in captured.err
    assert "batch_right" in lines_of(captured.out)
