"""The whole model: image features, prefill, decode step, logits. The decoding loop and sampling are elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import cast

import torch
from torch import Tensor, nn

from cogdoc.cogvlm2.cache import KVCache
from cogdoc.cogvlm2.configuration import Arithmetic, ModelConfig
from cogdoc.cogvlm2.language import AttentionMetadata, DecoderLayer, RMSNorm, Routing
from cogdoc.cogvlm2.prompts import IMAGE, Prompt, vision_expert_tokens
from cogdoc.cogvlm2.rotary import Rotation, compute_rotation, inverse_frequencies
from cogdoc.cogvlm2.tensor_memory import MASK_ALIGNMENT
from cogdoc.cogvlm2.vision import VisionTower
from cogdoc.cogvlm2.without_compiler import Embedding
from cogdoc.errors import ResourceError


@dataclass(frozen=True, slots=True)
class PromptBatch:
    """Prompts, padded on the right to (batch, length).

    Padding needs no mask: attention is causal, so no real token attends to the padding on its right.
    """

    token_ids: Tensor
    positions: Tensor
    lengths: tuple[int, ...]
    image_indices: Tensor
    """Indices into the flattened tokens of the placeholders that image features replace, row by row."""
    routing: Routing | None
    """None where no prompt has an image."""


def collate(prompts: Sequence[Prompt], pad_token_id: int, device: torch.device) -> PromptBatch:
    """Combine prompts of any lengths, with and without images, into a batch."""
    longest = max(len(prompt) for prompt in prompts)

    def padded(rows: list[tuple[int, ...]], filler: int) -> Tensor:
        return torch.tensor([[*row, *[filler] * (longest - len(row))] for row in rows], device=device)

    images, language, vision = [], [], []
    for row, prompt in enumerate(prompts):
        start = row * longest
        vision_tokens = vision_expert_tokens(prompt.token_types)
        vision += [start + i for i in vision_tokens]
        language += [start + i for i in sorted(set(range(len(prompt))).difference(vision_tokens))]
        images += [start + i for i, kind in enumerate(prompt.token_types) if kind == IMAGE]
    return PromptBatch(
        token_ids=padded([prompt.token_ids for prompt in prompts], pad_token_id),
        positions=padded([prompt.positions for prompt in prompts], 0),
        lengths=tuple(len(prompt) for prompt in prompts),
        image_indices=torch.tensor(images, dtype=torch.long, device=device),
        routing=Routing(torch.tensor(language, device=device), torch.tensor(vision, device=device)) if vision else None,
    )


class CogVLM2Decoder(nn.Module):
    """Everything whose tensor names start with `model.`."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.embed_tokens: nn.Embedding = Embedding(config.vocab_size, config.hidden_size)
        self.layers = nn.ModuleList(DecoderLayer(config) for _ in range(config.num_layers))
        self.norm = RMSNorm(config.hidden_size, config.rms_norm_eps)
        self.vision = VisionTower(config)


class CogVLM2(nn.Module):
    """CogVLM2 with a language model head. `cogdoc.cogvlm2.loading.load_model` builds it."""

    def __init__(self, config: ModelConfig, arithmetic: Arithmetic = "precise") -> None:
        super().__init__()
        self.config = config
        self.arithmetic = arithmetic
        self.model = CogVLM2Decoder(config)
        self.lm_head = nn.Linear(config.hidden_size, config.vocab_size, bias=False)
        self.is_offloaded = False
        """Whether passes copy the weights that only images need, see `cogdoc.cogvlm2.offloading`."""

    @property
    def device(self) -> torch.device:
        """Where inputs go: the device of the embeddings and the vision tower."""
        return self.model.embed_tokens.weight.device

    @property
    def layer_devices(self) -> tuple[torch.device, ...]:
        """The device of each decoder layer; they differ if `load_model` spread the layers."""
        norms = (cast(DecoderLayer, layer).input_layernorm for layer in self.model.layers)
        return tuple(norm.weight.device for norm in norms)

    @property
    def dtype(self) -> torch.dtype:
        """The compute dtype; quantized weights are expanded to it."""
        return self.model.embed_tokens.weight.dtype

    def image_features(self, pixels: Tensor) -> Tensor:
        """Encode pixels (batch, channels, image_size, image_size) to features (batch, image_tokens, hidden_size).

        Images are encoded one by one: the activations of the tower are large, and a batch is no faster.

        Raises:
            ResourceError: numbers exceed the range of fp16.
        """
        features = torch.cat([self.model.vision(image[None].to(self.device, self.dtype)) for image in pixels])
        return _within_range(features, "the vision tower")

    def prefill(
        self, batch: PromptBatch, features: Tensor | None, cache: KVCache, *, keys_only: bool = False
    ) -> Tensor:
        """Run whole prompts, and write their keys and values to the empty rows of `cache`.

        Args:
            features: (images, image_tokens, hidden_size), one for each row with an image, in the order of rows.
            keys_only: compute of the last layer nothing but its keys and values.

        Returns:
            The output of the last layer (batch, length, hidden_size) before the final norm, or of the last but one with
            `keys_only`; meaningless at padding.

        Raises:
            ValueError: the number of features is not that of the prompts with an image.
            ResourceError: numbers exceed the range of fp16.
        """
        provided = 0 if features is None else features.shape[0] * features.shape[1]
        if provided != len(batch.image_indices):
            raise ValueError(
                f"prompts have {len(batch.image_indices)} image tokens, but there are features for {provided}"
            )
        hidden = self.model.embed_tokens(batch.token_ids)
        if features is not None:
            flat = hidden.flatten(0, 1).index_copy(0, batch.image_indices, features.flatten(0, 1).to(hidden.dtype))
            hidden = flat.view_as(hidden)
        metadata = None
        if self.arithmetic == "published" and len(set(batch.lengths)) > 1:
            cache = cache.truncated(max(batch.lengths))
            slots = torch.arange(cache.slots, device=hidden.device).expand(hidden.shape[:2])
            metadata = self._attention_metadata(slots, cache, rounded=True)
        rotation = self._rotation(batch.positions)
        # An offloaded weight is freed when it has been used.
        keys_only = keys_only and not self.is_offloaded
        hidden = self._run_layers(hidden, rotation, cache, batch.routing, metadata, keys_only=keys_only)
        for tensor in (cache.keys[-1], cache.values[-1]) if keys_only else (hidden,):
            _within_range(tensor, "the language model")
        return hidden

    def decode_step(
        self,
        token_ids: Tensor,
        positions: Tensor,
        slots: Tensor,
        cache: KVCache,
        ragged: bool = False,
        masked: bool = True,
    ) -> Tensor:
        """Run text tokens that continue `cache`: the last tokens, drafts to verify, or the suffix of a prefix.

        Args:
            token_ids, positions, slots: (batch, length) each; padding may use any slot after the tokens of its row.
            ragged: whether rows differ in length, which only `published` arithmetic depends on.
            masked: false if each token is the last one of the whole cache, so that it sees all slots.

        Returns:
            The output of the last layer (batch, length, hidden_size) before the final norm.
        """
        rounded = ragged and self.arithmetic == "published"
        metadata = self._attention_metadata(slots, cache, rounded) if masked else AttentionMetadata(slots, None)
        hidden = self.model.embed_tokens(token_ids)
        return self._run_layers(hidden, self._rotation(positions), cache, None, metadata)

    def logits(self, hidden: Tensor) -> Tensor:
        """Turn the output of the last layer (..., hidden_size) into fp32 logits (..., vocab_size)."""
        norm, head = self.model.norm, self.lm_head
        # A tied head is where the embeddings are.
        return head(norm(hidden.to(norm.weight.device)).to(head.weight.device)).float()

    def _attention_metadata(self, slots: Tensor, cache: KVCache, rounded: bool) -> AttentionMetadata:
        # As numbers in aligned rows, which otherwise each layer would make of it on CUDA.
        aligned = MASK_ALIGNMENT * ceil(cache.slots / MASK_ALIGNMENT)
        later = torch.arange(aligned, device=slots.device) > slots[..., None]  # (batch, length, aligned)
        if slots.shape[1] > 1:
            later = later.repeat(1, self.config.num_heads // self.config.num_kv_heads, 1)
        later = later[:, None]  # (batch, 1, group * length or 1, aligned)
        if rounded:
            return AttentionMetadata(slots, ~later[..., : cache.slots], rounded)
        mask = torch.zeros_like(later, dtype=self.dtype).masked_fill_(later, -torch.inf)
        return AttentionMetadata(slots, mask[..., : cache.slots])

    def _run_layers(
        self,
        hidden: Tensor,
        rotation: Rotation,
        cache: KVCache,
        routing: Routing | None,
        metadata: AttentionMetadata | None,
        keys_only: bool = False,
    ) -> Tensor:
        last = self.config.num_layers - 1
        for number, (layer, layer_cache, device) in enumerate(
            zip(self.model.layers, cache.layers(), self.layer_devices, strict=True)
        ):
            if hidden.device != device:
                hidden, rotation = hidden.to(device), rotation.to(device)
                routing = None if routing is None else routing.to(device)
                metadata = None if metadata is None else metadata.to(device)
            if keys_only and number == last:
                cast(DecoderLayer, layer).write_prompt(hidden, rotation, layer_cache, routing)
            else:
                hidden = layer(hidden, rotation, layer_cache, routing, metadata)
        return hidden

    def _rotation(self, positions: Tensor) -> Rotation:
        if self.arithmetic == "published":
            first = cast(DecoderLayer, self.model.layers[0])
            frequencies = first.self_attn.rotary_emb.inv_freq.to(self.dtype)
        else:
            frequencies = inverse_frequencies(self.config.head_dim, self.config.rotary_base, positions.device)
        return compute_rotation(positions, frequencies)


def _within_range(outputs: Tensor, part: str) -> Tensor:
    """Return `outputs`, unless they show that a number exceeded 65,504, the largest in fp16; bf16 has no such limit.

    An overflow becomes infinite and then, in the next norm, not a number. The check waits for the device.

    Raises:
        ResourceError: some outputs are not finite.
    """
    if outputs.dtype is torch.float16 and not outputs.isfinite().all():
        raise ResourceError(
            f"a number in {part} exceeds the range of fp16, in which GPUs without bf16 compute",
            "a GPU of compute capability 8.0 or newer computes in bf16, and so does the CPU (CUDA_VISIBLE_DEVICES=)",
        )
    return outputs
