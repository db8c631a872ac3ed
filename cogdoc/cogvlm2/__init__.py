"""CogVLM2, the whole model: a library of tensors and pictures that knows nothing of documents.

Read it in this order: `configuration` (the sizes), `vision` (a picture to image tokens), `language` (a decoder layer
with two experts), `rotary`, `cache`, `model` (the whole, one pass), `prompts` and `pixels` (what goes in).
"""
