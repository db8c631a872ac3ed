"""CogVLM2, the whole model: a library of tensors and pictures that knows nothing of documents.

`reader` is the way in. To understand the model, read `configuration` (the sizes), `vision` (a picture to image tokens),
`language` (a decoder layer with two experts), `rotary`, `cache`, and `model` (the whole, one pass). Around it stand
`prompts`, `pixels` and `tokenizer` (what goes in), `rows`, `sampling` and `decoding` (tokens out), and `checkpoint`,
`quantizing`, `loading` and `writing` (files). `docs/cogvlm2.md` says why it is made this way.
"""
