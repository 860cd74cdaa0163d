"""Definition lists of every written format are entries as in Markdown: terms, then `: ` and what they mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xnai_pipelines.answers.entries import entries
from xnai_pipelines.documents.parsers.markup.asciidoc import parse_asciidoc
from xnai_pipelines.documents.parsers.markup.latex import parse_latex
from xnai_pipelines.documents.parsers.markup.rst import parse_rst

# What each says of two options and of a term; the second option has two paragraphs, code and a list.
RST = """
Options
-------

-q, --quiet  Say little. It is short,
             and quick.
-v           Be loud::

                 ring = "ring"
                     ring

.. option:: -k EXPR
            --keep EXPR
   :default: none
   :noindex:

   Leave the sources alone:

   - all
   - of them

   .. code-block:: python

       class A
           keep

   Even old ones.

Stable release : term
    It is what users have.
:fixture:`tmp_path`
    A folder.
"""
ASCIIDOC = """
Options
-------
-q::
--quiet::
\tSay little. It is short,
\tand quick.
-v:: Be loud.
-k <expr>::

Leave the sources alone:
+
----
keep:: no
----
+
Even old ones.

Stable release;; It is what users have.
"""
LATEX = r"""
\section{Options}
\begin{description}
\item[\texttt{-q}, \texttt{--quiet}] Say little. It is short,
and quick.
\item[-k] \hfill \\ Leave the sources alone:
\begin{verbatim}
keep = 1

no = 2
\end{verbatim}
\begin{itemize}\item[Key] all\end{itemize}

Even old ones.
\item[Stable release] It is what users have.
\end{description}
The end.
"""


def meanings(text: str) -> dict[str, str]:
    return {text[slice(*one.terms)]: text[one.start : one.end].strip() for one in entries(text)}


def test_rst_has_those_of_definition_lists_option_lists_and_directives() -> None:
    assert meanings(parse_rst(RST, "stem").text) == {
        "-q, --quiet": "Say little. It is short,\nand quick.",
        "-v": 'Be loud::\n\n                 ring = "ring"\n                     ring',
        "-k EXPR\n--keep EXPR": (
            "default: none\n\n: Leave the sources alone:\n\n   - all\n   - of them\n\n"
            "   .. code-block:: python\n\n       class A\n           keep\n\n: Even old ones."
        ),
        "Stable release : term": "It is what users have.",
        "`tmp_path`": "A folder.",
    }


def test_asciidoc_has_those_of_description_lists() -> None:
    assert meanings(parse_asciidoc(ASCIIDOC, "stem").text) == {
        "-q\n--quiet": "Say little. It is short,\nand quick.",
        "-v": "Be loud.",
        "-k <expr>": "Leave the sources alone:\n\n```\nkeep:: no\n```\n\n: Even old ones.",
        "Stable release": "It is what users have.",
    }


def test_latex_has_those_of_descriptions() -> None:
    text = parse_latex(LATEX, "stem").text
    assert meanings(text) == {
        "-q, --quiet": "Say little. It is short,\nand quick.",
        "-k": "Leave the sources alone:\n\n```\nkeep = 1\n\nno = 2\n```\n\n- Key: all\n\n: Even old ones.",
        "Stable release": "It is what users have.",
    }
    assert text.endswith("\n\nThe end.")


@pytest.mark.parametrize(
    "text",
    [
        "It has::\n\n    term\n        text\n",
        ".. code-block:: ruby\n\n    class A\n        keep\n",
        ".. A comment\n   of it\n      deeper\n",
        "- An item\n  that goes on\n",
        "A sentence ends here.\n    So this is no text of a term.\n",
        "=====  =====\nA      B\n=====  =====\n\na      b\n       b\n=====  =====\n",
        ">>> f(x)\n    1\n",
        "* one\n\n  two\n",
        "Title\n-----\n\n:field: value\n    more\n",
    ],
)
def test_other_blocks_of_rst_stay_as_they_are(text: str) -> None:
    assert parse_rst(text, "stem").text == text


@pytest.mark.parametrize(
    "text",
    [
        "Some text\nstd:: vector\n",
        "++++\nkey:: value\n----\n++++\n",
        "----\n```\nkey\n```\n----\n",
        "image::a.png[]\n\ninclude::b.adoc[]\n",
        "// term:: comment\n",
        "term::\n* item\n",
        "term::\n",
        "* nested:: no\n",
    ],
)
def test_other_lines_of_asciidoc_stay_as_they_are(text: str) -> None:
    assert parse_asciidoc(text, "stem").text == text


@given(st.lists(st.sampled_from([" ", "  ", "\n", "\n\n", "term", "-q", "::", ":", ".. option::", "- ", "+", "----"])))
def test_no_word_of_any_text_is_lost(pieces: list[str]) -> None:
    text = "".join(pieces)
    for parse in (parse_rst, parse_asciidoc):
        read = parse(text, "stem").text
        assert read.count("term") == text.count("term")
        assert read.count("-q") == text.count("-q")
