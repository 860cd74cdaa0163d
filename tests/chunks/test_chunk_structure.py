"""The structure strategy follows headings and keeps together what belongs together."""

from itertools import pairwise
from textwrap import dedent

import pytest

from tests.support.chunked import chunk_document
from xnai_pipelines.chunks.spec import Chunk, ChunkingSpec, Strategy
from xnai_pipelines.documents.parsers.parsed import Heading, Markup

SENTENCE = "This sentence of prose is here to be ten tokens. "  # 11 tokens


def prose(count: int) -> str:
    return (SENTENCE * count).strip()


def headings(text: str, *levels_and_lines: tuple[int, str]) -> list[Heading]:
    found = []
    for level, line in levels_and_lines:
        start = text.index(line, found[-1].start + 1 if found else 0)
        found.append(Heading(start, level, line.strip("# ")))
    return found


def chunked(tokens, text, found=(), markup=Markup.MARKDOWN, size=64, overlap=0) -> list[Chunk]:
    return chunk_document(text, found, markup, ChunkingSpec(Strategy.STRUCTURE, size, overlap), tokens)


def passages(tokens, text, found=(), markup=Markup.MARKDOWN, size=64, overlap=0) -> list[str]:
    return [text[one.start : one.end] for one in chunked(tokens, text, found, markup, size, overlap)]


def test_a_heading_starts_a_chunk_and_stays_with_what_follows(tokens):
    text = f"# Top\n\n{prose(4)}\n\n## Part\n\n{prose(4)}\n\n{prose(3)}\n"
    chunks = chunked(tokens, text, headings(text, (1, "# Top"), (2, "## Part")))
    assert [text[chunk.start :].split("\n")[0] for chunk in chunks] == ["# Top", "## Part", prose(3)]
    assert [chunk.heading_path for chunk in chunks] == [("Top",), ("Top", "Part"), ("Top", "Part")]


def test_a_chunk_of_several_short_sections_knows_where_each_begins(tokens):
    text = "# Top\n\n## Locks\n\n### lock\n\nLock it.\n\n### unlock\n\nUnlock it.\n"
    found = headings(text, (1, "# Top"), (2, "## Locks"), (3, "### lock"), (3, "### unlock"))
    (chunk,) = chunked(tokens, text, found)
    assert chunk.heading_path == ("Top",)
    assert chunk.sections == (
        (text.index("## Locks"), ("Top", "Locks")),
        (text.index("### lock"), ("Top", "Locks", "lock")),
        (text.index("### unlock"), ("Top", "Locks", "unlock")),
    )


def test_a_heading_is_never_left_alone_at_the_end_of_a_chunk(tokens):
    text = "".join(f"## Part {at}\n\n{prose(1 + at % 6)}\n\n" for at in range(30))
    found = headings(text, *((2, f"## Part {at}") for at in range(30)))
    for passage in passages(tokens, text, found):
        assert not passage.split("\n")[-1].startswith("#")


def test_small_sections_share_a_chunk(tokens):
    text = "# A\n\nTiny.\n\n## A1\n\nTiny.\n\n## A2\n\nTiny.\n\n# B\n\nTiny.\n"
    found = headings(text, (1, "# A"), (2, "## A1"), (2, "## A2"), (1, "# B"))
    assert passages(tokens, text, found) == [text.strip()]


def test_small_sections_share_a_chunk_under_one_parent_only(tokens):
    text = f"# A\n\n{prose(5)}\n\n## A1\n\nTiny.\n\n## A2\n\nTiny.\n\n# B\n\nTiny.\n"
    found = headings(text, (1, "# A"), (2, "## A1"), (2, "## A2"), (1, "# B"))
    assert [passage.split("\n")[0] for passage in passages(tokens, text, found)] == ["# A", "## A1", "# B"]


def test_headings_without_text_between_stay_together(tokens):
    text = f"{prose(4)}\n\n# Top\n\n## Part\n\n### Detail\n\n{prose(4)}\n"
    found = headings(text, (1, "# Top"), (2, "## Part"), (3, "### Detail"))
    assert passages(tokens, text, found) == [prose(4), text[found[0].start :].strip()]


@pytest.mark.parametrize(
    "block",
    [
        "```python\nfirst = 1\n\n\nsecond = 2\n\nthird = [\n    3,\n]\n```",
        "~~~\n# no heading\n\n```\n\ntext\n~~~",
        "| name | use |\n|---|---|\n| one | first |\n| two | second |\n| three | third |",
        "- one item\n- another item\n  with a second line\n\n  and a paragraph\n- last item",
        "1. one item\n\n2. another item\n\n3. last item",
        "/// note\n\nA remark in a box.\n\nIt has two paragraphs.\n\n///",
    ],
    ids=["code", "tilde_code", "table", "list", "loose_list", "container"],
)
def test_markdown_blocks_stay_whole_where_they_fit(tokens, block):
    text = f"{prose(3)}\n\n{block}\n\n{prose(3)}\n\n{prose(2)}"
    assert any(block in passage for passage in passages(tokens, text, size=48))


RST_BLOCKS = [
    ".. code-block:: python\n\n    first = 1\n\n\n    second = 2\n\n    third = 3",
    "Announced by colons::\n\n    $ run this\n\n    and see that",
    ".. note::\n\n   A remark in a box.\n\n   It has two paragraphs.",
    "term\n    What it means.\n\n    In two paragraphs.",
    "+-----+-----+\n| one | two |\n+=====+=====+\n| 1   | 2   |\n+-----+-----+",
]


@pytest.mark.parametrize("block", RST_BLOCKS)
def test_rst_blocks_stay_whole_where_they_fit(tokens, block):
    text = f"{prose(3)}\n\n{block}\n\n{prose(3)}\n\n{prose(2)}"
    assert any(block in passage for passage in passages(tokens, text, markup=Markup.RST, size=56))


def test_an_rst_directive_is_not_parted_from_its_first_lines(tokens):
    code = "\n\n".join(f"    value_{at} = compute({at})" for at in range(20))
    text = f"{prose(4)}\n\n.. code-block:: python\n\n{code}\n"
    assert not any(passage.endswith("python") for passage in passages(tokens, text, markup=Markup.RST))


def test_rst_labels_and_overlines_belong_to_the_heading_below(tokens):
    text = f"{prose(4)}\n\n.. _label:\n\n=====\nTitle\n=====\n\n{prose(4)}\n"
    found = [Heading(text.index("====="), 1, "Title")]
    first, second = chunked(tokens, text, found, Markup.RST)
    assert text[first.start : first.end] == prose(4)
    assert text[second.start :].startswith(".. _label:")
    assert second.heading_path == ("Title",)


def test_a_list_goes_with_the_line_that_announces_it(tokens):
    text = f"{prose(2)}\n\nThese are the kinds:\n\n- one kind of thing\n- another kind of thing\n\n{prose(3)}"
    assert any("kinds:\n\n- one" in passage for passage in passages(tokens, text, size=48))


def test_long_code_is_cut_at_blank_lines_between_functions(tokens):
    code = "\n\n\n".join(f"def function_{at}():\n    first = {at}\n\n    return first + {at}" for at in range(8))
    for passage in passages(tokens, code, markup=Markup.CODE):
        assert passage.startswith("def function_")


def test_python_methods_start_chunks_with_their_decorators_and_comments(tokens):
    text = dedent('''\
        import os

        class Store:
            """Keeps things for as long as they are needed, and not a moment longer than that."""

            # How many there are, counted each time somebody asks for it.
            @property
            def size(self):
                return len(self.items) + len(self.other_items) + len(self.all_the_rest_of_them)
        ''')
    found = [
        Heading(text.index("class"), 1, "Store"),
        Heading(text.index("    @property"), 2, "size"),
    ]
    last = chunked(tokens, text, found, Markup.CODE)[-1]
    assert text[last.start :].startswith("# How many")
    assert last.heading_path == ("Store", "size")


def test_a_long_list_is_cut_between_items_and_a_long_table_between_rows(tokens):
    items = "\n".join(f"- item {at} with some words in it" for at in range(20))
    assert all(passage.startswith("- item") for passage in passages(tokens, items))
    rows = "\n".join(f"| row {at} | some words |" for at in range(20))
    assert all(passage.startswith("|") and passage.endswith("|") for passage in passages(tokens, rows))


def test_text_right_after_a_fence_starts_a_chunk(tokens):
    text = f"```\nfirst = 1\n\nsecond = 2\n```\nText right after. {prose(5)}\n\n{prose(2)}"
    assert passages(tokens, text)[1].startswith("Text right after.")


def test_overlap_repeats_nothing_from_above_the_heading(tokens):
    text = f"# One\n\n{prose(8)}\n\n# Two\n\n{prose(8)}\n"
    found = headings(text, (1, "# One"), (1, "# Two"))
    chunks = chunked(tokens, text, found, overlap=24)
    border = found[1].start
    assert any(chunk.start == border for chunk in chunks)
    assert all(chunk.start >= border or chunk.end <= border for chunk in chunks)
    assert any(before.end > after.start for before, after in pairwise(chunks))


def test_the_heading_path_is_a_stack_by_level_for_every_strategy(tokens):
    text = f"# A\n\n{prose(3)}\n\n### A.x.1\n\n{prose(3)}\n\n## B\n\n{prose(3)}\n\n# C\n\n{prose(3)}"
    found = headings(text, (1, "# A"), (3, "### A.x.1"), (2, "## B"), (1, "# C"))
    for strategy in Strategy:
        spec = ChunkingSpec(strategy, 40)
        for chunk in chunk_document(text, found, Markup.MARKDOWN, spec, tokens):
            path: list[Heading] = []
            for heading in found:
                if heading.start <= chunk.start:
                    path = [outer for outer in path if outer.level < heading.level] + [heading]
            assert chunk.heading_path == tuple(heading.title for heading in path)
