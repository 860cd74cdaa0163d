"""What is read of Python source: every symbol at its own characters, however deep an expression is."""

import pytest

from xnai_pipelines.graph.source_code import symbols


def read(text: str) -> list[tuple[str, int, str]]:
    return [(use.relation, use.find.start, text[use.find.start : use.find.end]) for use in symbols(text)]


@pytest.mark.parametrize(
    "deep", ["x = " + "+".join(["1"] * 1_000), "x = a" + ".b()" * 300, "x = " + "[" * 60 + "f()" + "]" * 60]
)
def test_a_deep_expression_does_not_stop_the_reading(deep):
    assert ("defines", 4, "g") in read(f"def g():\n    pass\n\n\n{deep}\n")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("def f():\n    pass\n", [("defines", 4, "f")]),
        ("async  def a(): ...\n", [("defines", 11, "a")]),
        ("class s(c): ...\n", [("defines", 6, "s"), ("inherits", 8, "c")]),
        ("from m import x\n", [("imports", 5, "m")]),
        ("from ..f.r import x\n", [("imports", 7, "f.r")]),
        ("import os.path, os\n", [("imports", 7, "os.path"), ("imports", 16, "os")]),
        ("from . import o\n", [("imports", 14, "o")]),
        ("a = 1\rb(a)\r", [("calls", 6, "b")]),
        ("'é'; b. c(); b.c()\n", [("calls", 13, "b.c")]),
        ("self.go(); cls.a.b(); self()", [("calls", 5, "go"), ("calls", 15, "a.b"), ("calls", 22, "self")]),
        ("re.match('\\d', x)", [("calls", 0, "re.match")]),
    ],
)
def test_a_symbol_stands_at_its_own_characters(text, expected):
    assert read(text) == expected
