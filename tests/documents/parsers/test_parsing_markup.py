"""Titles and headings are found where a reader sees them, and nowhere else."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xnai_pipelines.documents.parsers.markup.code import parse_plain, parse_python
from xnai_pipelines.documents.parsers.markup.markdown import markdown_headings, parse_markdown, plain_words
from xnai_pipelines.documents.parsers.markup.rst import parse_rst, rst_headings
from xnai_pipelines.documents.parsers.records.notebook import parse_json, parse_notebook
from xnai_pipelines.errors import UnreadableError


def outline(text: str) -> list[tuple[int, str]]:
    found = markdown_headings(text)
    assert all(text.startswith(("#", " ", heading.title[:1]), heading.start) for heading in found)
    return [(heading.level, heading.title) for heading in found]


def test_atx_and_setext_headings_start_where_their_line_starts() -> None:
    text = "# One #\n\ntext\n\nTwo\n===\n\nThree\n---\n   ###### Six\n####### no\n#no\n"
    assert outline(text) == [(1, "One"), (1, "Two"), (2, "Three"), (6, "Six")]
    assert text[markdown_headings(text)[1].start :].startswith("Two\n===")


@pytest.mark.parametrize(
    "text",
    [
        "```\n# code\n```\n",
        "~~~ bash\n# code\n```\n# still\n~~~\n",
        "````\n```\n# code\n````\n",
        "<!--\n# comment\n-->\n",
        "    # indented\n",
        "- item\n---\n",
        "| a |\n---\n",
        "> quote\n---\n",
        "one\ntwo\n---\n",
        "\n---\n",
        "text `#` text",
        "#\n",
    ],
)
def test_what_looks_like_a_heading_and_is_none(text: str) -> None:
    assert outline(text) == []


def test_a_heading_after_a_fence_or_comment_is_found() -> None:
    assert outline("```\n#\n```\nTitle\n=====\n<!-- x -->\n# Next\n") == [(1, "Title"), (1, "Next")]


def test_front_matter_titles_a_page_and_is_no_heading() -> None:
    page = parse_markdown("---\ntags: [a, b\ntitle: 'The page'\n---\n# Body\n", "stem")
    assert page.title == "The page"
    assert [heading.title for heading in page.headings] == ["Body"]
    assert parse_markdown("---\ntitle: >-\n  Rotating\n  keys\ntags: [a]\n---\nText\n", "stem").title == "Rotating keys"
    assert parse_markdown('+++\ntitle = "In TOML"\n+++\n# Body\n', "stem").title == "In TOML"
    assert parse_markdown("---\ntitle: 'It''s here'\n---\n", "stem").title == "It's here"
    assert parse_markdown("% Of Pandoc\n% Ann\n\n# Body\n", "stem").title == "Of Pandoc"
    page = parse_markdown('<h1 align="center">\n  <img src=a.png> The tool\n</h1>\n\n## Install\n', "stem")
    assert page.title == "The tool"
    assert parse_markdown("<h1>Not this</h1>\n\n# This\n", "stem").title == "This"
    assert parse_markdown("## Only\n", "stem").title == "Only"
    assert parse_markdown("words\n", "stem").title == "stem"


@pytest.mark.parametrize(
    ("markdown", "words"),
    [
        ("First *Steps* { #first-steps }", "First Steps"),
        ("`open()` and [link](https://x.y) ![](a.png)", "open() and link"),
        ("snake_case_name stays, _this_ goes", "snake_case_name stays, this goes"),
        ("R&amp;D of `List&lt;T&gt;`", "R&D of List<T>"),
        ("**Bold** <small>x</small> \\*literal\\*", "Bold x *literal*"),
    ],
)
def test_a_heading_s_words_have_no_markup(markdown: str, words: str) -> None:
    assert plain_words(markdown) == words


@given(st.text(st.sampled_from("#=-~` \n\tab<!>|*_[]()\\é😀"), max_size=80))
def test_headings_of_any_text_lie_in_order_on_line_starts(text: str) -> None:
    for found in (markdown_headings(text), rst_headings(text)):
        starts = [heading.start for heading in found]
        assert starts == sorted(set(starts))
        assert all(start == 0 or text[start - 1] == "\n" for start in starts)
        assert all(heading.title and heading.level >= 1 for heading in found)


def test_rst_levels_follow_the_order_of_styles() -> None:
    text = (
        ".. _label:\n\n=====\nTitle\n=====\n\nPart ``one``\n-----------\n\ntext\n\nSub\n~~~\n\n"
        "Part :ref:`two <x>`\n-------------------\n"
    )
    page = parse_rst(text, "stem")
    assert page.title == "Title"
    assert [(heading.level, heading.title) for heading in page.headings] == [
        (1, "Title"),
        (2, "Part one"),
        (3, "Sub"),
        (2, "Part two"),
    ]
    assert text[page.headings[0].start :].startswith("=====\nTitle")


@pytest.mark.parametrize(
    "text",
    ["text\n\n-----\n\ntext\n", "::\n\n  code\n  ----\n", "==  ==\na   b\n==  ==\n", "one\ntwo\n---\n"],
)
def test_rst_transitions_tables_and_literal_blocks_are_no_headings(text: str) -> None:
    assert rst_headings(text) == ()


def test_python_definitions_are_headings() -> None:
    text = '"""class No: in a docstring"""\n\n@decorated\nclass A:\n    def b(self): ...\n\nasync def c(): ...\n'
    page = parse_python(text, "module")
    assert [(heading.level, heading.title) for heading in page.headings] == [(1, "A"), (2, "b"), (1, "c")]
    assert text[page.headings[0].start :].startswith("@decorated")
    assert parse_python("print 'python 2'", "old").headings == ()


def test_plain_text_is_titled_by_a_short_first_line() -> None:
    assert parse_plain("\n  A letter \n\nDear", "stem").title == "A letter"
    assert parse_plain("word " * 50, "stem").title == "stem"


def test_json_is_indented_and_damage_is_placed() -> None:
    page = parse_json('{"title": "T", "ключ": [1]}', "stem")
    assert (page.title, '"ключ": [\n' in page.text) == ("T", True)
    with pytest.raises(UnreadableError, match="line 2 column"):
        parse_json('{"a": 1,\n b}', "stem")
    assert parse_json("[NaN, -Infinity, 1.50]", "stem").text.split() == ["[", "NaN,", "-Infinity,", "1.50", "]"]
    with pytest.raises(UnreadableError) as caught:
        parse_json("[" * 100_000, "stem")
    assert caught.value.kind == "too_deep"


def test_a_notebook_is_its_cells_with_code_fenced() -> None:
    notebook = {
        "metadata": {"language_info": {"name": "julia"}},
        "cells": [
            {"cell_type": "markdown", "source": ["# Study\n", "words"]},
            {"cell_type": "code", "source": "# no heading\nx = 1", "outputs": [{"text": "big"}]},
            {"cell_type": "raw", "source": "kept as it is"},
        ],
    }
    page = parse_notebook(json.dumps(notebook), "stem")
    assert page.text == "# Study\nwords\n\n```julia\n# no heading\nx = 1\n```\n\nkept as it is"
    assert (page.title, len(page.headings)) == ("Study", 1)
    with pytest.raises(UnreadableError, match="no list of cells"):
        parse_notebook("[]", "stem")


def test_outputs_of_a_notebook_are_counted_or_follow_their_cell() -> None:
    outputs = [
        {"output_type": "stream", "text": ["loss \x1b[31m0.5\x1b[0m\n"]},
        {"output_type": "display_data", "data": {"image/png": "AAAA"}},
        {"output_type": "stream", "text": "x" * 30_000},
    ]
    notebook = json.dumps({"cells": [{"cell_type": "code", "source": "fit()", "outputs": outputs}]})
    off, on = parse_notebook(notebook, "stem"), parse_notebook(notebook, "stem", outputs=True)
    assert off.text == "```\nfit()\n```"
    assert [(one.part, one.count) for one in off.omissions] == [("output of a cell", 3)]
    assert on.text.startswith("```\nfit()\n```\n\n```\nloss 0.5\n```\n\n```\nxxx")
    assert [(one.part, one.count) for one in on.omissions] == [("output of a cell", 1), ("end of a long output", 1)]


@pytest.mark.parametrize("written", ['// of the editor\n{"a": "b // c", /* why */ "d": [1, 2,],}', '{"a": 1,\n}'])
def test_json_with_comments_is_returned_as_it_is_written(written: str) -> None:
    page = parse_json(written, "stem")
    assert (page.text, page.encoding_repair) == (written, "json with comments or commas at the end")


@pytest.mark.parametrize("written", ["[,]", "[1,,]", "{ , }", '{"a": 1 /* open'])
def test_json_with_more_commas_than_values_is_damaged(written: str) -> None:
    with pytest.raises(UnreadableError, match="not valid JSON"):
        parse_json(written, "stem")
