"""Manual pages are read as a terminal shows them, in both macro packages, under any name."""

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.parsing_files import Parse, one
from xnai_pipelines.documents.parsers.detect import detect
from xnai_pipelines.documents.parsers.markup.roff import parse_roff
from xnai_pipelines.documents.parsers.parsed import Heading, Omission
from xnai_pipelines.errors import SkippedFileError

MAN = r"""'\" t
.\" Copyright (C) nobody
.de URL
\\$2 <\\$1>\\$3
..
.ds vault "the vault
.TH ROTATE 1 2026-01-01 "Tools 2.0" "User Commands"
.SH NAME
rotate \- change signing keys
.SH SYNOPSIS
.B rotate
.RB [ \-f ]
.I key
.SH DESCRIPTION
.PP
Reads a key from \*[vault] and
writes \(lqa new one\(rq. \" a note
See
.BR vault (1),
.URL https://example.org "the site" .
.ie n shown in a terminal
.el shown on paper
.if t \{\
on paper
too
.\}
.SS Options
.TP
.BI \-\-days= n
Days \f(CWbetween\fP changes.
.IP \(bu 2
First.
.EX
rotate --days=90
  --force
.EE
.TS
tab(;);
l l.
Code;Meaning
_
0;done
T{
.B 1
T};not
.TE
.EQ
a over b
.EN
"""


def test_a_page_reads_as_in_a_terminal_with_its_sections_as_headings(parse: Parse) -> None:
    document = one(parse("rotate.1", MAN))
    assert document.title == "rotate(1)"
    assert document.text == (
        "NAME\n\nrotate - change signing keys\n\nSYNOPSIS\n\nrotate [-f] key\n\nDESCRIPTION\n\n"
        "Reads a key from the vault and writes “a new one”. See vault(1), the site <https://example.org>. "
        "shown in a terminal\n\nOptions\n\n--days=n\n: Days between changes.\n\n• First.\nrotate --days=90\n  --force"
        "\n\nCode | Meaning\n0 | done\n1 | not"
    )
    assert document.headings[:2] == (Heading(0, 1, "NAME"), Heading(36, 1, "SYNOPSIS"))
    assert document.headings[-1].level == 2
    assert all(document.text[one.start :].startswith(one.title) for one in document.headings)
    assert document.omissions == (Omission("equation or drawing", 1, "a over b"),)


def test_a_page_in_the_macros_of_bsd_reads_as_in_a_terminal() -> None:
    page = parse_roff(
        ".Dd May 1, 2026\n.Dt ROTATE 1\n.Os\n.Sh NAME\n.Nm rotate\n.Nd change keys\n.Sh SYNOPSIS\n.Nm\n"
        ".Op Fl fv\n.Op Fl d Ar days\n.Oo Ar user Ns @ Oc Ns Ar host\n.Sh DESCRIPTION\n.Nm\nreads\n.Pa key ,\nsee\n"
        ".Xr vault 1 .\n.Bl -tag -width Ds\n.It Fl f , Fl Fl force\nAt any\n.Em age .\n.El\n"
        '.Bd -literal\n  rotate "a"\n.Ed\n.Ex -std\n',
        "rotate",
    )
    assert page.title == "rotate(1)"
    assert page.text == (
        "NAME\n\nrotate — change keys\n\nSYNOPSIS\n\nrotate [-fv] [-d days] [user@]host\n\nDESCRIPTION\n\n"
        'rotate reads key, see vault(1).\n\n-f, --force\n: At any age.\n\n  rotate "a"\n'
        "The rotate utility exits 0 on success, and >0 if an error occurs."
    )


def test_a_table_that_does_not_end_keeps_its_cells() -> None:
    assert parse_roff(".TH A 1\n.TS\nl l.\none\ttwo\nT{\nthree\n.B four\n", "a").text == "one | two\nthree four"


@pytest.mark.parametrize("name", ["tar.1", "tar.1ssl", "tar", "tar.txt", "tar.man"])
def test_a_page_is_known_by_its_content(name: str) -> None:
    assert detect(MAN.encode(), name) == "text/troff"


@pytest.mark.parametrize("text", ["...and then.\nTH\n", "'Twas brillig\n", ".gitignore lists names\n", ".TH\n"])
def test_a_text_that_begins_with_a_point_or_an_apostrophe_is_no_page(text: str) -> None:
    assert detect(text.encode(), "notes.txt") == "text/plain"


def test_a_packed_page_is_a_document_and_another_name_of_it_is_skipped(parse: Parse) -> None:
    [document] = parse("rotate.1.gz", gzip.compress(MAN.encode()))
    assert (document.title, document.media_type) == ("rotate(1)", "text/troff")
    with pytest.raises(SkippedFileError, match="only names another one"):
        parse("turn.1", ".so man1/rotate.1\n")


@given(
    st.lists(st.sampled_from([*MAN.split("\n"), ".if", ".ie \\{", ".de", ".TS", ".Bl", ".Oc", "\\", "\\f", ".It Xo"]))
)
def test_no_order_of_lines_breaks_a_page(lines: list[str]) -> None:
    page = parse_roff("\n".join([".TH A 1", "words", *lines]), "a")
    assert page.text.startswith("words")


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (
            ".TP\n.B \\-q\n.TQ\n.B \\-\\-quiet\nSay little.\n.TP\n.B \\-v\nSay more.",
            "-q\n--quiet\n: Say little.\n\n-v\n: Say more.",
        ),
        (".TP\n.PD 0\n.B \\-q\n.TP\n.B \\-\\-quiet\nSay little.", "-q\n--quiet\n: Say little."),
        (".IP \\-q 4\nSay little.\n.IP\nErrors stay.", "-q\n: Say little.\n\nErrors stay."),
        (".PP\n\\-q, \\-\\-quiet\n.RS 4\nSay little.\n.RE", "-q, --quiet\n: Say little."),
        (
            ".HP\n\\-q, \\-\\-quiet\n.IP\nSay little.\n.HP\n\\-v\n.IP\nSay more.",
            "-q, --quiet\n: Say little.\n\n-v\n: Say more.",
        ),
        (".PP\nFor example:\n.RS 4\nSay little.\n.RE", "For example:\nSay little."),
        (".Bl -tag -compact\n.It Fl q\nSay little.\n.It Fl v\nSay more.\n.El", "-q\n: Say little.\n-v\n: Say more."),
    ],
)
def test_the_text_below_a_term_is_marked(source: str, text: str) -> None:
    assert parse_roff(source, "page").text == text
