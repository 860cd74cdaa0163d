"""A language model behind a server with OpenAI's chat protocol, or in a file: how it is asked, and what it replies.

Messages go in and text comes out as it is written. Read `server.py` first; `completion.py` reads what a server sends,
`local.py` stands in for one with a file, and `fence.py` keeps what others wrote apart from what is asked.
"""
