"""The model gives what a naive reading of its description gives, and the benchmark notices when it does not."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from naive_reference import NaiveCogVLM2
from parity_folders import ALL_CASES, FIRST_TEXT_ID, PAD, FolderMaker, Sizes, random_weights, raw_config, sizes
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import Tensor

from benchmarks.parity.__main__ import main
from cogdoc.cogvlm2.cache import allocate_cache
from cogdoc.cogvlm2.configuration import Arithmetic, parse_config
from cogdoc.cogvlm2.model import CogVLM2, collate
from cogdoc.cogvlm2.prompts import Prompt, build_prompt

FIXTURES = Path(__file__).parents[3] / "shared" / "cogvlm2" / "parity"
LIMIT = 5e-5
SLACK = 1e-3
"""Where sizes and weights are drawn anew in each run, and some magnify roundings; mistakes are far larger."""

SMALL = Sizes(layers=1, vision_layers=1, grid=2)
ONE_PATCH = Sizes(heads=2, kv_heads=2, head_dim=6, layers=1, vocab=40, vision_heads=1, vision_layers=1, patch=4, grid=2)
FOUR_TO_ONE = Sizes(heads=8, kv_heads=2, layers=3, vision_heads=3, vision_layers=3, patch=5, grid=6)
DEFAULT_KV_HEADS = Sizes(heads=16, kv_heads=8, head_dim=8, intermediate=50, layers=4, vocab=300, patch=14)

needs_fixtures = pytest.mark.skipif(not FIXTURES.is_dir(), reason="the published code's outputs are not here")


@pytest.fixture(autouse=True)
def _inference() -> Iterator[None]:
    with torch.inference_mode():
        yield


def lines_of(output: str) -> dict[str, str]:
    """The benchmark's lines by their case."""
    return {line[2:16].strip(): line for line in output.splitlines() if line.startswith("  ") and line[2:16].strip()}


# The reference itself ------------------------------------------------------------------------------------------------


@needs_fixtures
def test_the_naive_reference_gives_what_the_published_code_gave() -> None:
    folder = FIXTURES / "tiny"
    expected = load_file(folder / "expected.safetensors")
    raw = json.loads((folder / "config.json").read_text())
    reference = NaiveCogVLM2(raw, load_file(folder / "model.safetensors"))
    pixels = [reference.pixels(Image.open(folder / f"img_{number}.png")) for number in range(3)]
    parts = [reference.image_features(one) for one in pixels]
    for number in range(3):
        assert torch.equal(pixels[number], expected[f"pixel_values_{number}"])
        for name, tensor in parts[number].items():
            torch.testing.assert_close(tensor, expected[name][number], atol=LIMIT, rtol=0)
    pictures = {"text": None, "image": 0, "single1": 0, "image_long": 2, "single2": 1}
    for case, picture in pictures.items():
        own = {key.removeprefix(f"{case}."): tensor for key, tensor in expected.items() if key.startswith(f"{case}.")}
        ids, types = own["input_ids"][0].tolist(), own["token_type_ids"][0].tolist()
        positions = reference.positions(types)
        assert positions == own["position_ids"][0].tolist()
        features = None if picture is None else parts[picture]["image_features"]
        read = reference.read(ids, types, positions, features)
        for layer, hidden in enumerate(read.hidden):
            torch.testing.assert_close(hidden, own[f"hidden_{layer}"][0], atol=LIMIT, rtol=0)
        torch.testing.assert_close(read.first_keys, own["kv0_k"][0], atol=LIMIT, rtol=0)
        torch.testing.assert_close(read.first_values, own["kv0_v"][0], atol=LIMIT, rtol=0)
        torch.testing.assert_close(read.logits, own["prefill_logits"][0], atol=LIMIT, rtol=0)
        tokens, logits = reference.decode(ids, types, positions, features, own["tokens"].shape[1])
        assert tokens == own["tokens"][0].tolist()
        torch.testing.assert_close(logits, own["step_logits"][0], atol=LIMIT, rtol=0)


# The benchmark -------------------------------------------------------------------------------------------------------


@needs_fixtures
def test_the_model_gives_what_the_published_code_gave(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(FIXTURES / "tiny"), str(FIXTURES / "tiny_bf16")]) == 0
    output = capsys.readouterr().out
    assert "float32, precise arithmetic" in output
    assert "bfloat16, published arithmetic" in output
    assert set(lines_of(output)) == {"image part", *ALL_CASES}


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
            id="names that usually stand for other pictures",
        ),
    ],
)
def test_passes_on_folders_that_nobody_has_seen(
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
    """A folder whose files may be replaced."""
    folder = tmp_path / "copy"
    folder.mkdir()
    for file in small_folder.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    return folder


def test_any_weight_that_differs_by_a_hundredth_is_noticed(copy: Path) -> None:
    """The disturbance is no factor: where a norm follows, that would rightly change nothing."""
    assert main([str(copy)]) == 0
    file = copy / "model.safetensors"
    weights = load_file(file)
    unnoticed = []
    for name in weights:
        shuffled = weights[name].flatten().roll(1).view_as(weights[name])
        save_file(weights | {name: weights[name] + 0.01 * shuffled}, file)
        if main([str(copy)]) != 1:
            unnoticed.append(name)
    # The tables are computed in fp32 from the base, so the buffer is not used.
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
    ("damage", "said"),
    [
        (without("expected.safetensors"), "no expected.safetensors"),
        (without("config.json"), "no config.json"),
        (without("model.safetensors"), "no model.safetensors"),
        (without("img_2.png"), "2 pictures"),
        (without("img_0.png"), "no img_0"),
        (cut_short("expected.safetensors"), "expected.safetensors"),
        (cut_short("model.safetensors"), "model.safetensors"),
        (cut_short("img_1.png"), "img_1.png"),
        (cut_short("expected.json"), "expected.json"),
        (drop_tensor("model.safetensors", "model.norm.weight"), "model.norm.weight"),
        (drop_tensor("expected.safetensors", "text.position_ids"), "text.position_ids"),
    ],
)
def test_says_in_a_line_what_a_folder_lacks(
    damage: Callable[[Path], None], said: str, copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    damage(copy)
    assert main([str(copy)]) == 2
    told = capsys.readouterr()
    assert said in told.err
    assert told.err.count("\n") == 1
    assert told.out == ""


def test_checks_what_there_is_where_tensors_are_left_out(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    expected = load_file(copy / "expected.safetensors")
    left_out = ("pixel_values", "vit_", "hidden_", "kv0_", "logits")
    kept = {name: tensor for name, tensor in expected.items() if not any(part in name for part in left_out)}
    save_file(kept, copy / "expected.safetensors")
    (copy / "expected.json").unlink()
    assert main([str(copy)]) == 0
    assert lines_of(capsys.readouterr().out)["image"].split() == ["image", *"-----", "equal", "ok"]


@pytest.mark.parametrize("name", ["image.tokens", "image.token_type_ids", "text.hidden_0", "text.kv0_k"])
def test_tensors_of_another_shape_are_told_from_differences(name: str, copy: Path) -> None:
    expected = load_file(copy / "expected.safetensors")
    save_file(expected | {name: expected[name][0, :1].clone()}, copy / "expected.safetensors")
    assert main([str(copy)]) == 2


def test_a_bad_folder_does_not_keep_others_from_being_checked(
    copy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "nowhere"), str(copy)]) == 2
    told = capsys.readouterr()
    assert "nowhere: not a folder" in told.err
    assert "batch_right" in lines_of(told.out)


# The model -----------------------------------------------------------------------------------------------------------


def build(size: Sizes, weights: dict[str, Tensor], arithmetic: Arithmetic = "precise") -> CogVLM2:
    with torch.device("meta"):
        model = CogVLM2(parse_config(raw_config(size)), arithmetic)
    model.load_state_dict(weights, assign=True)
    return model.eval().requires_grad_(False)


def read_and_step(
    model: CogVLM2, prompts: list[Prompt], features: Tensor | None, following: list[list[int]]
) -> list[Tensor]:
    """Each row's logits (length + steps, vocab_size), the tokens in `following` read one at a time."""
    batch = collate(prompts, PAD, model.device)
    steps = len(following[0])
    cache = allocate_cache(model.config, len(prompts), batch.token_ids.shape[1] + steps, model.dtype, model.device)
    hidden = model.prefill(batch, features, cache)
    rows = [[model.logits(hidden[row, :length])] for row, length in enumerate(batch.lengths)]
    slots = torch.tensor(batch.lengths)[:, None]
    positions = torch.tensor([prompt.positions[-1] + 1 for prompt in prompts])[:, None]
    for step in range(steps):
        tokens = torch.tensor([row[step] for row in following])[:, None]
        logits = model.logits(model.decode_step(tokens, positions + step, slots + step, cache))
        for row, said in zip(rows, logits, strict=True):
            row.append(said)
    return [torch.cat(row) for row in rows]


@settings(max_examples=25)
@given(sizes(), st.data())
def test_mixed_batches_of_any_sizes_give_what_the_naive_reference_gives(size: Sizes, data: st.DataObject) -> None:
    with torch.inference_mode():
        generator = torch.Generator().manual_seed(data.draw(st.integers(0, 1000)))
        weights = random_weights(size, generator)
        model, reference = build(size, weights), NaiveCogVLM2(raw_config(size), weights)
        rows = data.draw(st.lists(st.tuples(st.booleans(), st.integers(0, 12)), min_size=1, max_size=4))
        pixels = torch.randn(len(rows), 3, *[size.patch * size.grid] * 2, generator=generator)
        features = model.image_features(pixels)
        prompts, following, expected = [], [], []
        for row, (with_image, length) in enumerate(rows):
            text = torch.randint(FIRST_TEXT_ID, size.vocab, (length + 3,), generator=generator).tolist()
            prompts.append(build_prompt(model.config, text[:length], with_image))
            following.append(text[length:])
            types = [*prompts[-1].token_types, 0, 0, 0]
            naive = reference.image_features(pixels[row])["image_features"]
            torch.testing.assert_close(features[row], naive, atol=SLACK, rtol=SLACK)
            read = reference.read(
                [*prompts[-1].token_ids, *text[length:]],
                types,
                reference.positions(types),
                naive if with_image else None,
            )
            expected.append(read.logits)
        with_image = [row for row, (image, _) in enumerate(rows) if image]
        logits = read_and_step(model, prompts, features[with_image] if with_image else None, following)
        for mine, theirs in zip(logits, expected, strict=True):
            torch.testing.assert_close(mine, theirs, atol=SLACK, rtol=SLACK)


def test_each_norm_has_its_own_epsilon() -> None:
    """Only faint numbers show it: here what is normalized has a variance about as large as the epsilon."""
    faint = {"embed_tokens.weight": 3e-3, "linear_proj.linear_proj.weight": 3e-3, "attention.dense": 1e-3, "fc2": 1e-3}
    weights = random_weights(SMALL, torch.Generator().manual_seed(6))
    for name in weights:
        weights[name] *= next((factor for part, factor in faint.items() if part in name), 1)
    model, reference = build(SMALL, weights), NaiveCogVLM2(raw_config(SMALL), weights)
    pixels = torch.randn(1, 3, 12, 12, generator=torch.Generator().manual_seed(7))
    expected = reference.image_features(pixels[0])["image_features"]
    torch.testing.assert_close(model.image_features(pixels)[0], expected, atol=LIMIT, rtol=0)
    prompt = build_prompt(model.config, range(10, 20), with_image=False)
    (logits,) = read_and_step(model, [prompt], None, [[]])
    read = reference.read(prompt.token_ids, prompt.token_types, prompt.positions, None)
    torch.testing.assert_close(logits, read.logits, atol=LIMIT, rtol=0)


def test_shared_key_heads_act_as_copies_for_each_query_head() -> None:
    shared = Sizes(heads=8, kv_heads=2, head_dim=6)
    separate = replace(shared, kv_heads=8)
    weights = random_weights(shared, torch.Generator().manual_seed(3))

    def unshare(name: str, tensor: Tensor) -> Tensor:
        if "expert_query_key_value" not in name:
            return tensor
        query, *pairs = tensor.split([48, 12, 12])
        return torch.cat([query, *(pair.unflatten(0, (2, 6)).repeat_interleave(4, 0).flatten(0, 1) for pair in pairs)])

    copied = {name: unshare(name, tensor) for name, tensor in weights.items()}
    model = build(shared, weights)
    features = model.image_features(torch.randn(1, 3, 24, 24, generator=torch.Generator().manual_seed(4)))
    prompts = [build_prompt(model.config, range(10, 20), with_image=True)]
    (mine,) = read_and_step(model, prompts, features, [[30, 31]])
    (theirs,) = read_and_step(build(separate, copied), prompts, features, [[30, 31]])
    torch.testing.assert_close(mine, theirs, atol=LIMIT, rtol=0)


def test_the_two_arithmetics_differ_in_bf16_and_nowhere_else() -> None:
    size = Sizes(head_dim=32)
    weights = random_weights(size, torch.Generator().manual_seed(5))
    bf16 = {name: tensor.bfloat16() for name, tensor in weights.items()}
    prompts = [build_prompt(parse_config(raw_config(size)), [7 + i % 100 for i in range(300)], with_image=False)]

    def logits(weights: dict[str, Tensor], arithmetic: Arithmetic) -> Tensor:
        return read_and_step(build(size, weights, arithmetic), prompts, None, [[9, 9]])[0]

    torch.testing.assert_close(logits(weights, "published"), logits(weights, "precise"), atol=LIMIT, rtol=0)
    truth = logits({name: tensor.float() for name, tensor in bf16.items()}, "float32")
    published, default = (
        (logits(bf16, arithmetic) - truth).square().mean().sqrt() for arithmetic in ("published", "precise")
    )
    assert default < 0.7 * published
    naive = NaiveCogVLM2(raw_config(size), bf16)
    ids, types = [*prompts[0].token_ids, 9, 9], [0] * 303
    as_published = naive.read(ids, types, naive.positions(types), None).logits
    assert (logits(bf16, "published") - as_published).square().mean().sqrt() < 0.5 * published
