"""OpenAI's chat completions (https://platform.openai.com/docs/api-reference/chat) for questions about a picture."""
