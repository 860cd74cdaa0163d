"""The service as applications of the OpenAI protocol see it: chat completions, embeddings, models, and re-ranking."""
