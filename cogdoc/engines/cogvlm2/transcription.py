"""A page written down by CogVLM2, and checked against its literal words."""

from __future__ import annotations

from cogdoc.engines.cogvlm2.looking import Looker
from cogdoc.engines.protocol import Transcription
from cogdoc.words.page import Page


def transcribe_page(page: Page, looker: Looker) -> Transcription:
    raise NotImplementedError
