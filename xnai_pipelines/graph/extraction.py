"""A document's chunks to mentions and typed statements, each with its exact range. Pure.

What is read of a document depends on that document alone, so it is read again only when it changes. What needs other
documents (is a capital letter a name's, do two forms mean one thing) is decided from all that was read.
"""

import bisect
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType
from typing import Any

from xnai_pipelines.chunks.boundaries import sentence_starts
from xnai_pipelines.graph import grammars
from xnai_pipelines.graph.code import code_of
from xnai_pipelines.graph.facts import facts
from xnai_pipelines.graph.found import Find, Kind, without_overlaps
from xnai_pipelines.graph.headings import HeadingTree, outline
from xnai_pipelines.graph.markup import bold_terms, code_spans, links
from xnai_pipelines.graph.names import acronyms, names, quoted_names
from xnai_pipelines.graph.nouns import noun_entry, nouns_of
from xnai_pipelines.graph.patterns import pattern_finds
from xnai_pipelines.graph.recogniser import ground_of, recognised_finds, recognised_statements, with_types
from xnai_pipelines.graph.repeats import repeated_finds, repeats
from xnai_pipelines.graph.source_code import Use
from xnai_pipelines.graph.statements import OF_DOCUMENT, FoundSentence, Statement, as_rows, class_terms, cued, defined

VERSION = 9  # raised when the same text gives other mentions: every document is then read again

_LOWER = re.compile(r"(?<!\w)[^\W\d_]+(?!\w)")
_ARTICLE_ALONE = re.compile(
    r"[\s*_>#-]*(?:the|an?|der|die|das|ein|eine|les?|la|l[’']|une?|el|los|las|una)\s?[\[*_\"'“„«`]*", re.IGNORECASE
)
_BEFORE_OPENING = re.compile(r"(?:\A|[\n:|•]|[.!?]\s)[\s*_`>#\"'“„«(\[\-–—]*\Z")

Row = dict[str, Any]
NOTHING: Mapping[str, Sequence[Mapping[str, Any]]] = MappingProxyType({})


def extraction_of(recognised: Sequence[Mapping[str, Any]] = ()) -> str:
    """Return what determines the extraction of a chunk beside its document: rules, grammars, and what was recognised.

    Args:
        recognised: Columns extractor and revision of its rows of the table `recognised`.
    """
    return " ".join(
        (
            f"rules@{VERSION}",
            *(f"{name}@{version}" for name, version in sorted(grammars.versions().items())),
            *map(ground_of, recognised),
        )
    )


def read_document(
    document: Mapping[str, Any],
    chunks: Sequence[Mapping[str, Any]],
    recognised: Mapping[str, Sequence[Mapping[str, Any]]] = NOTHING,
) -> list[Row]:
    """Return the rows of the table `extractions` for the chunks of one document.

    Args:
        document: Row of the documents table: document_id, source, title, headings, language, revision; if it may have
            code also media_type and text.
        chunks: Its rows of the chunks table, by ordinal.
        recognised: Rows of the table `recognised`, by chunk; those of the first recogniser win.
    """
    repeated = repeats([chunk["text"] for chunk in chunks])
    above = outline(document, chunks)
    code = code_of(document)
    rows = []
    for chunk in chunks:
        known = recognised.get(chunk["chunk_id"], ())
        mentions, stated, said = _read_chunk(chunk, document, above, repeated, code.uses, known)
        rows.append(
            {
                "chunk_id": chunk["chunk_id"],
                "document_id": document["document_id"],
                "ordinal": chunk["ordinal"],
                "document_revision": document["revision"],
                "extraction": extraction_of(known),
                "language": document["language"],
                "mentions": mentions,
                "statements": stated,
                "facts": said,
                "words": [],
                "as_text": [],
            }
        )
    opens = [chunk["start"] for chunk in chunks]
    for start, name in code.as_text if rows else ():
        rows[max(0, bisect.bisect_right(opens, start) - 1)]["as_text"].append(name)
    if rows:
        texts = [chunk["text"] for chunk in chunks]
        rows[0]["words"] = [*_small_words(texts), *map(noun_entry, nouns_of(texts, document["language"] or ""))]
    return rows


def _small_words(texts: Iterable[str]) -> list[str]:
    """Return the words that the document writes in lower case."""
    return sorted({word for text in texts for word in _LOWER.findall(text) if word.islower()})


def _read_chunk(
    chunk: Mapping[str, Any],
    document: Mapping[str, Any],
    above: HeadingTree,
    repeated: frozenset[str],
    used: Sequence[Use],
    recognised: Sequence[Mapping[str, Any]],
) -> tuple[list[Row], list[Row], list[Row]]:
    text, base, language = chunk["text"], chunk["start"], document["language"] or ""
    end = base + len(text)
    headings = [
        Find(place.start - base, place.end - base, place.kind, "headings")
        for place in map(above.places.__getitem__, above.within(base, end))
    ]
    first, last = (bisect.bisect_left(used, at, key=lambda use: use.find.start) for at in (base, end))
    code = {_within(use.find, base): use for use in reversed(used[first:last]) if use.find.end <= end}
    short = list(acronyms(text))
    proposed = [list(recognised_finds(text, row)) for row in recognised]
    finds = without_overlaps(
        [
            headings,
            list(code),
            list(links(text, document["source"])),
            list(code_spans(text)),
            [find for pair in short for find in pair],
            *pattern_finds(text),
            list(quoted_names(text)),
            list(bold_terms(text)),
            list(names(text)),
            list(repeated_finds(text, repeated)),
            *proposed,
        ]
    )
    finds = with_types(finds, proposed)
    starts = [at for at in sentence_starts(text, 0, len(text)) if not _is_within(finds, at)]
    edges = [0, *starts, len(text)]
    opens = [bool(_BEFORE_OPENING.search(text, max(0, find.start - 8), find.start)) for find in finds]
    ends = [(at, find.end) for at, find in enumerate(finds) if opens[at] and find.kind is not Kind.HEADING]
    named = {finds[at] for at in defined(text, language, finds, ends)}
    classes = [(finds[at], find) for at, find in class_terms(text, language, ends)]
    if classes:
        finds = without_overlaps([finds, [find for _, find in classes]])
        opens = [bool(_BEFORE_OPENING.search(text, max(0, find.start - 8), find.start)) for find in finds]
    position = {find: at for at, find in enumerate(finds)}
    sentences = _sentences(text, edges, finds, opens)
    ranges = {at: (sentence.start, sentence.end) for sentence in sentences for at in sentence.finds}
    stated = [
        *cued(text, language, finds, sentences, is_titled=any(each.kind is Kind.TITLE for each in above.places)),
        *(
            Statement(position[one], position[other], kind, *ranges[position[one]])
            for kind, pairs in (("abbreviates", short), ("is_a", classes))
            for one, other in pairs
            if one in position and other in position
        ),
        *_of_code(code, position, ranges, base),
        *(one for row in recognised for one in recognised_statements(row, finds, ranges)),
        *(
            Statement(OF_DOCUMENT, at, "links_to", *ranges[at], target=find.target)
            for at, find in enumerate(finds)
            if find.target is not None
        ),
    ]
    mentions = [
        {
            "start": base + find.start,
            "end": base + find.end,
            "surface": text[find.start : find.end],
            "type": find.kind.value,
            "extractor": find.extractor,
            "initial": opens[at] and find not in named,
            "sentence_start": base + ranges[at][0],
            "sentence_end": base + ranges[at][1],
        }
        for at, find in enumerate(finds)
    ]
    rows = as_rows(stated, base)
    said = [{"subject": one.subject, "fact": one.fact} for one in facts(text, language, finds, sentences)]
    _add_headings(mentions, rows, above, base, end)
    return mentions, rows, said


def _is_within(finds: Sequence[Find], at: int) -> bool:
    """Return whether a place is inside one of the finds: no sentence begins within "am 3. Mai 1957"."""
    before = bisect.bisect_left(finds, at, key=lambda find: find.start) - 1
    return before >= 0 and finds[before].end > at


def _within(find: Find, base: int) -> Find:
    return Find(find.start - base, find.end - base, find.kind, find.extractor)


def _of_code(
    code: Mapping[Find, Use], position: Mapping[Find, int], ranges: Mapping[int, tuple[int, int]], base: int
) -> Iterator[Statement]:
    """Yield what source code states; what is owned by a symbol of another chunk belongs to the document."""
    places = {(find.start, find.end): at for find, at in position.items()}  # a definition is also a heading
    for find, use in code.items():
        at = places.get((find.start, find.end))
        owner = places.get((use.owner.start - base, use.owner.end - base)) if use.owner else None
        if at is not None and use.relation is not None:
            yield Statement(OF_DOCUMENT if owner is None else owner, at, use.relation, *ranges[at])


def _add_headings(mentions: list[Row], stated: list[Row], above: HeadingTree, start: int, end: int) -> None:
    """Add the headings that a chunk stands under, at their own places, and what each heading is a part of."""
    inside = above.within(start, end)
    parents = {at: above.places[at].parent for at in inside}
    wanted = dict.fromkeys([*above.above(start), *(parent for parent in parents.values() if parent is not None)])
    listed = {mention["start"]: index for index, mention in enumerate(mentions)}
    for at in wanted:
        place = above.places[at]
        if place.start not in listed:
            listed[place.start] = len(mentions)
            mentions.append(
                {
                    "start": place.start,
                    "end": place.end,
                    "surface": place.surface,
                    "type": place.kind.value,
                    "extractor": "headings",
                    "initial": False,
                    "sentence_start": place.start,
                    "sentence_end": place.end,
                }
            )
    for at, parent in parents.items():
        place = above.places[at]
        if parent is not None and place.start in listed:
            stated.append(
                {
                    "subject": listed[place.start],
                    "object": listed[above.places[parent].start],
                    "type": "part_of",
                    "target": None,
                    "start": place.start,
                    "end": place.end,
                }
            )


def _sentences(text: str, edges: Sequence[int], finds: Sequence[Find], opens: Sequence[bool]) -> list[FoundSentence]:
    """Return the sentences that have finds; an article may stand before the find that opens one."""
    starts = [find.start for find in finds]
    sentences = []
    for start, end in pairwise(edges):
        first, last = bisect.bisect_left(starts, start), bisect.bisect_left(starts, end)
        if first < last:
            is_opened = opens[first] or bool(_ARTICLE_ALONE.fullmatch(text, start, starts[first]))
            is_opened = is_opened or not text[start : starts[first]].strip()
            reach = start + len(text[start:end].rstrip())
            sentences.append(FoundSentence(start, reach, tuple(range(first, last)), is_opened))
    return sentences
