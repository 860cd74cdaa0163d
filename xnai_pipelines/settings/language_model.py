"""The language model that the settings name."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from xnai_pipelines.errors import OptionError
from xnai_pipelines.settings.reading import Settings

if TYPE_CHECKING:
    from xnai_pipelines.language_model.server import ChatServer

QUOTE = "none"  # the model that answers without one


@dataclass(frozen=True, slots=True)
class LanguageModel:
    """A language model that is known by its name until it is loaded.

    Attributes:
        name: Name that its answers give it.
        which: What tells it from others of that name: the address of its server, or the size of its file.
        load: Returns the server to ask; raises `OptionError` or `MissingExtraError` for a file that cannot be loaded.
    """

    name: str
    which: str
    load: "Callable[[], ChatServer]"


def language_model(settings: Settings, name: str | None = None) -> LanguageModel | None:
    """Return the language model that is named, or else the configured one; None if answers quote.

    Raises:
        OptionError: A model is named, and neither a server nor a file has it.
    """
    from xnai_pipelines.language_model.local import is_model_file, local_model
    from xnai_pipelines.language_model.server import ChatServer

    model = name or settings.llm_model
    if model == QUOTE:
        return None
    if url := settings.llm_url:
        return LanguageModel(model, url, lambda: ChatServer(url, model, settings.llm_api_key, settings.llm_seconds))
    if is_model_file(model):
        path = Path(model).expanduser()
        return LanguageModel(
            path.name,
            f"{path.stat().st_size} bytes" if path.is_file() else "no file",
            lambda: local_model(path, threads=settings.threads, seconds=settings.llm_seconds),
        )
    if name is not None:
        raise OptionError(
            f"The language model {name} needs the server that has it: set XNAI_LLM_URL. Or name a .gguf file."
        )
    return None
