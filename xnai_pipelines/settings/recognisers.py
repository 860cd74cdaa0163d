"""The recognisers that the settings name."""

from typing import TYPE_CHECKING

from xnai_pipelines.errors import SettingsError
from xnai_pipelines.settings.language_model import language_model
from xnai_pipelines.settings.reading import Settings

if TYPE_CHECKING:
    from xnai_pipelines.graph.recogniser import Recogniser


def recognisers(settings: Settings) -> "list[Recogniser]":
    """Return the recognisers that are switched on, none by default. What two find in one place is the first one's.

    Raises:
        SettingsError: The folder is not one of a token classifier, or no language model is set.
    """
    found: list[Recogniser] = []
    if settings.graph_llm:
        from xnai_pipelines.graph.language_reader import LanguageReader

        model = language_model(settings)
        if model is None:
            raise SettingsError(
                "XNAI_GRAPH_LLM is true, but there is no language model: set XNAI_LLM_URL, or XNAI_LLM_MODEL to a "
                ".gguf file."
            )
        found.append(LanguageReader(model.name, model.load, settings.graph_llm_tokens))
    if settings.graph_recogniser is not None:
        from xnai_pipelines.graph.token_classifier import TokenClassifier

        found.append(TokenClassifier(settings.graph_recogniser, settings.threads))
    return found
