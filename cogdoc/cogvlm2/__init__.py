"""CogVLM2, the whole model: a library of tensors and images that knows nothing of documents.

`session` is the entry point. To understand the model, read `configuration` (the sizes), `vision` (an image to image
tokens), `language` (a decoder layer with two experts), `rotary`, `cache`, and `model` (the whole model, one pass).
Around them are `prompts`, `pixels` and `tokenizer` (inputs), `batch`, `sampling` and `decoding` (the scheduler), and
`checkpoint`, `quantization`, `loading` and `writing` (files). `docs/cogvlm2.md` explains the design.
"""
