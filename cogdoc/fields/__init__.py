"""What `extract` is to find: typed fields, from the field language, a JSON Schema, a pydantic model or a preset."""
