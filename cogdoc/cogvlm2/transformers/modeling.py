"""CogVLM2 as a model of transformers. Its modules are those of `cogdoc.cogvlm2`, so tensor names are the published."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from transformers import DynamicCache, GenerationMixin, PreTrainedModel, initialization
from transformers.modeling_outputs import CausalLMOutputWithPast
from transformers.modeling_utils import slice_logits_to_keep
from transformers.utils.generic import can_return_tuple

from cogdoc.cogvlm2.model import CogVLM2Decoder
from cogdoc.cogvlm2.rotary import RotaryFrequencies, Rotation, compute_rotation, inverse_frequencies
from cogdoc.cogvlm2.transformers.configuration import CogVLM2Config
from cogdoc.cogvlm2.transformers.inputs import (
    TransformersLayerCache,
    attention_metadata,
    image_token_types,
    route,
    token_positions,
)


class CogVLM2ForConditionalGeneration(PreTrainedModel, GenerationMixin):
    """Image and text to text. `CogVLM2Processor` makes the inputs.

    Attention is PyTorch's scaled dot product attention whatever `attn_implementation` says.
    """

    config_class = CogVLM2Config
    base_model_prefix: ClassVar[str] = "model"
    input_modalities: ClassVar[tuple[str, ...]] = ("image", "text")
    supports_gradient_checkpointing: ClassVar[bool] = True
    _no_split_modules: ClassVar[list[str]] = ["DecoderLayer", "VisionLayer", "PatchEmbedding"]
    _skip_keys_device_placement: ClassVar[list[str]] = ["cache"]
    _supports_sdpa: ClassVar[bool] = True
    # Older checkpoints omit the buffers, and `precise` arithmetic does not use them.
    _keys_to_ignore_on_load_missing: ClassVar[list[str]] = [r"rotary_emb\.inv_freq"]
    _tied_weights_keys: ClassVar[dict[str, str]] = {"lm_head.weight": "model.embed_tokens.weight"}

    def __init__(self, config: CogVLM2Config) -> None:
        super().__init__(config)
        self.sizes = config.sizes()
        self.model = CogVLM2Decoder(self.sizes)
        self.lm_head = nn.Linear(self.sizes.hidden_size, self.sizes.vocab_size, bias=False)
        self.gradient_checkpointing = False
        self.post_init()

    def get_input_embeddings(self) -> nn.Module:
        return self.model.embed_tokens

    def set_input_embeddings(self, value: nn.Embedding) -> None:
        self.model.embed_tokens = value

    def get_output_embeddings(self) -> nn.Module:
        return self.lm_head

    def set_output_embeddings(self, new_embeddings: nn.Linear) -> None:
        self.lm_head = new_embeddings

    @can_return_tuple
    def forward(
        self,
        input_ids: Tensor | None = None,
        pixel_values: Tensor | None = None,
        token_type_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        position_ids: Tensor | None = None,
        cache: Any = None,
        inputs_embeds: Tensor | None = None,
        labels: Tensor | None = None,
        use_cache: bool | None = None,
        logits_to_keep: int | Tensor = 0,
        output_hidden_states: bool | None = None,
        **kwargs: Any,
    ) -> CausalLMOutputWithPast:
        """Run tokens that start a sequence or continue `cache`.

        Args:
            input_ids: (batch, length); an image is as many pad tokens as it has features, which 1s in
                `token_type_ids` mark. Without `token_type_ids`, pad tokens that `attention_mask` shows are an image.
            pixel_values: (images, 3, image_size, image_size), in the order of the rows that have an image.
            attention_mask: (batch, earlier and these tokens), zero at padding, which may be on either side.
            position_ids: (batch, length), required with a cache that is not empty.
            labels: (batch, length), -100 where there is no loss.

        Raises:
            ValueError: inputs are missing, or do not fit each other.
        """
        if (input_ids is None) == (inputs_embeds is None):
            raise ValueError("give either input_ids or inputs_embeds")
        hidden = self.model.embed_tokens(input_ids) if inputs_embeds is None else inputs_embeds
        batch, length = hidden.shape[:2]
        if use_cache is None:
            use_cache = not self.training
        if use_cache and cache is None:
            cache = DynamicCache(config=self.config)
        past = int(cache.get_seq_length()) if cache is not None else 0
        mask = None if attention_mask is None else attention_mask[:, past : past + length].bool()
        types = _current(token_type_ids, length)
        if types is None and input_ids is not None and pixel_values is not None:
            types = image_token_types(input_ids, mask, self.sizes.pad_token_id)
        if types is None:
            types = torch.zeros(batch, length, dtype=torch.long, device=hidden.device)
        positions = _current(position_ids, length)
        if positions is None:
            if past:
                raise ValueError("a cache that is not empty requires position_ids, since an image shares positions")
            positions = token_positions(types, mask)
        if pixel_values is not None:
            hidden = self._insert_images(hidden, types, pixel_values)
        rotation = self._rotation(positions.to(hidden.device))
        routing = route(types, mask) if length > 1 else None
        metadata = attention_metadata(self.sizes, attention_mask, length, past, cache, hidden.device)
        states = [hidden]
        for index, layer in enumerate(self.model.layers):
            inputs = (hidden, rotation, TransformersLayerCache(cache, index), routing, metadata)
            if self.gradient_checkpointing and self.training:
                hidden = self._gradient_checkpointing_func(layer.__call__, *inputs)
            else:
                hidden = layer(*inputs)
            if output_hidden_states:
                states.append(hidden)
        kept = self.model.norm(slice_logits_to_keep(hidden, logits_to_keep))
        logits = self.lm_head(kept).float()  # (batch, kept tokens, vocab_size)
        loss = None
        if labels is not None:
            loss = self.loss_function(logits=logits, labels=labels, vocab_size=self.sizes.vocab_size, **kwargs)
        return CausalLMOutputWithPast(
            loss=loss,
            logits=logits,
            cache=cache if use_cache else None,
            hidden_states=tuple(states) if output_hidden_states else None,
        )

    def get_image_features(self, pixel_values: Tensor) -> Tensor:
        """Encode images (images, 3, image_size, image_size) one by one to (images, image_tokens, hidden_size)."""
        tower = self.model.vision
        pixels = pixel_values.to(self.model.embed_tokens.weight.device, self.dtype)
        if not (self.gradient_checkpointing and self.training):
            return torch.cat([tower(image[None]) for image in pixels])
        features = []
        for image in pixels:
            hidden = tower.patch_embedding(image[None])
            for layer in tower.transformer.layers:
                hidden = self._gradient_checkpointing_func(layer.__call__, hidden)
            features.append(tower.project(hidden))
        return torch.cat(features)

    def _insert_images(self, hidden: Tensor, types: Tensor, pixel_values: Tensor) -> Tensor:
        indices = types.flatten().nonzero().squeeze(-1).to(hidden.device)
        expected = len(pixel_values) * self.sizes.image_tokens
        if len(indices) != expected:
            raise ValueError(
                f"the prompts have {len(indices)} image tokens, but {len(pixel_values)} images have {expected}"
            )
        features = self.get_image_features(pixel_values).to(hidden.device, hidden.dtype)
        return hidden.flatten(0, 1).index_copy(0, indices, features.flatten(0, 1)).view_as(hidden)

    def _rotation(self, positions: Tensor) -> Rotation:
        frequencies = inverse_frequencies(self.sizes.head_dim, self.sizes.rotary_base, positions.device)
        return compute_rotation(positions, frequencies)

    def _init_weights(self, module: nn.Module) -> None:
        super()._init_weights(module)
        if isinstance(module, RotaryFrequencies):
            frequencies = inverse_frequencies(self.sizes.head_dim, self.sizes.rotary_base)
            initialization.copy_(module.inv_freq, frequencies)

    def _prepare_attention_mask_for_generation(
        self, inputs_tensor: Tensor, generation_config: Any, model_kwargs: dict[str, Any]
    ) -> Tensor:
        """The mask where the caller gives none: the pad tokens of an image are no padding."""
        ids = model_kwargs.get("input_ids", inputs_tensor)
        types = model_kwargs.get("token_type_ids")
        if ids.dim() != 2 or types is None:
            return torch.ones(ids.shape[:2], dtype=torch.long, device=ids.device)
        return ((ids != self.sizes.pad_token_id) | (types == 1)).long()

    def _prepare_position_ids_for_generation(self, inputs_tensor: Tensor, model_kwargs: dict[str, Any]) -> Tensor:
        ids = model_kwargs.get("input_ids", inputs_tensor)
        mask = model_kwargs.get("attention_mask")
        mask = None if mask is None else mask.bool()
        types = model_kwargs.get("token_type_ids")
        if types is None:
            has_image = model_kwargs.get("pixel_values") is not None and ids.dim() == 2
            types = image_token_types(ids, mask, self.sizes.pad_token_id) if has_image else ids.new_zeros(ids.shape[:2])
        return token_positions(types.long(), mask)

    def _update_model_kwargs_for_generation(
        self, outputs: Any, model_kwargs: dict[str, Any], *args: Any, **kwargs: Any
    ) -> dict[str, Any]:
        """Give new tokens the type of text; transformers repeats the last type."""
        types = model_kwargs.get("token_type_ids")
        updated: dict[str, Any] = super()._update_model_kwargs_for_generation(outputs, model_kwargs, *args, **kwargs)
        if types is not None:
            updated["token_type_ids"][:, types.shape[1] :] = 0
        return updated

    @staticmethod
    def create_masks_for_generate(config: Any, attention_mask: Tensor | None = None, **kwargs: Any) -> Tensor | None:
        """Leave the mask as it is: `forward` builds what it needs.

        transformers' own builder takes the repeated positions of an image for several packed sequences.
        """
        return attention_mask


def _current(values: Tensor | None, length: int) -> Tensor | None:
    """The last `length` columns: callers may give the values of earlier tokens as well."""
    return None if values is None else values[:, -length:]
