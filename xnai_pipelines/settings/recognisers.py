"""The recognisers that the settings name."""

from pathlib import Path
from typing import TYPE_CHECKING

from xnai_pipelines.errors import SettingsError
from xnai_pipelines.settings.kinds import SPACY
from xnai_pipelines.settings.language_model import language_model
from xnai_pipelines.settings.reading import Settings

if TYPE_CHECKING:
    from xnai_pipelines.graph.recogniser import Recogniser


def recognisers(settings: Settings) -> "list[Recogniser]":
    """Return the recognisers that are switched on, none by default. What two find in one place is the first one's.

    Raises:
        MissingExtraError: A spaCy pipeline is named, and spaCy is not installed.
        SettingsError: There is no such model, it cannot be opened, or no language model is set.
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
        at_a_time = settings.threads if settings.llm_url else 1  # a model in this process uses all threads itself
        found.append(LanguageReader(model.name, model.load, settings.graph_llm_tokens, at_a_time))
    name = settings.graph_recogniser
    if name is not None and name.startswith(SPACY):
        from xnai_pipelines.graph.spacy_pipeline import SpacyPipeline

        found.append(SpacyPipeline(name.removeprefix(SPACY)))
    elif name is not None:
        from xnai_pipelines.graph.token_classifier import TokenClassifier

        found.append(TokenClassifier(Path(name), settings.threads))
    return found
