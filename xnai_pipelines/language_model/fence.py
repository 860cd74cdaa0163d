"""Lines between which a language model finds texts that others wrote: they are data, whatever they say. Pure."""

import hashlib
from collections.abc import Sequence


def fence(texts: Sequence[str]) -> str:
    """Return a line that is in none of the texts: a digest of all of them, which no author of one can foresee."""
    salt = 0
    while True:
        digest = hashlib.sha256("\0".join([str(salt), *texts]).encode("utf-8", "surrogatepass")).hexdigest()[:16]
        if not any(digest in text for text in texts):
            return f"-----{digest}-----"
        salt += 1
