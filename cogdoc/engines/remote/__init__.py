"""A model behind an address as an engine: any server of a vision model that speaks the OpenAI protocol."""
