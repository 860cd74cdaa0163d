"""What every strategy promises, whatever the text."""

import time
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.chunked import chunk_document
from xnai_pipelines.chunks.chunker import StructuredText, chunk_documents
from xnai_pipelines.chunks.spec import Chunk, ChunkingSpec, Strategy
from xnai_pipelines.chunks.tokens import TokenCounter
from xnai_pipelines.documents.parsers.parsed import Heading, Markup

PIECES = [
    "word", "a", "Sentence one. ", "Ends here! ", "e.g. ", "\n", "\n\n", "\r\n", "\r\n\r\n", " ",
    "\t", "    ", "# Title\n", "## Part\n\n", "- item\n", "1. first\n", "| a | b |\n", "```\n",
    "    code = 1\n", "===\n", ".. note::\n\n   ", "::\n\n    x\n", "/// tip\n", "///\n", "e\u0301",
    "\u0301\u0301", "\u0e01\u0e33\u0e34", "क्षि", "한국어 ", "각", "漢字", "。", "「引用。」", "👨‍👩‍👧‍👦", "👍🏽",
    "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "🇫🇷🇩🇪🇯🇵", "❤️", "שלום ", "مرحبا؟ ", "نص۔", "\u200b", "\u200d", "\ufeff", "\u00a0",
    "\u2028", "ﷺ", "x" * 130, "ab" * 40, "https://example.org/" + "q" * 60, "=" * 50, "[SEP]",
    "[UNK] ", "0123456789" * 8, "\x00", "\ufffd", "ẞ", "İ",
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(PIECES) | st.text(max_size=12), max_size=60).map("".join)
SPECS = st.builds(
    lambda strategy, size, share: ChunkingSpec(strategy, size, int(size * share)),
    st.sampled_from(Strategy),
    st.integers(16, 48),
    st.sampled_from([0.0, 0.0, 0.2, 0.5]),
)
PROPERTY = settings(max_examples=40)


@st.composite
def documents(draw: st.DrawFn) -> StructuredText:
    text = draw(TEXTS)
    lines = [0, *(at + 1 for at, character in enumerate(text) if character == "\n" and at + 1 < len(text))]
    starts = draw(st.lists(st.sampled_from(lines), unique=True, max_size=6)) if text else []
    headings = [Heading(start, draw(st.integers(1, 4)), f"h{start}") for start in sorted(starts)]
    return StructuredText(text, headings, draw(st.sampled_from(Markup)))


def check(document: StructuredText, chunks: list[Chunk], spec: ChunkingSpec, tokens: TokenCounter) -> None:
    text = document.text
    passages = [text[chunk.start : chunk.end] for chunk in chunks]
    assert all(passages), "empty"
    assert passages == [passage.strip() for passage in passages], "surrounded by white space"
    assert [chunk.ordinal for chunk in chunks] == list(range(len(chunks)))
    assert tokens.count(passages) == [chunk.token_count for chunk in chunks]
    assert all(chunk.token_count <= spec.size_tokens for chunk in chunks)
    assert all(len(passage) <= 32 * spec.size_tokens for passage in passages)
    covered = {position for chunk in chunks for position in range(chunk.start, chunk.end)}
    assert all(text[position].isspace() for position in set(range(len(text))) - covered), "text is lost"
    for before, after in pairwise(chunks):
        assert before.start < after.start
        if not spec.overlap_tokens:
            assert before.end <= after.start


@PROPERTY
@given(document=documents(), spec=SPECS)
def test_every_promise_holds_for_nasty_text(tokens, document, spec):
    check(document, chunk_documents([document], spec, tokens)[0], spec, tokens)


@pytest.mark.parametrize("kind", ["byte_level_tokens", "sentencepiece_tokens"])
@settings(PROPERTY, max_examples=20)
@given(document=documents(), spec=SPECS)
def test_every_promise_holds_for_tokenizers_that_mark_the_space_before_a_word(request, kind, document, spec):
    tokenizer = request.getfixturevalue(kind)
    check(document, chunk_documents([document], spec, tokenizer)[0], spec, tokenizer)


@PROPERTY
@given(document=documents(), spec=SPECS)
def test_no_cut_splits_what_a_reader_sees_as_one_character(tokens, document, spec):
    text = document.text
    for chunk in chunk_documents([document], spec, tokens)[0]:
        for cut in (chunk.start, chunk.end):
            if not 0 < cut < len(text) or text[cut - 1].isspace() or text[cut].isspace():
                continue
            marks = text[max(0, cut - 16) : cut + 16]
            if all(unicodedata.category(mark).startswith("M") for mark in marks):
                continue
            assert text[cut - 1] != "\u200d"
            assert not unicodedata.category(text[cut]).startswith("M")
            assert text[cut] not in "\u200d🏽"


@pytest.mark.parametrize("overlap", [0, 8])
@pytest.mark.parametrize("strategy", Strategy)
def test_a_full_stop_with_a_mark_on_it_is_not_parted_from_the_mark(tokens, strategy, overlap):
    text = "漢字。\ufe0f" * 60
    chunks = chunk_document(text, (), Markup.PLAIN, ChunkingSpec(strategy, 20, overlap), tokens)
    assert all(text[chunk.start] != "\ufe0f" for chunk in chunks)


@settings(PROPERTY, max_examples=15)
@given(batch=st.lists(documents(), max_size=4), spec=SPECS)
def test_a_document_has_the_same_chunks_alone_and_in_a_batch(tokens, batch, spec):
    alone = [chunk_document(one.text, one.headings, one.markup, spec, tokens) for one in batch]
    assert chunk_documents(batch, spec, tokens) == alone


@pytest.mark.parametrize("strategy", Strategy)
@pytest.mark.parametrize("text", ["", " \n\t\u00a0 ", "\u2003" * 9_000])
def test_text_without_a_character_has_no_chunk(tokens, strategy, text):
    assert chunk_document(text, (), Markup.PLAIN, ChunkingSpec(strategy, 64), tokens) == []


@pytest.mark.slow
@pytest.mark.parametrize("strategy", Strategy)
@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a" * 200_000, id="one_word"),
        pytest.param("a\u0301" + "\u0301" * 75_000, id="one_grapheme"),
        pytest.param("漢" * 40_000, id="no_spaces"),
        pytest.param("x" + " " * 250_000 + "y", id="white_space"),
        pytest.param("." * 40_000, id="full_stops"),
        pytest.param("! " * 25_000, id="tiny_sentences"),
        pytest.param("a\n" * 25_000, id="short_lines"),
        pytest.param("```\n" * 12_000, id="fences"),
        pytest.param("".join(" " * (line % 400) + "x\n" for line in range(1_000)), id="indentation"),
    ],
)
def test_huge_and_odd_texts_are_cut_in_linear_time(tokens, strategy, text):
    spec = ChunkingSpec(strategy, 192, 0 if strategy is Strategy.FIXED else 32)
    document = StructuredText(text, (), Markup.MARKDOWN)
    started = time.process_time()
    check(document, chunk_documents([document], spec, tokens)[0], spec, tokens)
    assert time.process_time() - started < 8  # of the processor's time, whatever else it does
