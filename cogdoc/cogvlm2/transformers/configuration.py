"""The configuration classes, with the keys and the values of the published `config.json`."""

from __future__ import annotations

from typing import Any, ClassVar

from transformers import PreTrainedConfig

from cogdoc.cogvlm2.configuration import ModelConfig, parse_config

MODEL_TYPE = "cogvlm2"


class CogVLM2VisionConfig(PreTrainedConfig):
    """The vision transformer."""

    model_type: ClassVar[str] = "cogvlm2_vision"
    base_config_key: ClassVar[str] = "vision_config"

    hidden_size: int = 1792
    intermediate_size: int = 15360
    num_hidden_layers: int = 63
    num_heads: int = 16
    patch_size: int = 14
    image_size: int = 1344
    num_positions: int = 9217
    in_channels: int = 3
    hidden_act: str = "gelu"
    layer_norm_eps: float = 1e-6
    dropout_prob: float = 0.0


class CogVLM2Config(PreTrainedConfig):
    """The whole model. Without arguments it is that of cogvlm2-llama3-chat-19B."""

    model_type: ClassVar[str] = MODEL_TYPE
    sub_configs_defaults: ClassVar[dict[str, Any]] = {"vision_config": CogVLM2VisionConfig}
    keys_to_ignore_at_inference: ClassVar[list[str]] = ["cache"]

    vision_config: Any = None
    hidden_size: int = 4096
    intermediate_size: int = 14336
    num_hidden_layers: int = 32
    num_attention_heads: int = 32
    num_multi_query_heads: int = 8
    hidden_act: str = "silu"
    rms_norm_eps: float = 1e-5
    rope_theta: float = 500_000.0
    max_position_embeddings: int = 8192
    vocab_size: int = 128256
    template_version: str = "chat"
    bos_token_id: int = 128000
    eos_token_id: Any = None
    pad_token_id: int = 128002
    tie_word_embeddings: bool = False

    def __post_init__(self, **kwargs: Any) -> None:
        kwargs.pop("auto_map", None)  # it names code that nothing here needs
        if self.eos_token_id is None:
            self.eos_token_id = [128001, 128009]
        super().__post_init__(**kwargs)

    @property
    def num_key_value_heads(self) -> int:
        """Under the name by which caches of transformers look for it."""
        return self.num_multi_query_heads

    def sizes(self) -> ModelConfig:
        """The sizes for cogdoc's own modules.

        Raises:
            CheckpointError: a size is impossible, or contradicts another one.
        """
        return parse_config(self.to_dict())

    def to_diff_dict(self) -> dict[str, Any]:
        """Keep sizes that equal the defaults as well, since cogdoc reads `config.json` without defaults."""
        complete = self.to_dict()
        sizes = {key: complete[key] for key in CogVLM2Config.__annotations__ if key in complete}
        return super().to_diff_dict() | sizes | {"vision_config": self.vision_config.to_dict()}
