"""Token offsets are characters of the text, however long the text and whatever the saved tokenizer pads or cuts."""

import pytest
from tokenizers import Tokenizer

from xnai_pipelines.chunks.tokens import TokenCounter


def test_offsets_count_characters_not_bytes(tokens):
    text = "Ёлка 👍 naïve 漢字"
    [found] = tokens.locate([text])
    pieces = [text[start:end] for start, end in zip(found.starts, found.ends, strict=True)]
    assert "".join(pieces) == text.replace(" ", "")
    assert pieces[-2:] == ["漢", "字"]


def test_a_long_text_is_located_in_windows_as_if_in_one(tokens, minilm):
    text = "Words, punctuation; and unbelievably long-winded compounds. " * 600
    [found] = tokens.locate([text])
    reference = Tokenizer.from_file(str(minilm))
    reference.no_padding()
    reference.no_truncation()
    expected = reference.encode(text, add_special_tokens=False).offsets
    assert list(zip(found.starts.tolist(), found.ends.tolist(), strict=True)) == expected
    assert found.seams == ()


def test_padding_and_truncation_of_the_saved_tokenizer_are_off(tokens):
    assert tokens.count(["", "one", "word " * 1_000]) == [0, 1, 1_000]


def test_a_span_is_counted_only_where_no_word_is_cut(tokens):
    text = "An unbelievable story"
    [found] = tokens.locate([text])
    assert found.count(0, 15) == tokens.count([text[:15]])[0]
    assert found.count(3, 15) == tokens.count([text[3:15]])[0]
    assert found.count(0, 7) is None
    assert found.count(5, 21) is None


def test_a_count_over_a_cut_word_is_unknown(tokens):
    text = "漢" * 20_000
    [found] = tokens.locate([text])
    seam = found.seams[0]
    assert found.count(seam - 10, seam + 10) is None
    assert found.count(seam - 10, seam) == 10


def test_context_free_is_true_only_for_tokenizers_that_ignore_the_space(
    tokens, byte_level_tokens, sentencepiece_tokens
):
    assert tokens.context_free
    assert not byte_level_tokens.context_free
    assert not sentencepiece_tokens.context_free


def test_the_fingerprint_tells_tokenizers_apart(tokens, minilm, byte_level_tokens):
    assert TokenCounter(minilm).fingerprint == tokens.fingerprint
    assert tokens.fingerprint != byte_level_tokens.fingerprint
    assert len(tokens.fingerprint) == 12


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"\xff\xfe", b'{"model": {"type": "WordPiece"}}'])
def test_a_file_that_is_no_tokenizer_is_named(tmp_path, content):
    path = tmp_path / "tokenizer.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"tokenizer\.json is not a Hugging Face tokenizer\.json"):
        TokenCounter(path)


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        TokenCounter(tmp_path / "tokenizer.json")
