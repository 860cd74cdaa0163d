"""Settings out of range are refused by name; the label says what made a chunk."""

import pytest

from xnai_pipelines.chunks.spec import ChunkingSpec, Strategy


def test_the_label_names_strategy_size_overlap_and_algorithm():
    assert ChunkingSpec(Strategy.STRUCTURE, 192).label == "structure/192/0@1"
    assert ChunkingSpec(Strategy.FIXED, 128, 32).label == "fixed/128/32@1"


def test_a_strategy_may_be_given_as_text():
    assert ChunkingSpec("sentence", 64).strategy is Strategy.SENTENCE


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (("semantic", 192, 0), r"strategy is 'semantic', but must be one of fixed, sentence, paragraph"),
        (("fixed", 15, 0), r"size_tokens is 15, but must be an integer from 16 to 8192\."),
        (("fixed", 8193, 0), r"size_tokens is 8193"),
        (("fixed", 64.0, 0), r"size_tokens is 64\.0"),
        (("fixed", True, 0), r"size_tokens is True"),
        (("fixed", 64, -1), r"overlap_tokens is -1, but must be an integer from 0 to 32, half of size_tokens"),
        (("fixed", 64, 33), r"overlap_tokens is 33"),
    ],
)
def test_a_bad_setting_is_refused_with_its_name_value_and_range(settings, message):
    with pytest.raises(ValueError, match=message):
        ChunkingSpec(*settings)
