"""How much memory the model takes, by arithmetic alone, so that it can be said before anything is loaded.

Needs no deep learning library. The tests hold it against what is really allocated: weights and cache are exact,
activations are never below it and at most a few percent above.

What it says of the published checkpoint stands in `docs/cogvlm2.md`, and `python -m benchmarks.memory` prints more.

It is a plan of `precise` arithmetic; the `published` one writes out attention scores where rows differ in length.
Not counted: kernels' own workspace. Attention is taken to be a fused kernel (flash or memory-efficient on CUDA, flash
on the CPU), which needs no more than a log-sum for each query and head. What CUDA, convolutions and matrix products
take for themselves, and what the allocator holds but cannot use, is `RUNTIME_BYTES`. An int8 product is taken to meet
no outlier features. A CPU is taken to have bitsandbytes' packed kernel. Prefixes kept for later questions and the
caller's pictures come on top.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass
from math import ceil
from typing import TYPE_CHECKING, Literal

from cogdoc.cogvlm2.configuration import ModelConfig

if TYPE_CHECKING:
    from cogdoc.cogvlm2.quantization import Quantization

Device = Literal["cuda", "cpu"]

# On CUDA: the context takes 0.3 to 0.5 GiB by card and driver, matrix products 8 to 32 MiB, the rest is for pieces of
# the allocator's blocks that nothing fits into.
RUNTIME_BYTES = int(0.6 * 2**30)

# These repeat `quantizing.BLOCK` and `SCALE_BLOCK`, whose module needs torch.
BLOCK = 64
SCALE_BLOCK = 256

FLOAT32 = 4
INT64 = 8
CODE_TABLES = (16 + 256) * FLOAT32  # NF4's 16 values, and the 256 of the 8-bit scales


@dataclass(frozen=True, slots=True)
class Weights:
    """Bytes of each part; of quantized layers the codes alone, their scales being `quantization_state`."""

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
class Peak:
    """The most bytes that are alive at once beside what is resident, and when."""

    size: int
    moment: str


@dataclass(frozen=True, slots=True)
class MemoryPlan:
    """What is in memory, in bytes. Nothing of it is an estimate except as the module says."""

    parts: Weights
    cache: int
    vision: Peak
    """Turning pictures into image features, one picture after another."""
    prompt: Peak
    """Reading prompts that fill the whole context, with an image in each row or in none, whatever takes more."""
    step: Peak
    """Reading tokens that follow, with the last one's logits."""

    @property
    def weights(self) -> int:
        return self.parts.total

    @property
    def resident(self) -> int:
        """What stays for as long as the model reads."""
        return self.weights + self.cache

    @property
    def peak(self) -> int:
        """The most at any moment. What the device needs for itself (`RUNTIME_BYTES` on CUDA) comes on top."""
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
) -> MemoryPlan:
    """What reading takes.

    Args:
        length: tokens of prompt and answer that the cache has room for; None means the model's whole context.
        batch: conversations side by side, each with an image.
        new_tokens: read at once in each row behind what the cache holds: 1 when decoding, more when drafts are
            verified or a question follows a prefix that was kept.
        dtype_bytes: of what is computed in: 2 for bf16, 4 for fp32.
        device: whose kernels run; they differ in what they need for quantized weights.
    """
    length = config.max_positions if length is None else length
    costs = _Costs(quantization, dtype_bytes, device)
    slots = batch * config.num_layers * (length + 1)  # the cache has one more than tokens, for padding
    return MemoryPlan(
        parts=_weights(config, costs),
        cache=costs.size(slots, 2 * config.kv_size),
        vision=_vision_peak(config, costs, batch),
        prompt=_prompt_peak(config, costs, batch, length),
        step=_step_peak(config, costs, batch, length, new_tokens),
    )


def longest_context(
    config: ModelConfig, available: int, quantization: Quantization = "nf4", *, batch: int = 1, device: Device = "cuda"
) -> int | None:
    """The most tokens whose plan in bf16 fits `available` bytes; None where bos, an image and one token do not."""
    lengths = range(config.image_tokens + 2, config.max_positions + 1)

    def peak(length: int) -> int:
        return plan(config, quantization, length=length, batch=batch, device=device).peak

    fitting = bisect_right(lengths, available, key=peak)
    return lengths[fitting - 1] if fitting else None


@dataclass(frozen=True, slots=True)
class _Linear:
    """A linear layer as quantization sees it, and how many there are of its shape."""

    inputs: int
    outputs: int
    count: int


@dataclass(frozen=True, slots=True)
class _Costs:
    """What tensors and products take, given how numbers are stored."""

    quantization: Quantization
    width: int
    """Bytes of a number that is not quantized."""
    device: Device

    def size(self, rows: int, columns: int) -> int:
        return rows * columns * self.width

    def codes(self, layer: _Linear) -> int:
        """The weights of such layers, without what `state` counts."""
        parameters = layer.inputs * layer.outputs
        each = {"none": parameters * self.width, "nf4": ceil(parameters / 2), "int8": parameters}[self.quantization]
        return layer.count * each

    def state(self, layer: _Linear) -> int:
        """NF4: a byte for each block, an fp32 scale for 256 of them, an fp32 offset, code tables; int8: row scales."""
        blocks = ceil(layer.inputs * layer.outputs / BLOCK)
        nf4 = blocks + FLOAT32 * ceil(blocks / SCALE_BLOCK) + FLOAT32 + CODE_TABLES
        each = {"none": 0, "nf4": nf4, "int8": FLOAT32 * layer.outputs}[self.quantization]
        return layer.count * each

    def decoding_state(self, layer: _Linear) -> int:
        """Layers that decode in bf16 on a CPU have packed codes, whose scales are bf16 without any of their own."""
        fits = layer.outputs % 32 == 0 and layer.inputs % BLOCK == 0
        if self.quantization == "nf4" and self.device == "cpu" and self.width < FLOAT32 and fits:
            return layer.count * (2 * (layer.inputs * layer.outputs // BLOCK) + 16 * FLOAT32)
        return self.state(layer)

    def product(self, tokens: int, inputs: int, outputs: int) -> int:
        """The peak while `tokens` pass a linear layer: the output, and what else is alive beside the input.

        NF4, by bitsandbytes' `gemm_4bit`: the weight expanded to the computing dtype, and each block's scale in fp32
        twice. A fused kernel would need neither, but whether one is taken depends on tokens, shape and card.

        int8, by bitsandbytes' `MatMul8bitLt`: first the input in fp16, its magnitudes in fp16, and a mask; then the
        input's codes and row scales, the product in int32, in fp16 and in the computing dtype. The CPU's kernels
        compute in fp32: input, mask and two fp32 copies; then codes, the product in int32 and three times in fp32.
        """
        out, read, made = self.size(tokens, outputs), tokens * inputs, tokens * outputs
        if self.quantization == "none":
            return out
        if self.quantization == "nf4":
            return out + self.size(inputs, outputs) + 2 * FLOAT32 * ceil(inputs * outputs / BLOCK)
        coding, scaling = (2 + 2 + 1, 4 + 2 + self.width) if self.device == "cuda" else (2 + 1 + 4 + 4, 4 * 4)
        return max(coding * read, read + scaling * made) + FLOAT32 * tokens

    def rms_norm(self, tokens: int, columns: int) -> int:
        """Three fp32 tensors at once: the input, scaled, and weighted; an fp32 input is no new tensor."""
        return tokens * columns * FLOAT32 * (3 if self.width < FLOAT32 else 2)

    def rotated(self, tokens: int, columns: int) -> int:
        """The turned halves, two products with the fp32 tables, and their sum."""
        return self.size(tokens, columns) + 3 * FLOAT32 * tokens * columns


def _weights(config: ModelConfig, costs: _Costs) -> Weights:
    vision, hidden, inner = config.vision, config.hidden_size, config.intermediate_size
    width, layers = vision.hidden_size, config.num_layers
    transformer = [
        _Linear(width, 3 * width, vision.num_layers),
        _Linear(width, width, vision.num_layers),
        _Linear(width, vision.intermediate_size, vision.num_layers),
        _Linear(vision.intermediate_size, width, vision.num_layers),
    ]
    transformer_vectors = (3 * width + width + vision.intermediate_size + width) + 4 * width  # biases, two norms
    adapter = [_Linear(width, hidden, 1), _Linear(hidden, inner, 2), _Linear(inner, hidden, 1)]
    qkv_size = hidden + 2 * config.kv_size
    expert = [
        _Linear(hidden, qkv_size, layers),
        _Linear(hidden, hidden, layers),
        _Linear(hidden, inner, 2 * layers),
        _Linear(inner, hidden, layers),
    ]
    expert_codes = sum(map(costs.codes, expert))
    embedding = costs.size(config.vocab_size, hidden)
    patch = vision.in_channels * vision.patch_size**2 + 1
    return Weights(
        vision_transformer=sum(map(costs.codes, transformer)) + costs.size(vision.num_layers, transformer_vectors),
        patch_embedding=costs.size(patch + 1 + vision.num_positions, width),
        downsampling=costs.size(4 * width + 1, width),
        adapter=sum(map(costs.codes, adapter)) + costs.size(2, hidden),
        boi_and_eoi=costs.size(2, hidden),
        visual_experts=expert_codes + costs.size(layers, qkv_size),
        language_layers=expert_codes + costs.size(2 * layers + 1, hidden),
        token_embedding=embedding,
        output_head=0 if config.tied_embeddings else embedding,
        rotary=costs.size(layers, config.head_dim // 2),
        quantization_state=sum(map(costs.state, [*transformer, *adapter, *expert]))
        + sum(map(costs.decoding_state, expert)),
    )


def _vision_peak(config: ModelConfig, costs: _Costs, batch: int) -> Peak:
    """The last of `batch` pictures in the vision tower.

    Always alive: its pixels and the features of the pictures before it. In the transformer also the first layer's
    input, which the caller's arguments hold, and the running layer's. Attention has queries, keys and values in one
    tensor and its result beside it, the MLP what gelu takes and gives, the adapter what a decoder's MLP has.
    """
    vision, hidden, inner = config.vision, config.hidden_size, config.intermediate_size
    width, length, patches = vision.hidden_size, vision.num_positions, config.patch_tokens
    state = costs.size(length, width)
    wide = costs.size(length, vision.intermediate_size)
    tokens, gated = costs.size(patches, hidden), costs.size(patches, inner)
    features = costs.size(config.image_tokens, hidden)
    held = min(2, vision.num_layers) * state
    mlp = held + state  # its input is new
    projected = state + costs.size(patches, width)  # the transformer's output and the convolution's
    stages = {
        "vision attention: query_key_value": held + costs.product(length, width, 3 * width),
        "vision attention: scores": held + 4 * state + FLOAT32 * length * vision.num_heads,
        "vision attention: dense": held + 4 * state + costs.product(length, width, width),
        "vision MLP: fc1": mlp + costs.product(length, width, vision.intermediate_size),
        "vision MLP: gelu": mlp + 2 * wide,
        "vision MLP: fc2": mlp + wide + costs.product(length, vision.intermediate_size, width),
        "adapter: linear_proj": projected + costs.product(patches, width, hidden),
        "adapter: gate_proj": projected + tokens + costs.product(patches, hidden, inner),
        "adapter: dense_h_to_4h": projected + tokens + gated + costs.product(patches, hidden, inner),
        "adapter: gate times dense_h_to_4h": projected + tokens + 3 * gated,
        "adapter: dense_4h_to_h": projected + tokens + gated + costs.product(patches, inner, hidden),
        "boi and eoi added": projected + tokens + features,
    }
    pixels = costs.size(vision.in_channels, vision.image_size**2)
    last = _highest(stages, pixels + (batch - 1) * features)
    return _higher(last, Peak(2 * batch * features, "image features joined"))


def _prompt_peak(config: ModelConfig, costs: _Costs, batch: int, length: int) -> Peak:
    """Prompts of `length` tokens in each row, and the last one's logits.

    Always alive: ids and positions, the rotary tables, and the embeddings, which the caller holds. With images also
    their features and the lists of tokens by expert.
    """
    tokens = batch * length
    given = 2 * INT64 * tokens
    plain = _decoder_peak(config, costs, batch, tokens, given, _layer_stages(config, costs, tokens, 0))
    if length <= config.image_tokens:
        return plain
    images = batch * config.image_tokens
    given += costs.size(images, config.hidden_size) + INT64 * (tokens + images)
    stages = _layer_stages(config, costs, tokens, images - batch)
    return _higher(plain, _decoder_peak(config, costs, batch, tokens, given, stages))


def _step_peak(config: ModelConfig, costs: _Costs, batch: int, length: int, new_tokens: int) -> Peak:
    """Tokens that follow others, `new_tokens` in each row, and the last one's logits.

    Always alive beside what a prompt has: the mask of visible slots, for each query head that shares a key head.
    Attention wants it as numbers, and CUDA's kernel wants them again in rows of a length divisible by eight.
    """
    tokens, slots = batch * new_tokens, length + 1
    group = config.num_heads // config.num_kv_heads
    unaligned = costs.device == "cuda" and slots % 8 != 0
    numbers = costs.size(tokens, group * (slots + (8 * ceil(slots / 8) if unaligned else 0)))
    state = costs.size(tokens, config.hidden_size)
    stages = _layer_stages(config, costs, tokens, 0)
    # Heads and tokens change places before attention and after it, which copies where there are several of both.
    stages["attention: scores"] += numbers + (state if new_tokens > 1 else 0)
    stages["attention: dense"] += state
    stages = {moment: size + tokens * slots * group for moment, size in stages.items()}
    stages["slots compared"] = (INT64 + tokens) * slots
    return _decoder_peak(config, costs, batch, tokens, 3 * INT64 * tokens, stages)


def _layer_stages(config: ModelConfig, costs: _Costs, tokens: int, vision_tokens: int) -> dict[str, int]:
    """Moments of a decoder layer that reads `tokens`, of which `vision_tokens` go through the vision experts.

    Alive throughout is the layer's input, in a sublayer also its norm, and in the MLP their sum with what attention
    gave. Attention keeps queries, keys and values in one tensor, rotated queries and keys beside it, and its result.
    """
    hidden, inner, kv_size = config.hidden_size, config.intermediate_size, config.kv_size
    state, keys = costs.size(tokens, hidden), costs.size(tokens, kv_size)
    qkv_size = hidden + 2 * kv_size
    held = state if config.num_layers > 1 else 0  # the first layer's input is the embeddings, which the caller counts
    mixed = held + state + costs.size(tokens, qkv_size)
    attended = mixed + 2 * state + keys

    def mlp(part: int) -> int:
        """`silu(gate) * up`, all three alive at once, against the products before and after."""
        wide = costs.size(part, inner)
        return max(wide + costs.product(part, hidden, inner), 3 * wide, wide + costs.product(part, inner, hidden))

    def by_expert(outputs: int, expert: Callable[[int], int]) -> int:
        """Each expert's tokens are gathered; the language expert's result is kept until the vision expert is done."""
        if not vision_tokens:
            return expert(tokens)
        spoken = tokens - vision_tokens
        language = costs.size(spoken, hidden) + expert(spoken)
        put_together = costs.size(spoken + tokens, outputs)
        return max(language, put_together + costs.size(vision_tokens, hidden) + expert(vision_tokens))

    return {
        "attention: norm": held + costs.rms_norm(tokens, hidden),
        "attention: query_key_value": held + state + by_expert(qkv_size, lambda n: costs.product(n, hidden, qkv_size)),
        "attention: queries rotated": mixed + costs.rotated(tokens, hidden),
        "attention: keys rotated": mixed + state + costs.rotated(tokens, kv_size),
        "attention: scores": attended + FLOAT32 * tokens * config.num_heads,
        "attention: dense": attended + by_expert(hidden, lambda n: costs.product(n, hidden, hidden)),
        "MLP: norm": held + state + costs.rms_norm(tokens, hidden),
        "MLP": held + 2 * state + by_expert(hidden, mlp),
    }


def _decoder_peak(
    config: ModelConfig, costs: _Costs, batch: int, tokens: int, given: int, stages: Mapping[str, int]
) -> Peak:
    """The layers, then logits of one token in each row as the output head gives them and in fp32.

    Beside what was `given`, the layers have the embeddings and the rotary tables, cosines and sines in fp32, and the
    logits have the last layer's output.
    """
    state = costs.size(tokens, config.hidden_size)
    tables = 2 * FLOAT32 * tokens * config.head_dim
    narrow, normed = costs.size(batch, config.vocab_size), costs.size(batch, config.hidden_size)
    wide = FLOAT32 * batch * config.vocab_size if costs.width < FLOAT32 else 0
    logits = Peak(given + state + narrow + max(normed, wide), "logits")
    return _higher(_highest(stages, given + state + tables), logits)


def _highest(stages: Mapping[str, int], always: int) -> Peak:
    moment = max(stages, key=lambda name: stages[name])
    return Peak(stages[moment] + always, moment)


def _higher(*peaks: Peak) -> Peak:
    return max(peaks, key=lambda peak: peak.size)
