"""Answers written by a language model behind any server with OpenAI's protocol; each sentence is verified."""
