"""The words of each language lie in a file of their own; a mistake in one is named."""

import pytest

from xnai_pipelines.answers.languages.words import languages, parsed
from xnai_pipelines.answers.relations import Relation
from xnai_pipelines.answers.symbol_questions import Aspect

SHORT = "joins = []\ninside = []\nkinds = []\n[asks]\n[relations.born]\nasks = ['born']\n[aspects]\n"


def test_every_file_has_words_that_ask_for_each_relation_and_each_aspect_of_a_symbol():
    assert set(languages()) == {"de", "en", "es", "fr", "it", "ja", "nl", "pt", "ru", "zh"}
    for language, words in languages().items():
        asked = {relation for relation, kinds in words.relations.items() if kinds.get("asks")}
        assert asked == ({relation.value for relation in Relation} if words.relations else set()), language
        assert {aspect for aspect, kinds in words.aspects.items() if kinds.get("asks")} == {*Aspect}, language


def test_a_file_of_a_few_words_is_enough():
    assert parsed("xx.toml", SHORT).relations == {"born": {"asks": ("born",)}}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (SHORT.replace("'born'", "'bo(rn'"), "relations.born.asks: 'bo(rn' is no pattern"),
        (SHORT.replace("['born']", "'born'"), "relations.born.asks must be a list of words"),
        (SHORT.replace("asks =", "ask ="), r"relations.born has \['ask'\], may have \['asks', 'did', 'tells'\]"),
        (
            SHORT.replace("joins", "join"),
            r"the keys are \['asks', 'aspects', 'inside', 'join', ",
        ),
        (SHORT.replace("[asks]", "[asks]\nsize = ['how big']"), r"asks has \['size'\], may have"),
        (SHORT + "born", "xx.toml: "),
    ],
)
def test_a_mistake_in_a_file_is_named_with_the_file(text: str, told: str):
    with pytest.raises(ValueError, match=told.replace("(", r"\(")):
        parsed("xx.toml", text)
