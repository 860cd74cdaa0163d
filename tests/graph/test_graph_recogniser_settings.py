"""The settings switch recognisers on, and a wrong one is refused with its name."""

import pytest

from tests.support.token_classifiers import write_token_classifier
from xnai_pipelines.errors import SettingsError
from xnai_pipelines.graph.found import Kind
from xnai_pipelines.graph.recogniser import extractor_of, kind_of
from xnai_pipelines.settings import given_settings
from xnai_pipelines.settings.recognisers import recognisers

SERVER = "http://127.0.0.1:9/v1"


def test_none_is_on_by_default_even_if_answers_are_written_by_a_model():
    assert recognisers(given_settings()) == []
    assert recognisers(given_settings(llm_url=SERVER)) == []


def test_each_is_switched_on_by_a_setting_of_its_own(tmp_path):
    folder = write_token_classifier(tmp_path / "classifier")
    found = recognisers(given_settings(llm_url=SERVER, llm_model="small", graph_llm=True, graph_recogniser=folder))
    assert [one.name for one in found] == ["language-model", "token-classifier"]
    assert extractor_of(found[0]) == "language-model@small/1"


def test_a_language_model_that_is_not_named_is_refused():
    with pytest.raises(SettingsError, match="XNAI_GRAPH_LLM is true, but there is no language model"):
        recognisers(given_settings(graph_llm=True))


def test_a_folder_that_is_not_there_is_refused_by_the_settings_name(tmp_path):
    with pytest.raises(SettingsError, match="XNAI_GRAPH_RECOGNISER="):
        recognisers(given_settings(graph_recogniser=tmp_path / "none"))


@pytest.mark.parametrize(
    ("label", "surface", "kind"),
    [
        ("PER", "ann", Kind.PERSON),
        ("Person", "Ann", Kind.PERSON),
        ("GPE", "Oslo", Kind.PLACE),
        ("ORG", "Acme", Kind.ORGANISATION),
        ("date", "then", Kind.DATE),
        ("MISC", "Norwegian", Kind.NAME),
        ("MISC", "iPhone", Kind.NAME),
        ("product", "aspirin", Kind.TERM),
    ],
)
def test_a_label_says_what_a_name_is(label, surface, kind):
    assert kind_of(label, surface) is kind
