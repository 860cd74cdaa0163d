"""Small valid files of every format that a parser reads, to be damaged."""

from collections.abc import Mapping
from functools import cache
from io import BytesIO

import pyarrow as pa
import pyarrow.parquet as pq
from openpyxl import Workbook
from pptx import Presentation

from tests.support.ole_files import doc, msg, ppt, xls
from tests.support.parsing_files import docx, paragraph, pdf, tarred, zipped

_ODF = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for prefix, name in (("office", "office"), ("text", "text"), ("table", "table"), ("draw", "drawing"))
)
_ODF_TEXT = (
    '<office:body><office:text><text:h text:outline-level="1">Plan</text:h><text:list><text:list-item><text:p>one'
    "<text:note><text:note-body><text:p>n</text:p></text:note-body></text:note></text:p></text:list-item></text:list>"
    '<table:table table:name="T"><table:table-row table:number-rows-repeated="2"><table:table-cell '
    'table:number-columns-repeated="3" table:number-rows-spanned="2"><text:p>a</text:p></table:table-cell>'
    "</table:table-row></table:table></office:text></office:body>"
)
_OPF = (
    "<package><metadata><title>Book</title></metadata><manifest><item id='c' href='c.xhtml' "
    "media-type='application/xhtml+xml'/></manifest><spine><itemref idref='c'/></spine></package>"
)
_MAIL = (
    "From: a@example.org\nTo: b@example.org\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\nMIME-Version: 1.0\n"
    'Content-Type: multipart/mixed; boundary="x"\n\n--x\nContent-Type: text/plain; charset=utf-8\n'
    "Content-Transfer-Encoding: base64\n\nd29yZHM=\n--x\nContent-Type: text/html\n\n<p>words <b>bold</b>\n--x--\n"
)
_TEXTS: Mapping[str, str] = {
    "a.md": "---\ntitle: Plan\n---\n# One\n\nwords [a](b)\n\n| a | b |\n| - | - |\n| 1 | 2 |\n\n```\ncode\n```\n",
    "a.rst": "Plan\n====\n\n.. note:: words\n\n* one\n\n`a <b>`_\n",
    "a.txt": "plain words, größer und жир\n",
    "a.adoc": "= Plan\n\n== One\n\n----\ncode\n----\n",
    "a.1": ".TH A 1\n.SH NAME\na \\- words\n.if n \\{\\\n.TP\n.B \\-x\n\\fIwords\\fP\n.\\}\n"
    ".TS\nl l.\nT{\na\nT}\tb\n.TE\n",
    "a.org": "#+TITLE: Plan\n* TODO One :tag:\n#+BEGIN_SRC\ncode\n#+END_SRC\n",
    "a.tex": "\\title{P}\\begin{document}\\section{One $x$}"
    "\\begin{tabular}{ll}a & \\'e\\\\\\end{tabular}\\end{document}",
    "a.html": "<html><head><title>P</title></head><body><main><h1>One</h1><p>words<table><tr><td>a</td></tr></table>",
    "a.xml": "<?xml version='1.0'?><a b='some words'><title>Plan</title><p>one <b>two</b> three</p></a>",
    "a.json": '{"title": "Plan", "list": [1, {"a": "words"}], "n": null}',
    "a.ipynb": '{"cells": [{"cell_type": "markdown", "source": ["# One"]}, {"cell_type": "code", "source": "x = 1",'
    ' "outputs": [{"text": ["1"]}]}], "metadata": {}, "nbformat": 4}',
    "a.jsonl": '{"id": "1", "text": "words", "x": [1]}\n{"id": "2", "text": "more"}\n',
    "a.csv": 'id,title,text\n1,a,words\n2,b,"more, words"\n',
    "a.tsv": "a\tb\n1\t2\n",
    "a.eml": _MAIL,
    "a.mbox": f"From a@example.org Mon Jan  1 10:00:00 2024\n{_MAIL}\nFrom b Mon Jan  1 10:00:00 2024\n{_MAIL}",
    "a.ics": "BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:Plan\nDTSTART;TZID=X:20240101T100000\nEND:VEVENT\nEND:VCALENDAR\n",
    "a.vcf": "BEGIN:VCARD\nFN:Ann\nN;ENCODING=QUOTED-PRINTABLE:L=C3=A9;A\nTEL;CELL:1\nEND:VCARD\n",
    "a.srt": "1\n00:00:01,000 --> 00:00:02,000\n<i>words</i>\n\n2\n00:01:01,000 --> 00:01:02,000\nmore\n",
    "a.vtt": "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Ann>words\n\nNOTE x\n\n00:02.000 --> 00:03.000\nmore\n",
    "a.yaml": "name: Plan\nlist:\n  - a: &x 1\n---\nb: *x\n",
    "a.toml": "title = 'Plan'\n[a.b]\nc = '''\n[x]\n'''\n",
    "a.py": "class A:\n    def f(self):\n        return 1\n",
    "a.rs": "fn main() {}\n",
    "a.rtf": "{\\rtf1\\ansi{\\fonttbl{\\f0\\fcharset204 A;}}{\\stylesheet{\\s1 heading 1;}}\\pard\\s1 One\\par"
    "\\pard\\f0 "
    "\\'ec\\u1078?{\\footnote n}\\par\\trowd\\intbl a\\cell\\row{\\pict\\bin3 abc}{\\header h}{\\*\\x y}}",
    "a.fodt": f'<?xml version="1.0"?><office:document {_ODF}>{_ODF_TEXT}</office:document>',
}


@cache
def seeds() -> Mapping[str, bytes]:
    """Return the files by their names, one or more of every parser."""
    content = f'<?xml version="1.0"?><office:document-content {_ODF}>{_ODF_TEXT}</office:document-content>'
    book = Workbook()
    book.active.append(["Item", "=1+2", 3.5])
    book.active.merge_cells("A1:A3")
    show = Presentation()
    slide = show.slides.add_slide(show.slide_layouts[1])
    slide.shapes.title.text = "Plan"
    slide.notes_slide.notes_text_frame.text = "notes"
    sheet, slides, records = BytesIO(), BytesIO(), BytesIO()
    book.save(sheet)
    show.save(slides)
    pq.write_table(pa.table({"id": ["1", "2"], "text": ["words", "more"]}), records)
    return {
        **{name: text.encode() for name, text in _TEXTS.items()},
        "a.pdf": pdf([["Plan", "words"], ["more"]], title="Plan"),
        "a.docx": docx(paragraph("Plan", "Heading1") + paragraph("words")),
        "a.pptx": slides.getvalue(),
        "a.xlsx": sheet.getvalue(),
        "a.parquet": records.getvalue(),
        "a.odt": zipped({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": content}),
        "a.epub": zipped(
            {
                "mimetype": "application/epub+zip",
                "META-INF/container.xml": "<c><rootfile full-path='b.opf'/></c>",
                "b.opf": _OPF,
                "c.xhtml": "<html><body><h1>One</h1><p>words</p></body></html>",
            }
        ),
        "a.zip": zipped({"a.md": "# Plan", "b.zip": zipped({"c.txt": "words"})}),
        "a.tar": tarred({"a.md": "# Plan", "b/c.txt": "words"}),
        "a.tgz": tarred({"a.md": "# Plan", "b/c.txt": "words"}, "w:gz"),
        "a.doc": doc([("Plan\r", 1), ("words \x13 X \x14y\x15\r", 0)], hidden="words"),
        "a.xls": xls({"A": [["Item", 1.5], ["b", 2.0]]}),
        "a.ppt": ppt([("Plan", "words", "notes"), ("Next", "more", "")]),
        "a.msg": msg({"0037001F": b"P\0l\0", "1000001F": b"w\0", "__attach_version1.0_#0/3707001F": b"a\0"}),
    }
