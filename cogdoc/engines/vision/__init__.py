"""Reads pages with any vision-language model. `engine` is the entry point, `vision_model` the interface of models."""
