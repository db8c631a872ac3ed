"""The peak bytes of activations in each pass, beside weights and cache. Imports no torch.

Each pass lists its moments: what is alive while an operator runs. The largest one is the peak.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil

from cogdoc.cogvlm2.configuration import ModelConfig
from cogdoc.cogvlm2.tensor_memory import FLOAT32, INT64, MASK_ALIGNMENT, TensorMemory


@dataclass(frozen=True, slots=True)
class Peak:
    """The most bytes of activations that are alive at once, and the moment when they are."""

    size: int
    moment: str


@dataclass(frozen=True, slots=True)
class OffloadedWeights:
    """Bytes on the device of what is copied for an image, see `cogdoc.cogvlm2.offloading`; 0 where nothing is.

    Args:
        vision_layer, projection: a layer of the vision transformer; convolution and adapter.
        next_vision: what is copied while a layer of the vision transformer runs, at most.
        experts: the visual experts of a decoder layer.
    """

    vision_layer: int
    projection: int
    next_vision: int
    experts: int


NOTHING_OFFLOADED = OffloadedWeights(0, 0, 0, 0)


def vision_peak(
    config: ModelConfig, memory: TensorMemory, batch: int, offloaded: OffloadedWeights = NOTHING_OFFLOADED
) -> Peak:
    """Peak while the last of `batch` images passes the vision tower, with the weights that are copied for it.

    Always alive are its pixels and the features of the images before it; in the transformer also the input of the first
    layer, which the caller's frame still refers to, and that of the running layer. Attention keeps queries, keys and
    values in one tensor, and its result; the MLP the input and output of gelu; the adapter the same as a decoder MLP.
    """
    vision, hidden, inner = config.vision, config.hidden_size, config.intermediate_size
    width, length, patches = vision.hidden_size, vision.num_positions, config.patch_tokens
    state = memory.size(length, width)
    wide = memory.size(length, vision.intermediate_size)
    tokens, gated = memory.size(patches, hidden), memory.size(patches, inner)
    features = memory.size(config.image_tokens, hidden)
    residual = min(2, vision.num_layers) * state
    mlp = residual + state  # its input is new
    projected = state + memory.size(patches, width)  # the transformer's output and the convolution's
    stages = {
        "vision attention: query_key_value": residual + memory.product(length, width, 3 * width),
        "vision attention: scores": residual
        + 4 * state
        + memory.attention(1, length, vision.num_heads, vision.num_heads, vision.head_dim),
        "vision attention: dense": residual + 4 * state + memory.product(length, width, width),
        "vision MLP: fc1": mlp + memory.product(length, width, vision.intermediate_size),
        "vision MLP: gelu": mlp + 2 * wide,
        "vision MLP: fc2": mlp + wide + memory.product(length, vision.intermediate_size, width),
        "adapter: linear_proj": projected + memory.product(patches, width, hidden),
        "adapter: gate_proj": projected + tokens + memory.product(patches, hidden, inner),
        "adapter: dense_h_to_4h": projected + tokens + gated + memory.product(patches, hidden, inner),
        "adapter: gate times dense_h_to_4h": projected + tokens + 3 * gated,
        "adapter: dense_4h_to_h": projected + tokens + gated + memory.product(patches, inner, hidden),
        "boi and eoi added": projected + tokens + features,
    }
    copied = {"vision": offloaded.vision_layer + offloaded.next_vision, "adapter": offloaded.projection, "boi": 0}
    stages = {moment: size + copied[moment.split()[0].rstrip(":")] for moment, size in stages.items()}
    pixels = memory.size(vision.in_channels, vision.image_size**2)
    last = _largest_moment(stages, pixels + (batch - 1) * features)
    return _larger(last, Peak(2 * batch * features, "image features joined"))


def prefill_peak(
    config: ModelConfig,
    memory: TensorMemory,
    batch: int,
    length: int,
    offloaded: OffloadedWeights = NOTHING_OFFLOADED,
) -> Peak:
    """Peak of prefilling `batch` prompts of `length` tokens and computing the logits of their last tokens.

    Always alive are ids and positions, the rotary tables, and the embeddings, which the caller's frame refers to. With
    images also their features, the token indices of each expert, and the visual experts of two layers if they are
    offloaded. Prompts with and without images are compared.
    """
    tokens = batch * length
    inputs = 2 * INT64 * tokens
    attention = memory.attention(batch, length, config.num_heads, config.num_kv_heads, config.head_dim)

    def stages(vision_tokens: int) -> dict[str, int]:
        moments = _layer_stages(config, memory, tokens, vision_tokens)
        return moments | {"attention: scores": moments["attention: queries held"] + attention}

    text_only = _decoder_peak(config, memory, batch, tokens, inputs, stages(0))
    if length <= config.image_tokens:
        return text_only
    image_tokens = batch * config.image_tokens
    inputs += memory.size(image_tokens, config.hidden_size) + INT64 * (tokens + image_tokens)
    copied = min(2, config.num_layers) * offloaded.experts
    with_copies = {moment: size + copied for moment, size in stages(image_tokens - batch).items()}
    return _larger(text_only, _decoder_peak(config, memory, batch, tokens, inputs, with_copies))


def step_peak(config: ModelConfig, memory: TensorMemory, batch: int, length: int, new_tokens: int) -> Peak:
    """Peak of a decode step of `new_tokens` tokens in each row with a cache of `length` tokens, logits included.

    Beside what prefill needs, the mask is always alive, for several tokens once per query head of a group.
    """
    tokens, slots = batch * new_tokens, length + 1
    copies = config.num_heads // config.num_kv_heads if new_tokens > 1 else 1
    aligned = MASK_ALIGNMENT * ceil(slots / MASK_ALIGNMENT)
    compared = tokens * aligned
    mask = memory.size(compared * copies, 1)
    state = memory.size(tokens, config.hidden_size)
    stages = _layer_stages(config, memory, tokens, 0)
    # Heads and tokens are transposed before and after attention, which copies where there are several of both.
    scores = FLOAT32 * tokens * config.num_heads  # the log-sums of the fused kernel
    if not memory.fused_attention:  # the scores in fp32, before and after softmax, and keys and values in fp32
        scores = FLOAT32 * (3 * tokens * config.num_heads * slots + 2 * batch * slots * config.kv_size)
    stages["attention: scores"] = stages["attention: queries held"] + scores
    stages["attention: scores"] += state if new_tokens > 1 else 0
    stages["attention: dense"] += state
    stages = {moment: size + mask for moment, size in stages.items()}
    stages["slots compared"] = INT64 * aligned + compared
    stages["mask"] = mask + compared * copies
    if copies > 1:
        stages["mask repeated"] = compared + compared * copies
    return _decoder_peak(config, memory, batch, tokens, 3 * INT64 * tokens, stages)


def _layer_stages(config: ModelConfig, memory: TensorMemory, tokens: int, vision_tokens: int) -> dict[str, int]:
    """Bytes at each moment of a decoder layer; `vision_tokens` of the `tokens` go to the vision experts.

    The input of the layer is alive throughout, its norm in each sublayer, and the sum of input and attention output in
    the MLP. Attention keeps queries, keys and values in one tensor, rotated queries and keys, and its result.
    """
    hidden, inner, kv_size = config.hidden_size, config.intermediate_size, config.kv_size
    state, keys = memory.size(tokens, hidden), memory.size(tokens, kv_size)
    qkv_size = hidden + 2 * kv_size
    # The input of the first layer is the embeddings, which the caller counts.
    residual = state if config.num_layers > 1 else 0
    qkv = residual + state + memory.size(tokens, qkv_size)
    attended = qkv + 2 * state + keys

    def mlp(part: int) -> int:
        """The larger of `silu(gate) * up`, where all three tensors are alive, and the products around it."""
        wide = memory.size(part, inner)
        return max(wide + memory.product(part, hidden, inner), 3 * wide, wide + memory.product(part, inner, hidden))

    def by_expert(outputs: int, expert: Callable[[int], int]) -> int:
        """The tokens of each expert are gathered; the language output stays alive until the vision expert is done."""
        if not vision_tokens:
            return expert(tokens)
        language_tokens = tokens - vision_tokens
        language = memory.size(language_tokens, hidden) + expert(language_tokens)
        merged = memory.size(language_tokens + tokens, outputs)
        return max(language, merged + memory.size(vision_tokens, hidden) + expert(vision_tokens))

    projected = by_expert(qkv_size, lambda n: memory.product(n, hidden, qkv_size))
    return {
        "attention: norm": residual + memory.rms_norm(tokens, hidden),
        "attention: query_key_value": residual + state + projected,
        "attention: rotated": qkv + memory.rotated(tokens, hidden + kv_size),
        "attention: queries held": attended,
        "attention: dense": attended + by_expert(hidden, lambda n: memory.product(n, hidden, hidden)),
        "MLP: norm": residual + state + memory.rms_norm(tokens, hidden),
        "MLP": residual + 2 * state + by_expert(hidden, mlp),
    }


def _decoder_peak(
    config: ModelConfig, memory: TensorMemory, batch: int, tokens: int, inputs: int, stages: Mapping[str, int]
) -> Peak:
    """Peak of the layers, and of the logits of one token in each row, in the compute dtype and in fp32.

    Beside `inputs` bytes, the layers keep the embeddings and the rotary tables (cosines and sines in fp32), and the
    logits keep the output of the last layer.
    """
    state = memory.size(tokens, config.hidden_size)
    tables = 2 * FLOAT32 * tokens * config.head_dim
    narrow, normed = memory.size(batch, config.vocab_size), memory.size(batch, config.hidden_size)
    wide = FLOAT32 * batch * config.vocab_size if memory.width < FLOAT32 else 0
    logits = Peak(inputs + state + narrow + max(normed, wide), "logits")
    return _larger(_largest_moment(stages, inputs + state + tables), logits)


def _largest_moment(stages: Mapping[str, int], always: int) -> Peak:
    moment = max(stages, key=lambda name: stages[name])
    return Peak(stages[moment] + always, moment)


def _larger(*peaks: Peak) -> Peak:
    return max(peaks, key=lambda peak: peak.size)
