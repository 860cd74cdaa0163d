"""Formats of written text give what a reader sees, with an outline: RTF, LaTeX, AsciiDoc, Org, XML, YAML, TOML."""

import base64

import pytest

from tests.support.parsing_files import Parse, kind_of, one
from xnai_pipelines.documents.parsers.markup.latex import parse_latex
from xnai_pipelines.documents.parsers.parsed import Markup, Omission, Page, ParsedDocument, ParseLimits
from xnai_pipelines.errors import UnreadableError

RTF = r"""{\rtf1\ansi\ansicpg1252{\fonttbl{\f0\fcharset0 Arial;}{\f1\fcharset204 Times;}{\f2\fcharset128 MS;}}
{\stylesheet{\s0 Normal;}{\s1\outlinelevel0 Titel;}{\s2 heading 2;}}{\info{\title The plan}{\author X}}
{\header\pard Draft\par}\pard\s1 First {\b part}\par\pard\plain Caf\'e9 \u1078?\f1 \'ec\'e8\'f0\f2\'93\'fa\f0  end
 \u-10179?\u-8704?{\footnote\pard A note}.\par\pard\s2 Sub\par\pard{\listtext\tab 1.\tab}one\par
{\listtext\'b7\tab}two\par
\trowd\pard\intbl A\cell B\cell\row\trowd\pard\intbl 1\cell 2\cell\row\pard
after {\v secret}{\deleted gone}{\field{\*\fldinst HYPERLINK "http://x"}{\fldrslt link}}{\pict\bin5 }}}}}}\par
{\shp{\*\shpinst{\sp{\sn wzDescription}{\sv A whale}}{\shptxt\pard In a box\par}}}\par}"""


def outline(document: ParsedDocument) -> list[tuple[int, str]]:
    return [(heading.level, heading.title) for heading in document.headings]


def test_rich_text_has_headings_tables_notes_and_every_alphabet(parse: Parse) -> None:
    document = one(parse("plan.doc", RTF))
    assert document.text == (
        "# First part\n\nCafé жмир日 end 😀.\n\nFootnote: A note\n\n## Sub\n\n1. one\n\n- two\n\n"
        "| A | B |\n| --- | --- |\n| 1 | 2 |\n\nafter link (http://x)\n\nA whale\n\nIn a box\n\nHeader: Draft"
    )
    assert (document.title, document.media_type) == ("The plan", "application/rtf")
    assert document.omissions == (
        Omission("hidden text", 1, "secret"),
        Omission("deleted text", 1, "gone"),
        Omission("picture", 1),
    )


def test_rich_text_that_is_cut_or_nested_deeply_is_no_trouble(parse: Parse) -> None:
    cut = one(parse("cut.rtf", RTF[:700]))
    assert cut.omissions[-1].part == "end of the text: the file is truncated"
    assert kind_of(parse, "deep.rtf", r"{\rtf1" + "{" * 20_000 + "words") == "too_deep"
    assert kind_of(parse, "blank.rtf", r"{\rtf1 }") == "no_text"


def test_latex_is_read_as_it_is_typeset(parse: Parse) -> None:
    document = one(
        parse(
            "paper.tex",
            r"""\documentclass{article}\title{On Schr\"odinger's \emph{cat}}\author{A. B\'ezier}
\begin{document}\maketitle % a comment
\section{Na\"{\i}ve  \L{}\'od\'z}\label{a} See \ref{a}, \cite[p.~3]{knuth}: 50\% of $x % y$---``so''.
\begin{itemize}\item one \textbf{bold {inner}} \item[Key] two\end{itemize}
\subsection*{Next}\begin{tabular}{ll}A & B \\ \hline 1 & 2\end{tabular}
\begin{figure}\includegraphics[width=3cm]{cat.png}\caption{A cat}\end{figure}
\begin{verbatim}
 code % kept
\end{verbatim}\footnote{With \url{http://x.org/a_b}.}\input{more}
\end{document} after""",
        )
    )
    assert document.text == (
        "# On Schrödinger's cat\n\nA. Bézier\n\n# Naïve Łódź\n\nSee [a], [knuth]: 50% of $x % y$—“so”.\n\n"
        "- one bold inner\n\n- Key: two\n\n## Next\n\nA | B\n1 | 2\n\nA cat\n\n```\n code % kept\n```\n\n"
        "(With http://x.org/a_b.)"
    )
    assert document.title == "On Schrödinger's cat"
    assert document.omissions == (Omission("picture", 1, "cat.png"), Omission("included file", 1, "more"))


@pytest.mark.parametrize(
    ("source", "text", "parts"),
    [
        (r"\newcommand{\limit}{250 EUR} The limit is \limit{} a day.", "The limit is 250 EUR a day.", ()),
        (r"\newcommand{\by}[2][Dr]{#1 #2}\by{Lee}, \by[Ms]{Lee}", "Dr Lee, Ms Lee", ()),
        (r"\def\both#1#2{#2 #1}\both{a}{b}", "b a", ()),
        (r"\def\a{x\a}\a{}", "x" * 10, ("command",)),
        (r"\SI{12.5}{\percent}, \qty{3}{\metre\per\second}", "12.5 %, 3 m/s", ()),
        (r"\SIrange{1}{2}{\kilo\watt\hour}", "1–2 kWh", ()),
        (r"\own{one}{more} \noindent \sign two", "one more two", ("command",)),
        (r"a \iffalse old \ifx older\fi\else new\fi", "a new", ("comment",)),
        (r"\section{" + "word " * 60 + "end}", "# " + "word " * 60 + "end", ()),
    ],
)
def test_commands_of_latex_are_expanded_or_counted(source: str, text: str, parts: tuple[str, ...]) -> None:
    content = parse_latex(source, "stem")
    assert " ".join(content.text.split()) == text
    assert tuple(omission.part for omission in content.omissions) == parts


def test_latex_nested_without_end_is_too_deep(parse: Parse) -> None:
    assert kind_of(parse, "deep.tex", r"\footnote{" * 300 + "words") == "too_deep"


def test_asciidoc_headings_are_those_outside_of_listings(parse: Parse) -> None:
    text = "= The *plan*\n\n== One <<a,see A>>\n\n----\n== no\n----\n\n====\nexample\n====\n\n=== Two ===\n"
    document = one(parse("a.adoc", text))
    assert outline(document) == [(1, "The plan"), (2, "One see A"), (3, "Two")]
    assert (document.text, document.title) == (text.replace("----", "```"), "The plan")


def test_org_headlines_lose_keywords_priorities_and_tags(parse: Parse) -> None:
    text = "#+TITLE: Notes\n* TODO [#A] Buy [[http://x][tea]] :shop:\n#+BEGIN_SRC c\n* no\n#+END_SRC\n** =Code= next\n"
    document = one(parse("a.org", text))
    assert outline(document) == [(1, "Buy tea"), (2, "Code next")]
    assert (document.text, document.title) == (text, "Notes")


def test_xml_becomes_titles_paragraphs_and_named_values(parse: Parse) -> None:
    xml = (
        '<?xml version="1.0" encoding="utf-16"?><!-- c --><book xmlns="urn:b" id="b17"><section><title>Rain</title>'
        '<para>It <em role="strong words">rains</em> &amp; pours.</para></section><entry lang="en" kind="short note">'
        "<author>Ann Lee</author><year>2024</year></entry></book>"
    ).encode("utf-16")
    document = one(parse("a.xml", xml))
    assert document.text == (
        "Rain\nIt rains & pours.\nrole: strong words\n\nkind: short note\nauthor: Ann Lee\nyear: 2024"
    )
    assert outline(document) == [(2, "Rain")]
    assert document.omissions == (Omission("attribute that is not words", 1, "id=b17"),)


def test_a_web_page_within_xml_is_read_as_one(parse: Parse) -> None:
    page = "<![CDATA[<p>It <b>rains</b>.</p><ul><li>a</ul>]]>"
    feed = f"<rss><item><title>Rain</title><encoded>{page}</encoded></item></rss>"
    assert one(parse("feed.xml", feed)).text == "Rain\nencoded: It rains.\n\n- a"


@pytest.mark.parametrize(
    "head",
    [
        '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>',
        '<!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE a [<!ENTITY % a SYSTEM "http://example.org/a.dtd"> %a;]>',
    ],
)
def test_xml_that_declares_entities_is_refused(parse: Parse, head: str) -> None:
    assert kind_of(parse, "a.xml", f"<?xml version='1.0'?>{head}<a>&a;</a>") == "damaged"


def test_xml_that_is_malformed_is_text_and_nested_without_end_too_deep(parse: Parse) -> None:
    document = one(parse("a.xml", "<a><b>words</a>"))
    assert (document.text, document.markup) == ("<a><b>words</a>", Markup.CODE)
    assert kind_of(parse, "deep.xml", "<a>" * 100_000) == "too_deep"
    external = '<!DOCTYPE a SYSTEM "http://example.org/a.dtd"><a>words</a>'
    assert one(parse("a.xml", external)).text == "a: words"


def test_keys_of_yaml_and_tables_of_toml_are_headings_and_the_text_stays(parse: Parse) -> None:
    text = 'name: shop\nservices:\n  web: 1\n"quoted key":\n  - a: &x [1]\n---\nkind: Pod\nmetadata: # why\n  name: a\n'
    document = one(parse("a.yaml", text))
    assert (document.text, document.title, document.markup) == (text, "shop", Markup.CODE)
    assert outline(document) == [(1, "services"), (1, "quoted key"), (1, "metadata")]
    assert document.pages == (Page(0, "document 1"), Page(text.index("---"), "document 2"))
    toml = "title = 'Shop'\n[tool.web]\na = '''\n[no]\n'''\n[[bin.\"q.r\"]] # why\n"
    document = one(parse("a.toml", toml))
    assert (document.text, document.title, outline(document)) == (toml, "Shop", [(2, "web"), (2, "q.r")])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["a.yaml", "a.toml", "a.adoc", "a.org", "a.vtt", "a.vcf", "a.tex", "a.xml", "a.rtf"])
def test_a_line_without_end_takes_no_time_to_speak_of(parse: Parse, name: str) -> None:
    start = {"a.vcf": "BEGIN:VCARD\nFN:", "a.vtt": "WEBVTT\n\n", "a.rtf": r"{\rtf1 "}.get(name, "x ")
    for piece in ("= a  ", "[a  ", "* a  ", "a: ", "<v a", '"a;', "\\a{", "00:00:01.000 ", " \t", "[[a]"):
        assert ended(parse, name, start + piece * 20_000) in {"read", "no_text", "too_deep"}, piece


def ended(parse: Parse, name: str, data: str) -> str:
    try:
        parse(name, data, ParseLimits(seconds=10))
    except UnreadableError as error:
        return error.kind
    return "read"


def test_the_shorthands_of_german_latex_are_letters_outside_code(parse: Parse) -> None:
    body = 'Gr"o"se, "`ja"\', Stra"se, Ein"=Aus \\verb|"a|'
    german = f"\\documentclass[ngerman]{{scrartcl}}\\usepackage{{babel}}\\begin{{document}}{body}\\end{{document}}"
    assert one(parse("a.tex", german)).text == 'Größe, „ja“, Straße, Ein-Aus `"a`'
    assert one(parse("a.tex", german.replace("ngerman", "english"))).text.startswith('Gr"o"se')


def test_asciidoc_headings_may_be_underlined(parse: Parse) -> None:
    document = one(parse("a.adoc", "git-add(1)\n==========\n\nNAME\n----\ntext\n\n----\nCode\n----\n"))
    assert document.title == "git-add(1)"
    assert outline(document) == [(1, "git-add(1)"), (2, "NAME")]


def test_bytes_in_xml_are_counted_and_lines_and_titles_of_more_vocabularies_are_read(parse: Parse) -> None:
    data = base64.b64encode(bytes(range(256))).decode()
    gene = "ACGT" * 100
    document = one(
        parse(
            "a.fb2",
            "<FictionBook><title-info><book-title>Book</book-title></title-info><p>one<br/>two</p>"
            f"<binary>{data}</binary><gene>{gene}</gene></FictionBook>",
        )
    )
    assert (document.title, document.omissions) == ("Book", (Omission("binary data", 1, "binary"),))
    assert document.text == f"Book\n\none two\n{gene}"
    title = "<article><article-title>Pump <i>study</i></article-title><p>Text</p></article>"
    assert one(parse("a.xml", f'<?xml version="1.0"?>{title}')).title == "Pump study"
