"""The memory that the model takes, computed from its configuration, so that it is known before anything is loaded.

Imports no torch. The tests compare the plan with real allocations: weights and cache are exact, activations are never
below the real ones and at most a few percent above. `docs/cogvlm2.md` gives the figures of the published checkpoints,
and `python -m benchmarks.memory` prints more.

The plan is for `precise` arithmetic; `published` materializes attention scores where rows differ in length. Attention
is a fused kernel (flash or memory-efficient on CUDA, flash on the CPU), or processes queries in chunks. int8 products
are assumed to meet no outlier features, CPUs to have the packed kernel of bitsandbytes. The plan leaves out what
`RUNTIME_BYTES` allows for: the CUDA context, the workspaces of convolutions and matrix products, and fragmentation of
the allocator.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import astuple, dataclass, replace
from typing import TYPE_CHECKING

from cogdoc.cogvlm2.activation_memory import (
    NOTHING_OFFLOADED,
    OffloadedWeights,
    Peak,
    prefill_peak,
    step_peak,
    vision_peak,
)
from cogdoc.cogvlm2.configuration import ModelConfig
from cogdoc.cogvlm2.tensor_memory import Device, LinearShape, TensorMemory, padded

if TYPE_CHECKING:
    from cogdoc.cogvlm2.precision import VisionPrecision
    from cogdoc.cogvlm2.quantized_parts import Quantization

# On CUDA the context takes 0.3 to 0.5 GiB, depending on card and driver, and matrix products 8 to 32 MiB; the rest is
# for fragments of the allocator's blocks.
RUNTIME_BYTES = int(0.6 * 2**30)


@dataclass(frozen=True, slots=True)
class Weights:
    """Bytes of each part; for quantized layers the codes only, since `quantization_state` has their scales."""

    vision_transformer: int
    patch_embedding: int
    downsampling: int
    adapter: int
    boi_and_eoi: int
    visual_experts: int
    language_layers: int
    token_embedding: int
    output_head: int
    rotary: int
    quantization_state: int

    @property
    def total(self) -> int:
        return sum(astuple(self))


@dataclass(frozen=True, slots=True)
class MemoryPlan:
    """Bytes of weights and cache, and the peak of the activations in each pass."""

    parts: Weights
    weights: int
    """Those that stay on the device."""
    host: int
    """Weights in main memory that are copied to the device for each image; `vision` and `prompt` have the copies."""
    cache: int
    vision: Peak
    """Encoding images, one after another."""
    prompt: Peak
    """Prefilling prompts of the whole length, with an image in each row or in none, whichever takes more."""
    step: Peak
    """A decode step with the logits of its last token."""
    kept: int
    """Features, keys and values of the images that the caller keeps for further questions."""

    @property
    def resident(self) -> int:
        """Bytes that stay allocated between passes."""
        return self.weights + self.cache + self.kept

    @property
    def peak(self) -> int:
        """The most bytes at any moment, without `RUNTIME_BYTES`."""
        return self.resident + max(self.vision.size, self.prompt.size, self.step.size)


def plan(
    config: ModelConfig,
    quantization: Quantization = "nf4",
    *,
    length: int | None = None,
    batch: int = 1,
    new_tokens: int = 1,
    dtype_bytes: int = 2,
    device: Device = "cuda",
    fused_attention: bool = True,
    vision: VisionPrecision = "quantized",
    offload: bool = False,
    kept_images: int = 0,
) -> MemoryPlan:
    """Plan the memory of a batch.

    Args:
        quantization: of the linear layers, those of the vision tower only if `vision` is `quantized`.
        length: capacity of the cache in tokens of prompt and answer; None means the model's whole context.
        batch: sequences side by side, each with an image.
        new_tokens: tokens per row in a decode step: 1 without drafts, more with speculative decoding or for a question
            that continues a prefix.
        dtype_bytes: bytes of a number in the compute dtype: 2 for bf16, 4 for fp32.
        device: the device whose kernels run; they differ in their temporaries for quantized weights.
        fused_attention: whether the device has a fused kernel for attention over prompts and images.
        offload: keep what only images need in main memory, see `cogdoc.cogvlm2.offloading`.
        kept_images: images whose features and prefilled prefix the caller keeps.
    """
    length = config.max_positions if length is None else length
    memory = TensorMemory(quantization, dtype_bytes, device, fused_attention)
    vision_memory = memory
    if vision == "bf16":
        # In 16 bits as it is stored, whatever the rest computes in; see `cogdoc.cogvlm2.widened`.
        stored_width = 2 if quantization != "none" and dtype_bytes > 2 else None
        vision_memory = replace(memory, quantization="none", stored_width=stored_width)
    kept_tokens = kept_images * config.image_tokens
    host, offloaded = _offloaded(config, memory, vision_memory) if offload else (0, NOTHING_OFFLOADED)
    parts = _weights(config, memory, vision_memory)
    slots = batch * config.num_layers * (length + 1)  # the cache has an extra slot for padding
    return MemoryPlan(
        parts=parts,
        host=host,
        weights=parts.total - (_image_weights(config, parts, memory, vision_memory) if offload else 0),
        cache=memory.size(slots, 2 * config.kv_size),
        vision=vision_peak(config, vision_memory, batch, offloaded),
        prompt=prefill_peak(config, memory, batch, length, offloaded),
        step=step_peak(config, memory, batch, length, new_tokens),
        # A prefix begins with bos, which has no feature.
        kept=memory.size(kept_tokens, config.hidden_size)
        + memory.size((kept_tokens + kept_images) * config.num_layers, 2 * config.kv_size),
    )


def longest_context(
    config: ModelConfig,
    available: int,
    quantization: Quantization = "nf4",
    *,
    batch: int = 1,
    device: Device = "cuda",
    fused_attention: bool = True,
    vision: VisionPrecision = "quantized",
    offload: bool = False,
    kept_images: int = 0,
) -> int | None:
    """The most tokens whose plan in bf16 fits `available` bytes; None if bos, an image and one token do not fit."""
    lengths = range(config.image_tokens + 2, config.max_positions + 1)

    def peak(length: int) -> int:
        return plan(
            config,
            quantization,
            length=length,
            batch=batch,
            device=device,
            fused_attention=fused_attention,
            vision=vision,
            offload=offload,
            kept_images=kept_images,
        ).peak

    fitting = bisect_right(lengths, available, key=peak)
    return lengths[fitting - 1] if fitting else None


def _transformer(config: ModelConfig) -> list[LinearShape]:
    """The linear layers of the vision transformer."""
    vision = config.vision
    width, inner, count = vision.hidden_size, vision.intermediate_size, vision.num_layers
    shapes = [(width, 3 * width), (width, width), (width, inner), (inner, width)]
    return [LinearShape(*shape, count) for shape in shapes]


def _adapter(config: ModelConfig) -> list[LinearShape]:
    width, hidden, inner = config.vision.hidden_size, config.hidden_size, config.intermediate_size
    return [LinearShape(width, hidden, 1), LinearShape(hidden, inner, 2), LinearShape(inner, hidden, 1)]


def _expert(config: ModelConfig) -> list[LinearShape]:
    """The linear layers of the language experts, and equally those of the visual ones."""
    hidden, inner, layers = config.hidden_size, config.intermediate_size, config.num_layers
    return [
        LinearShape(hidden, hidden + 2 * config.kv_size, layers),
        LinearShape(hidden, hidden, layers),
        LinearShape(hidden, inner, 2 * layers),
        LinearShape(inner, hidden, layers),
    ]


def _image_weights(config: ModelConfig, parts: Weights, memory: TensorMemory, vision_memory: TensorMemory) -> int:
    """Bytes of the weights that only images need, in tensors of their own."""
    tower = parts.vision_transformer + parts.patch_embedding + parts.downsampling + parts.adapter
    state = sum(map(vision_memory.state, [*_transformer(config), *_adapter(config)]))
    return tower + state + parts.visual_experts + sum(map(memory.state, _expert(config)))


def _offloaded(config: ModelConfig, memory: TensorMemory, vision_memory: TensorMemory) -> tuple[int, OffloadedWeights]:
    """Bytes of the weights that only images need, in the blocks of `offloading`, and those of the single blocks."""
    vision, layers = config.vision, config.num_layers
    width, hidden = vision.hidden_size, config.hidden_size

    def vectors(*sizes: int) -> int:
        return sum(padded(memory.size(size, 1)) for size in sizes)

    patch = vectors(width, vision.num_positions * width, vision.in_channels * vision.patch_size**2 * width, width)
    transformer = sum(map(vision_memory.block, _transformer(config))) // vision.num_layers
    transformer += vectors(3 * width, width, vision.intermediate_size, width, *[width] * 4)
    projection = sum(map(vision_memory.block, _adapter(config))) + vectors(4 * width * width, width, hidden, hidden)
    experts = sum(map(memory.block, _expert(config))) // layers + vectors(hidden + 2 * config.kv_size)
    following = max(projection, transformer if vision.num_layers > 1 else 0)
    host = patch + vision.num_layers * transformer + projection + layers * experts
    return host, OffloadedWeights(transformer, projection, following, experts)


def _weights(config: ModelConfig, memory: TensorMemory, vision_memory: TensorMemory) -> Weights:
    """`vision_memory` is that of the vision tower's linear layers."""
    vision, hidden = config.vision, config.hidden_size
    width, layers = vision.hidden_size, config.num_layers
    transformer, adapter, expert = _transformer(config), _adapter(config), _expert(config)
    transformer_vectors = (3 * width + width + vision.intermediate_size + width) + 4 * width  # biases and two norms
    qkv_size = hidden + 2 * config.kv_size
    expert_codes = sum(map(memory.codes, expert))
    embedding = memory.size(config.vocab_size, hidden)
    patch = vision.in_channels * vision.patch_size**2 + 1
    return Weights(
        vision_transformer=sum(map(vision_memory.codes, transformer))
        + memory.size(vision.num_layers, transformer_vectors),
        patch_embedding=memory.size(patch + 1 + vision.num_positions, width),
        downsampling=memory.size(4 * width + 1, width),
        adapter=sum(map(vision_memory.codes, adapter)) + memory.size(2, hidden),
        boi_and_eoi=memory.size(2, hidden),
        visual_experts=expert_codes + memory.size(layers, qkv_size),
        language_layers=expert_codes + memory.size(2 * layers + 1, hidden),
        token_embedding=embedding,
        output_head=0 if config.tied_embeddings else embedding,
        rotary=memory.size(layers, config.head_dim // 2),
        quantization_state=sum(map(vision_memory.state, [*transformer, *adapter]))
        + sum(map(memory.state, expert))
        + sum(map(memory.decoding_state, expert)),
    )
