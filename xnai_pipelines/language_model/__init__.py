"""A language model behind a server with OpenAI's chat protocol, or in a file: how it is asked, and what it replies."""
