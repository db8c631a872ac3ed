"""CogVLM2 for the library transformers: importing this registers it with the Auto classes.

It needs the extra `transformers`. The computation is that of `cogdoc.cogvlm2`; `docs/transformers.md` shows its use.
"""

from cogdoc.cogvlm2.transformers.configuration import CogVLM2Config, CogVLM2VisionConfig
from cogdoc.cogvlm2.transformers.modeling import CogVLM2ForConditionalGeneration
from cogdoc.cogvlm2.transformers.processing import CogVLM2Processor
from cogdoc.cogvlm2.transformers.registration import register

__all__ = ["CogVLM2Config", "CogVLM2ForConditionalGeneration", "CogVLM2Processor", "CogVLM2VisionConfig"]

register()
