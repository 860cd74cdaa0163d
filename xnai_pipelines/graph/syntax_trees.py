"""What source code of many languages defines, imports, inherits and calls, by tree-sitter's syntax trees. Pure.

A tree is found for code that is incomplete or wrong too; what is wrong in it has no symbols.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from xnai_pipelines.graph.found import Find, Kind
from xnai_pipelines.graph.grammars import Grammar, loaded
from xnai_pipelines.graph.source_code import Use, without_receiver

if TYPE_CHECKING:
    from tree_sitter import Node, Query

LONGEST = 1_000_000  # characters; longer code was written by a program
_PART = 20_000  # bytes of a tree that are searched at once: the search of thousands of unmatched brackets is quadratic
_OPEN_MATCHES = 1_000  # patterns that are open at once: what nests deeper than code does is left out
_RELATIONS = ("defines", "inherits", "imports", "raises", "calls")  # what one node is, by the first that it is
_NAME = re.compile(r"[^\W\d][\w$]*(?:(?:\.|::|->|\?\.)~?[^\W\d][\w$]*)*|\$[\w$]*")
_PATH = re.compile(r"[^\s<>\"'`]{1,200}")
_AROUND = "<>"  # of a system header

Span = tuple[int, int]


def tree_symbols(text: str, grammar: Grammar) -> list[Use]:
    """Return the symbols of source code in order; none of code that a program must have written."""
    if len(text) > LONGEST:
        return []
    parser, query = loaded(grammar)
    content = text.encode("utf-8", "surrogatepass")
    places = None if len(content) == len(text) else _characters(content)
    return _uses(text, _matches(query, parser.parse(content).root_node), places)


def _matches(query: "Query", root: "Node") -> Iterator[Mapping[str, Sequence["Node"]]]:
    """Yield the matches of a query in a tree, part by part."""
    from tree_sitter import QueryCursor

    within = QueryCursor(query, match_limit=_OPEN_MATCHES)
    alone = QueryCursor(query, match_limit=_OPEN_MATCHES)
    alone.set_max_start_depth(0)
    left = [root]
    while left:
        node = left.pop()
        if node.end_byte - node.start_byte <= _PART:
            cursor = within
        else:
            cursor = alone
            left.extend(reversed(node.children))
        for _, captures in cursor.matches(node):
            yield captures


def _characters(content: bytes) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return how many characters stand before each byte of a text in UTF-8, and before its end."""
    begins = (np.frombuffer(content, np.uint8) & 0xC0) != 0x80
    return np.concatenate([[0], np.cumsum(begins)]).astype(np.int64)


def _uses(
    text: str,
    matches: Iterable[Mapping[str, Sequence["Node"]]],
    places: np.ndarray[tuple[int], np.dtype[np.int64]] | None,
) -> list[Use]:
    def span(node: "Node") -> Span:
        start, end = node.start_byte, node.end_byte
        return (start, end) if places is None else (int(places[start]), int(places[end]))

    found: dict[Span, str] = {}
    owners: set[Span] = set()
    defined_in: dict[Span, Span] = {}
    scopes: dict[Span, Span] = {}
    for captures in matches:
        named = {name: span(nodes[0]) for name, nodes in captures.items()}
        owner = _written(text, named["owner"], _NAME) if "owner" in named else None
        for relation in _RELATIONS:
            if relation not in named:
                continue
            symbol = _symbol(text, relation, named[relation], named.get("receiver"))
            if symbol is None:
                continue
            known = found.get(symbol)
            if known is None or _RELATIONS.index(relation) < _RELATIONS.index(known):
                found[symbol] = relation
            if relation == "defines" and "scope" in named:
                scopes[named["scope"]] = symbol
                if owner is not None:
                    defined_in[symbol] = owner
        if owner is not None:
            owners.add(owner)
            scopes.setdefault(named["scope"], owner)
    return _owned(found, owners, defined_in, scopes)


def _symbol(text: str, relation: str, span: Span, receiver: Span | None) -> Span | None:
    """Return the range of a symbol's name, with what it is called on if both are one name; None if it has no name."""
    if relation == "imports":
        start, end = span
        while start < end and text[start] in _AROUND:
            start += 1
        while start < end and text[end - 1] in _AROUND:
            end -= 1
        return _written(text, (start, end), _PATH)
    whole = _written(text, (receiver[0], span[1]), _NAME) if receiver else None
    symbol = whole or _written(text, span, _NAME)
    return without_receiver(text, symbol) if symbol and relation == "calls" else symbol


def _written(text: str, span: Span, expression: re.Pattern[str]) -> Span | None:
    return span if expression.fullmatch(text, *span) else None


def _owned(
    found: Mapping[Span, str], owners: set[Span], defined_in: Mapping[Span, Span], scopes: Mapping[Span, Span]
) -> list[Use]:
    """Return each symbol with the innermost scope around it as its owner; an import belongs to the whole."""
    finds = {span: Find(*span, Kind.SYMBOL, "syntax tree") for span in {*found, *owners}}
    uses = []
    for span, around in _around(sorted(finds), sorted(scopes, key=lambda scope: (scope[0], -scope[1]))):
        owner = defined_in.get(span) or next((scopes[one] for one in reversed(around) if scopes[one] != span), None)
        relation = found.get(span)
        by = None if relation in (None, "imports") or owner is None else finds[owner]
        uses.append(Use(finds[span], relation, by))
    return uses


def _around(spans: Sequence[Span], scopes: Sequence[Span]) -> Iterator[tuple[Span, list[Span]]]:
    """Yield each span with the scopes that it stands in, outermost first; both are sorted by start."""
    around: list[Span] = []
    at = 0
    for span in spans:
        while at < len(scopes) and scopes[at][0] <= span[0]:
            while around and around[-1][1] <= scopes[at][0]:
                around.pop()
            around.append(scopes[at])
            at += 1
        while around and around[-1][1] <= span[0]:
            around.pop()
        yield span, around
