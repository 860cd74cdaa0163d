"""Symbols of source code in many languages, from files and from fenced code, at their exact characters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.graphs import read, stated, surfaces
from tests.support.workplace import CHUNKING, Workplace
from xnai_pipelines.chunks.make import make_chunks
from xnai_pipelines.graph import grammars
from xnai_pipelines.graph.code import code_of
from xnai_pipelines.graph.documents import code_as_text
from xnai_pipelines.graph.extraction import extraction_of
from xnai_pipelines.graph.grammars import GRAMMARS
from xnai_pipelines.graph.make import make_mentions
from xnai_pipelines.graph.syntax_trees import tree_symbols

# Of each language a program, and what it says: owner ("" for the file), relation, symbol.
PROGRAMS = {
    "JavaScript": (
        (
            "import {x} from './lib.js'; const fs = require('fs');\n"
            "class Ü extends B.C { start(n) { this.run(n); foo.bar(); throw new TypeError('é') } }\n"
            "const f = (a) => <Item on={a}/>;\n"
        ),
        {
            ("", "imports", "./lib.js"),
            ("", "imports", "fs"),
            ("", "calls", "require"),
            ("", "defines", "Ü"),
            ("Ü", "inherits", "B.C"),
            ("Ü", "defines", "start"),
            ("start", "calls", "run"),
            ("start", "calls", "foo.bar"),
            ("start", "raises", "TypeError"),
            ("", "defines", "f"),
            ("f", "calls", "Item"),
        },
    ),
    "TypeScript": (
        (
            "export abstract class A<T> extends B<T> implements I, ns.J<T> { go(x: number) { this.run(x); } }\n"
            "interface I extends K { m(x: number): string }\nnamespace N { export function q() {} }\n"
        ),
        {
            ("", "defines", "A"),
            ("A", "inherits", "B"),
            ("A", "inherits", "I"),
            ("A", "inherits", "ns.J"),
            ("A", "defines", "go"),
            ("go", "calls", "run"),
            ("", "defines", "I"),
            ("I", "inherits", "K"),
            ("I", "defines", "m"),
            ("", "defines", "N"),
            ("N", "defines", "q"),
        },
    ),
    "TSX": (
        "export function App({a}: P) { const x = useState<number>(0); return <List on={() => go(1)}><p/></List> }\n",
        {
            ("", "defines", "App"),
            ("App", "calls", "useState"),
            ("App", "calls", "List"),
            ("App", "calls", "go"),
        },
    ),
    "Java": (
        (
            "import java.util.List;\nclass A<T> extends B<T> implements C, D.E {\n"
            "  void f() throws X { this.g(); List.of(1); a.b().c(); throw new Bar(); }\n}\n"
        ),
        {
            ("", "imports", "java.util.List"),
            ("", "defines", "A"),
            ("A", "inherits", "B"),
            ("A", "inherits", "C"),
            ("A", "inherits", "D.E"),
            ("A", "defines", "f"),
            ("f", "raises", "X"),
            ("f", "calls", "g"),
            ("f", "calls", "List.of"),
            ("f", "calls", "a.b"),
            ("f", "calls", "c"),
            ("f", "raises", "Bar"),
        },
    ),
    "Go": (
        (
            'package main\nimport ("net/http")\ntype S struct { http.Handler\n *Base\n x int }\n'
            "func (s *S) Start() { s.mux.Handle(); run() }\nfunc (l List[T]) Push(x T) {}\n"
        ),
        {
            ("", "imports", "net/http"),
            ("", "defines", "S"),
            ("S", "inherits", "http.Handler"),
            ("S", "inherits", "Base"),
            ("S", "defines", "Start"),
            ("Start", "calls", "s.mux.Handle"),
            ("Start", "calls", "run"),
            ("List", "defines", "Push"),
        },
    ),
    "Rust": (
        (
            "use std::collections::{HashMap, HashSet};\npub struct S<T> { x: T }\n"
            "impl<T> Display for S<T> { fn fmt(&self) -> R { self.go(); S::make(); write!(f) } }\ntrait D: Base {}\n"
        ),
        {
            ("", "imports", "std::collections"),
            ("", "defines", "S"),
            ("S", "inherits", "Display"),
            ("S", "defines", "fmt"),
            ("fmt", "calls", "go"),
            ("fmt", "calls", "S::make"),
            ("fmt", "calls", "write"),
            ("", "defines", "D"),
            ("D", "inherits", "Base"),
        },
    ),
    "C": (
        (
            '#include <stdio.h>\n#include "a/b.h"\nstruct s { int x; };\n'
            'static char *name(int x) { printf("%d", x); p->run(x); return 0; }\nvoid proto(int);\n'
        ),
        {
            ("", "imports", "stdio.h"),
            ("", "imports", "a/b.h"),
            ("", "defines", "s"),
            ("", "defines", "name"),
            ("name", "calls", "printf"),
            ("name", "calls", "p->run"),
            ("", "defines", "proto"),
        },
    ),
    "C++": (
        (
            "namespace acme { class Server : public Base { void start(int x); }; }\n"
            'void acme::Server::stop() { this->run(); std::max(a, a); throw std::runtime_error("x"); }\n'
        ),
        {
            ("", "defines", "acme"),
            ("acme", "defines", "Server"),
            ("Server", "inherits", "Base"),
            ("Server", "defines", "start"),
            ("", "defines", "acme::Server::stop"),
            ("acme::Server::stop", "calls", "run"),
            ("acme::Server::stop", "calls", "std::max"),
            ("acme::Server::stop", "raises", "std::runtime_error"),
        },
    ),
    "C#": (
        (
            "using System;\nnamespace Acme.Web { class A<T> : B<T>, I.J {\n"
            "  public int Run(int x) { this.Go(); Console.WriteLine(1); throw new ArgumentException(); } } }\n"
        ),
        {
            ("", "imports", "System"),
            ("", "defines", "Acme.Web"),
            ("Acme.Web", "defines", "A"),
            ("A", "inherits", "B"),
            ("A", "inherits", "I.J"),
            ("A", "defines", "Run"),
            ("Run", "calls", "Go"),
            ("Run", "calls", "Console.WriteLine"),
            ("Run", "raises", "ArgumentException"),
        },
    ),
}
GO = PROGRAMS["Go"][0]


@pytest.fixture
def no_grammars(monkeypatch):
    monkeypatch.setattr(grammars, "versions", dict)


def of_document(text: str, media_type: str = "text/markdown") -> set[tuple[str, str, str]]:
    uses = code_of({"text": text, "media_type": media_type}).uses
    of = lambda find: text[find.start : find.end] if find else ""  # noqa: E731
    return {(of(use.owner), use.relation, of(use.find)) for use in uses if use.relation}


@pytest.mark.parametrize("grammar", GRAMMARS, ids=lambda grammar: grammar.name)
def test_a_file_says_what_it_defines_inherits_imports_and_calls(grammar):
    text, expected = PROGRAMS[grammar.name]
    assert of_document(text, f"text/x-{grammar.extensions[0]}") == expected


@pytest.mark.parametrize("grammar", GRAMMARS, ids=lambda grammar: grammar.name)
def test_fenced_code_says_the_same_as_a_file(grammar):
    text, expected = PROGRAMS[grammar.name]
    for name in (*grammar.extensions, *grammar.fences):
        fenced = f"# Gerät\n\n````{name} title=x\n{text}````\n\n~~~text\nclass Z {{}}\n~~~\n"
        assert of_document(fenced) == expected


@pytest.mark.parametrize(
    "code",
    [
        "class A(B):\n    def f(self):\n        self.g(1)\n",
        "    class A(B):\n        def f(self):\n            self.g(1)\n",
        "\n  class A(B):\n   def f(self): self.g(1)\n",
        ">>> class A(B):\n...     def f(self):\n...         self.g(1)\n...\n>>> 1\nTraceback: f(x)\n",
    ],
)
def test_fenced_python_may_be_indented_or_have_prompts(code):
    text = f"1. So:\n\n   ```python\n{code}   ```\n"
    assert of_document(text) == {
        ("", "defines", "A"),
        ("A", "inherits", "B"),
        ("A", "defines", "f"),
        ("f", "calls", "g"),
    }


def test_code_that_is_incomplete_is_read_as_far_as_it_is_code():
    assert of_document("```go\nfunc Start() {\n  run(\n```\nlater") >= {("", "defines", "Start")}
    assert of_document("```java\nclass A { void f() { g(); ") == {
        ("", "defines", "A"), ("A", "defines", "f"), ("f", "calls", "g"),
    }  # fmt: skip


def test_code_that_is_searched_in_parts_says_the_same():
    program = "class A { " + "void f() { this.g(); } " * 2_000 + "}\nclass B { void h() {} }\n"
    assert of_document(program, "text/x-java") == {
        ("", "defines", "A"), ("A", "defines", "f"), ("f", "calls", "g"), ("", "defines", "B"), ("B", "defines", "h"),
    }  # fmt: skip


@pytest.mark.parametrize("unit", ["(", "{", "a.b()."])
def test_code_that_nests_without_end_is_read_in_a_moment(unit):
    tree_symbols(unit * (200_000 // len(unit)), GRAMMARS[0])


def test_the_mentions_of_a_file_stand_at_their_characters_and_state_its_relations():
    text, expected = PROGRAMS["Java"]
    rows = read("A.java", text, media_type="text/x-java")
    assert all(text[one["start"] : one["end"]] == one["surface"] for row in rows for one in row["mentions"])
    assert {one for one in stated(rows) if one[1] in {"defines", "inherits", "imports", "calls", "raises"}} == expected
    assert [row["as_text"] for row in rows] == [[]]


def test_without_the_grammars_code_is_read_as_text_and_counted(no_grammars):
    rows = read("a.md", f"Intro\n\n\n```go\n{GO}```\n\n```rust\nfn f() {{}}\n```\n\n\n```go\n{GO}```")
    assert [row["as_text"] for row in rows] == [[], ["Go", "Rust"], ["Go"]]
    assert "syntax tree" not in {one["extractor"] for row in rows for one in row["mentions"]}
    assert [row["as_text"] for row in read("a.go", GO, media_type="text/x-go")] == [["Go"]]


def test_installing_the_grammars_reads_the_documents_again(work: Workplace, monkeypatch):
    work.write("a.go", GO)
    work.write("b.md", f"# B\n\n```go\n{GO}```\n")
    with monkeypatch.context() as patched:
        patched.setattr(grammars, "versions", dict)
        assert code_as_text(graph_of(work)) == {"Go": 2}
    assert code_as_text(graph_of(work)) == {}


def graph_of(work: Workplace):
    work.ingest_documents()
    context = work.context()
    make_chunks(context, CHUNKING, work.tokens)
    make_mentions(context)
    return work.tables


@given(st.sampled_from(GRAMMARS), st.lists(st.sampled_from([*"(){};.:<>\"'`\n é𝒳#$@ax", "class ", "func ", "impl "])))
def test_symbols_of_any_text_are_names_in_it(grammar, parts):
    text = "".join(parts)
    uses = tree_symbols(text, grammar)
    assert all(0 <= use.find.start < use.find.end <= len(text) for use in uses)
    assert all(not any(map(str.isspace, text[use.find.start : use.find.end])) for use in uses)


@given(st.text(alphabet="`~ \n>pygo{}x", max_size=60))
def test_any_fences_end(text):
    assert all(use.find.end <= len(text) for use in code_of({"text": text, "media_type": "text/markdown"}).uses)


def test_what_was_read_says_by_which_grammars():
    assert "tree_sitter_go@" in extraction_of()
    assert "S" in surfaces(read("a.go", GO, media_type="text/x-go"), "symbol")
