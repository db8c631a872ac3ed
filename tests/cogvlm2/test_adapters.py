"""LoRA adapters that PEFT saved: cogdoc's model gives what PEFT's gives, beside the weights and merged into them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import Tensor

from cogdoc.cogvlm2.adapters import read_adapter
from cogdoc.cogvlm2.batch import prefill
from cogdoc.cogvlm2.loading import load_model
from cogdoc.cogvlm2.lora import LoraLinear, apply_adapter
from cogdoc.cogvlm2.merging import write_merged
from cogdoc.cogvlm2.model import CogVLM2
from cogdoc.cogvlm2.pixels import to_pixels
from cogdoc.cogvlm2.prompts import apply_template
from cogdoc.cogvlm2.session import load_session
from cogdoc.cogvlm2.writing import write_quantized
from cogdoc.errors import CheckpointError, ConfigurationError, OutputExistsError, UsageError
from samples.pocket import MODEL

pytestmark = pytest.mark.filterwarnings("ignore")

# The published fine-tuning script adapts the first, or only the output head; ms-swift's pattern is like the third.
PUBLISHED: dict[str, Any] = {"target_modules": ["vision_expert_query_key_value"], "r": 4, "lora_alpha": 32}
KINDS: dict[str, dict[str, Any]] = {
    "published": PUBLISHED,
    "output head": {"target_modules": ["lm_head"], "r": 4, "lora_alpha": 8},
    "all layers by a pattern": {
        "target_modules": r"^model\.layers\..*(dense|proj|query_key_value)$",
        "r": 2,
        "lora_alpha": 8,
        "use_rslora": True,
    },
    "vision tower": {"target_modules": ["query_key_value", "fc1", "dense_4h_to_h"], "r": 3, "lora_alpha": 6},
    "own ranks": {
        "target_modules": ["language_expert_dense", "vision_expert_dense"],
        "r": 4,
        "lora_alpha": 8,
        "rank_pattern": {"layers.1.self_attn.vision_expert_dense": 2},
        "alpha_pattern": {"language_expert_dense": 12},
    },
    "biases": {
        "target_modules": ["vision_expert_query_key_value", "fc1"],
        "r": 2,
        "lora_alpha": 4,
        "bias": "lora_only",
    },
    "whole modules": {
        "target_modules": ["gate_proj"],
        "r": 2,
        "lora_alpha": 4,
        "modules_to_save": ["lm_head", "norm1"],
    },
}


def save_adapter(folder: Path, settings: dict[str, Any], **options: Any) -> Callable[..., Tensor]:
    """Save an adapter with random weights, and return the model that PEFT makes of it."""
    import peft  # takes seconds, which tests of other files do not need
    import transformers

    from cogdoc.cogvlm2.transformers import CogVLM2ForConditionalGeneration

    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    torch.manual_seed(4)
    base = CogVLM2ForConditionalGeneration.from_pretrained(MODEL, dtype="float32")
    adapted = peft.get_peft_model(base, peft.LoraConfig(task_type="CAUSAL_LM", **settings))
    with torch.no_grad():
        for name, parameter in adapted.named_parameters():
            if parameter.requires_grad:
                scale = 1.0 if "lora_A" in name else 0.02
                parameter += scale * torch.randn_like(parameter) * parameter.shape[-1] ** -0.5
    adapted.save_pretrained(folder, **options)
    adapted.eval()

    def logits(ids: Tensor, types: Tensor, pixels: Tensor) -> Tensor:
        with torch.no_grad():
            output: Tensor = adapted(input_ids=ids, token_type_ids=types, pixel_values=pixels).logits[:, -1]
        return output

    return logits


@pytest.fixture(scope="module")
def inputs() -> dict[str, Any]:
    session = load_session(MODEL)
    with Image.open(MODEL.parent / "form-1.png") as picture:
        pixels = to_pixels(picture, session.model.config.vision)
    prompt = session.prompt(apply_template("vqa", "What is the total?"))
    return {"prompt": prompt, "pixels": pixels[None]}


@torch.inference_mode()
def own_logits(model: CogVLM2, inputs: dict[str, Any]) -> Tensor:
    features = model.image_features(inputs["pixels"])
    return prefill(model, [inputs["prompt"]], features, max_new_tokens=1).take_next_logits().float()


def expected_logits(peft_model: Callable[..., Tensor], inputs: dict[str, Any]) -> Tensor:
    prompt = inputs["prompt"]
    return peft_model(torch.tensor([prompt.token_ids]), torch.tensor([prompt.token_types]), inputs["pixels"])


def fp32() -> CogVLM2:
    return load_model(MODEL, dtype=torch.float32)


@pytest.mark.parametrize("kind", KINDS)
def test_an_adapter_gives_what_it_gives_in_peft(tmp_path: Path, inputs: dict[str, Any], kind: str) -> None:
    expected = expected_logits(save_adapter(tmp_path / "adapter", KINDS[kind]), inputs)
    model = fp32()
    plain = own_logits(model, inputs)
    apply_adapter(model, read_adapter(tmp_path / "adapter"))
    torch.testing.assert_close(own_logits(model, inputs), expected, atol=2e-4, rtol=1e-4)
    assert float((plain - expected).abs().max()) > 0.02
    write_merged(MODEL, tmp_path / "adapter", tmp_path / "merged")
    merged = load_model(tmp_path / "merged", dtype=torch.float32)
    # Stored in bf16, as the checkpoint.
    assert float((own_logits(merged, inputs) - expected).abs().max()) < 0.1 * float(expected.abs().max())


def test_embeddings_that_the_published_script_saves_along_are_loaded(tmp_path: Path, inputs: dict[str, Any]) -> None:
    peft_model = save_adapter(tmp_path, KINDS["output head"], save_embedding_layers=True)
    assert any(
        "embed_tokens" in key or "base_layer" in key for key in load_file(tmp_path / "adapter_model.safetensors")
    )
    model = fp32()
    apply_adapter(model, read_adapter(tmp_path))
    torch.testing.assert_close(own_logits(model, inputs), expected_logits(peft_model, inputs), atol=2e-4, rtol=1e-4)


def test_keys_without_pefts_prefix_and_with_the_adapters_name_are_understood(tmp_path: Path) -> None:
    save_adapter(tmp_path / "adapter", PUBLISHED)
    weights = load_file(tmp_path / "adapter" / "adapter_model.safetensors")
    renamed = {
        key.removeprefix("base_model.model.").replace(".weight", ".default.weight"): value
        for key, value in weights.items()
    }
    (tmp_path / "other").mkdir()
    save_file(renamed, tmp_path / "other" / "adapter_model.safetensors")
    (tmp_path / "other" / "adapter_config.json").write_text((tmp_path / "adapter" / "adapter_config.json").read_text())
    assert read_adapter(tmp_path / "other").updates.keys() == read_adapter(tmp_path / "adapter").updates.keys()


@pytest.mark.parametrize("quantization", ["nf4", "int8"])
def test_quantized_layers_keep_their_codes_beside_the_update(
    tmp_path: Path, inputs: dict[str, Any], quantization: Any
) -> None:
    settings = {"target_modules": ["vision_expert_query_key_value", "language_mlp.down_proj", "fc1"], "r": 4}
    save_adapter(tmp_path / "adapter", settings | {"lora_alpha": 4, "modules_to_save": ["norm1"]})
    model, plain = (load_model(MODEL, quantization=quantization) for _ in range(2))
    apply_adapter(model, read_adapter(tmp_path / "adapter"))
    name = "model.layers.0.mlp.language_mlp.down_proj"
    layer: Any = model.get_submodule(name)
    base: Any = plain.get_submodule(name)
    assert isinstance(layer, LoraLinear)
    stored = "codes" if quantization == "nf4" else "weight"
    assert torch.equal(getattr(layer.base, stored), getattr(base, stored))
    hidden = torch.randn(3, 192, dtype=torch.bfloat16, generator=torch.Generator().manual_seed(1))
    update = hidden @ layer.down.T @ layer.up.T
    torch.testing.assert_close(layer(hidden) - base(hidden), update, atol=0.05, rtol=0.05)
    assert float((own_logits(model, inputs) - own_logits(plain, inputs)).abs().max()) > 0.02


@pytest.mark.parametrize("kind", ["vision tower", "whole modules"])
def test_an_adapter_of_offloaded_layers_gives_the_same(tmp_path: Path, inputs: dict[str, Any], kind: str) -> None:
    save_adapter(tmp_path, KINDS[kind])
    adapter = read_adapter(tmp_path)
    whole, offloaded = (load_session(MODEL, adapter=adapter, offload=offload).model for offload in (False, True))
    assert torch.equal(own_logits(offloaded, inputs), own_logits(whole, inputs))


def test_an_adapter_of_other_layers_is_refused_with_those_that_exist(tmp_path: Path) -> None:
    save_adapter(tmp_path, PUBLISHED)
    weights = load_file(tmp_path / "adapter_model.safetensors")
    other = {key.replace("vision_expert_query_key_value", "q_proj"): value for key, value in weights.items()}
    save_file(other, tmp_path / "adapter_model.safetensors")
    with pytest.raises(ConfigurationError, match=r"does not have: model\.layers\.0\.self_attn\.q_proj") as caught:
        load_session(MODEL, adapter=read_adapter(tmp_path))
    assert "vision_expert_query_key_value" in str(caught.value.hint)
    assert caught.value.exit_code == 9


def test_an_adapter_of_another_size_is_refused(tmp_path: Path) -> None:
    save_adapter(tmp_path, PUBLISHED)
    weights = load_file(tmp_path / "adapter_model.safetensors")
    wide = {key: torch.zeros(4, 4096) if "lora_A" in key else value for key, value in weights.items()}
    save_file(wide, tmp_path / "adapter_model.safetensors")
    with pytest.raises(ConfigurationError, match=r"has the shape \[4, 4096\], but the model needs \[4, 128\]"):
        apply_adapter(fp32(), read_adapter(tmp_path))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"peft_type": "LOHA"}, "of the kind LOHA, cogdoc applies LORA"),
        ({"use_dora": True}, "uses DoRA"),
        ({"init_lora_weights": "pissa_niter_4"}, "pissa_niter_4, which changes the model's own weights"),
        ({"layer_replication": [[0, 1]]}, "replicated layers"),
        ({"r": 5}, "states the rank 5 for .*, but .* has 4"),
        ({"lora_alpha": None}, "no valid lora_alpha"),
        ({"alpha_pattern": {"(a|a)*b": 1}, "lora_alpha": "x"}, "no valid lora_alpha"),
    ],
)
def test_what_cogdoc_cannot_apply_is_refused_by_name(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    save_adapter(tmp_path, PUBLISHED)
    settings = json.loads((tmp_path / "adapter_config.json").read_text())
    (tmp_path / "adapter_config.json").write_text(json.dumps(settings | change))
    with pytest.raises(ConfigurationError, match=message):
        read_adapter(tmp_path)


def test_incomplete_adapters_are_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"no adapter_config\.json"):
        read_adapter(tmp_path)
    save_adapter(tmp_path, PUBLISHED)
    weights = load_file(tmp_path / "adapter_model.safetensors")
    save_file(
        {key: value for key, value in weights.items() if "lora_B" not in key}, tmp_path / "adapter_model.safetensors"
    )
    with pytest.raises(CheckpointError, match="is not a pair of matrices"):
        read_adapter(tmp_path)
    (tmp_path / "adapter_model.safetensors").unlink()
    (tmp_path / "adapter_model.bin").touch()
    with pytest.raises(CheckpointError, match="no adapter_model") as caught:
        read_adapter(tmp_path)
    assert caught.value.hint is not None


def test_another_adapter_has_another_digest(tmp_path: Path) -> None:
    save_adapter(tmp_path, PUBLISHED)
    first = read_adapter(tmp_path)
    settings = json.loads((tmp_path / "adapter_config.json").read_text())
    (tmp_path / "adapter_config.json").write_text(json.dumps(settings | {"lora_alpha": 33}))
    assert read_adapter(tmp_path).digest != first.digest
    assert str(first) == f"{tmp_path.name} sha256:{first.digest}"


def test_a_quantized_checkpoint_is_not_merged_and_nothing_is_overwritten(tmp_path: Path) -> None:
    save_adapter(tmp_path / "adapter", PUBLISHED)
    write_quantized(MODEL, tmp_path / "nf4")
    with pytest.raises(UsageError, match="quantized already"):
        write_merged(tmp_path / "nf4", tmp_path / "adapter", tmp_path / "merged")
    with pytest.raises(OutputExistsError, match="exists"):
        write_merged(MODEL, tmp_path / "adapter", tmp_path / "nf4")
    assert not (tmp_path / "merged").exists()


def test_an_offloaded_model_is_adapted_too(tmp_path: Path, inputs: dict[str, Any]) -> None:
    settings = {"target_modules": ["vision_expert_query_key_value", "language_mlp.down_proj", "fc1"], "r": 4}
    save_adapter(tmp_path, settings | {"lora_alpha": 4})
    adapter = read_adapter(tmp_path)
    near, far = (
        own_logits(load_session(MODEL, quantization="nf4", adapter=adapter, offload=offload).model, inputs)
        for offload in (False, True)
    )
    assert torch.equal(near, far)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("quantization", ["nf4", "int8", "none"])
def test_an_adapter_on_cuda_computes_what_it_computes_on_the_cpu(
    tmp_path: Path, inputs: dict[str, Any], quantization: Any
) -> None:
    save_adapter(tmp_path, KINDS["all layers by a pattern"])
    adapter = read_adapter(tmp_path)
    here, there = (
        own_logits(load_session(MODEL, quantization=quantization, device=device, adapter=adapter).model, inputs).cpu()
        for device in ("cpu", "cuda")
    )
    assert float((there - here).norm() / here.norm()) < 0.03
