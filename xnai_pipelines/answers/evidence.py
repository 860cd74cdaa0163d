"""The evidence of an answer: passages of a release, without copies, neighbours merged, within a budget of tokens."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from xnai_pipelines.answers.answer import Citation
from xnai_pipelines.answers.how_to import asks_what_to_do
from xnai_pipelines.answers.landmarks import Landmark, landmarks
from xnai_pipelines.answers.lookup import defining_passages
from xnai_pipelines.answers.passages import Passages
from xnai_pipelines.search.query import NO_FILTERS, Filters

BUDGET_TOKENS = 2_000
PASSAGES = 10  # ranked passages that evidence is chosen from
SHORT = 300  # characters, below which a passage takes in its neighbours: an answer is often in the next sentence
LONGEST_TABLE = 6_000  # characters that a passage takes in of the table that it is cut from
LONGEST_SECTION = 4  # passages, up to which one in it takes in the head of its section, if that may show a call
SAME = 0.9  # share of words that a passage has in common with a better one, from which on it is left out
BYTES_PER_TOKEN = 4  # in UTF-8, about right for any script: a letter of most others has two or three bytes


class Extent(Enum):
    """What makes a piece of evidence.

    PASSAGES: Each passage.
    MERGED: Passages that follow each other; their documents are read for it.
    WHOLE_TABLES: The same, and a passage that is cut from a table takes in the rest of it.
    """

    PASSAGES = auto()
    MERGED = auto()
    WHOLE_TABLES = auto()


@dataclass(frozen=True, slots=True)
class Evidence:
    """A stretch of one document that an answer may rest on. `text` equals `document.text[start:end]`.

    Attributes:
        document_id: Document it is from.
        source: Its path in the documents folder.
        title: Its title.
        chunk_ids: Passages that it was merged from, in the order of the text.
        start: First character in the document's text.
        end: Character after the last.
        text: The characters.
        heading_path: Headings above its start, the topmost first.
        page: Label of the page at its start; None if the document has none.
        score: Score of its best passage in the search.
        rows: Places of its passages in the corpus, in the order of the text.
        chunk_starts: First character of each of its passages in the document's text.
        landmarks: Where its headings and page change, in the order of the text, its start the first.
        cut: Whether it begins or ends inside a table.
    """

    document_id: str
    source: str
    title: str
    chunk_ids: tuple[str, ...]
    start: int
    end: int
    text: str
    heading_path: tuple[str, ...]
    page: str | None
    score: float
    rows: tuple[int, ...] = ()
    chunk_starts: tuple[int, ...] = ()
    landmarks: tuple[Landmark, ...] = ()
    cut: bool = False

    def chunk_at(self, position: int) -> str:
        """Return the passage that the character at this place in the document is in."""
        return self.chunk_ids[max(0, bisect_right(self.chunk_starts, position) - 1)]

    def landmark_at(self, position: int) -> Landmark:
        """Return the headings and the page of the character at this place in the document."""
        here = bisect_right(self.landmarks, position, key=lambda landmark: landmark.start) - 1
        return self.landmarks[here] if here >= 0 else Landmark(self.start, self.heading_path, self.page)

    def quote(self, start: int, end: int) -> str:
        """Return these characters of the document, which are in the evidence."""
        return self.text[start - self.start : end - self.start]

    def heading_line(self, position: int, title: str) -> tuple[int, int] | None:
        """Return the range of a heading above a character of the document, None if the evidence begins below it."""
        at = self.text.rfind(title, 0, position - self.start)
        begins = self.text.rfind("\n", 0, at) + 1
        is_line = at >= 0 and not self.text[begins:at].strip(" #\t*_`")
        return (self.start + at, self.start + at + len(title)) if is_line else None

    def cite(self, start: int, end: int) -> Citation:
        """Return the citation of these characters of the document, which are in the evidence."""
        at = self.landmark_at(start)
        return Citation(
            document_id=self.document_id,
            source=self.source,
            chunk_id=self.chunk_at(start),
            start=start,
            end=end,
            quote=self.quote(start, end),
            heading_path=at.heading_path,
            page=at.page,
        )


@dataclass(frozen=True, slots=True)
class Row:
    """A passage that was chosen: its place in the corpus, its columns, and the score of the search."""

    place: int
    shown: Mapping[str, Any]
    score: float


def choose_evidence(
    passages: Passages,
    question: str,
    *,
    budget_tokens: int = BUDGET_TOKENS,
    filters: Filters = NO_FILTERS,
    extent: Extent = Extent.MERGED,
) -> list[Evidence]:
    """Return what an answer to the question may rest on, the best first, by the release's ranking.

    Before that comes what defines a symbol that the question names.

    Args:
        passages: The release.
        question: The question.
        budget_tokens: Max tokens of all evidence together, estimated; the best passage is always in.
        filters: Which documents may be used.
        extent: What makes a piece of evidence.

    Raises:
        QueryError: The question is empty, too long or has no word.
    """
    merge = extent is not Extent.PASSAGES
    what = passages.index.understood(question, filters)
    ranked = {candidate.row: candidate.score for candidate in passages.index.rank(what, PASSAGES, filters=filters)}
    defining = dict.fromkeys(defining_passages(passages, what), max(ranked.values(), default=0.0))
    scores = defining | {row: score for row, score in ranked.items() if row not in defining}
    shows_calls = asks_what_to_do(what.text)
    left, kept = budget_tokens * BYTES_PER_TOKEN, dict[int, float]()
    for row in _distinct(passages, list(scores)):
        around = _whole_table(passages, row) if extent is Extent.WHOLE_TABLES else []
        around = around or _with_neighbours(passages, row)
        around = [*_head_of_section(passages, around[0]), *around] if shows_calls else around
        places = [place for place in around if place not in kept]
        texts = passages.index.corpus.values("text", places)
        # without a language model the budget bounds time and memory, and characters are as good a measure
        size = sum(len(text.encode() if merge else text) for text in texts)
        if size > left and kept:
            break
        left -= size
        kept.update(dict.fromkeys(places, scores[row]))
    shown = passages.index.corpus.shown(list(kept))
    rows = [Row(place, columns, score) for (place, score), columns in zip(kept.items(), shown, strict=True)]
    found: list[Evidence] = []
    runs = _runs(passages, rows, merge=merge)
    documents = passages.documents({run[0].shown["document_id"] for run in runs if len(run) > 1})
    for run in runs:
        text = run[0].shown["text"] if len(run) == 1 else _whole(run, documents.get(run[0].shown["document_id"]))
        if text is None:
            found += [evidence_of(passages, [row], row.shown["text"]) for row in run]
        else:
            found.append(evidence_of(passages, run, text))
    return sorted(found, key=lambda one: -one.score)


def _distinct(passages: Passages, rows: Sequence[int]) -> list[int]:
    """Return the passages without those whose words are nearly all in a better one of about the same length."""
    kept: list[tuple[int, set[str]]] = []
    for row, text in zip(rows, passages.index.corpus.values("text", rows), strict=True):
        words = set(text.split())
        if not any(len(words & other) >= SAME * max(len(words), len(other), 1) for _, other in kept):
            kept.append((row, words))
    return [row for row, _ in kept]


def _with_neighbours(passages: Passages, row: int) -> list[int]:
    """Return the row, with the rows before and after it in the document while they are short together."""
    rows = [row]
    size = len(passages.index.corpus.values("text", rows)[0])
    before, after = passages.neighbours(row)
    while size < SHORT and (before is not None or after is not None):
        for at, other in ((len(rows), after), (0, before)):
            if other is not None:
                rows.insert(at, other)
                size += len(passages.index.corpus.values("text", [other])[0])
        before, after = passages.neighbours(rows[0])[0], passages.neighbours(rows[-1])[1]
    return rows


def _head_of_section(passages: Passages, row: int) -> list[int]:
    """Return the row of the passage that the section of a passage begins in; none if that is the passage itself.

    In the reference of a function it shows the call.
    """
    start, document = (passages.index.corpus.values(column, [row])[0] for column in ("start", "document_id"))
    structure = passages.structures.of(document)
    begins = structure.section_at(start) if structure else start
    before: int | None = row
    for _ in range(LONGEST_SECTION):
        before = passages.neighbours(before)[0] if before is not None else None
        if before is not None and begins < start and passages.index.corpus.values("start", [before])[0] <= begins:
            return [before]
    return []


def _whole_table(passages: Passages, row: int) -> list[int]:
    """Return the rows of the passages with the table that a passage is cut from, or of as many as there is room for."""
    rows = [row]
    size = 0
    while size < LONGEST_TABLE and (after := _rest_of_table(passages, rows[-1], 1)) is not None:
        rows.append(after)
        size += len(passages.index.corpus.values("text", [after])[0])
    while size < LONGEST_TABLE and (before := _rest_of_table(passages, rows[0], -1)) is not None:
        rows.insert(0, before)
        size += len(passages.index.corpus.values("text", [before])[0])
    return rows


def _rest_of_table(passages: Passages, row: int, step: int) -> int | None:
    """Return the row of the passage after or before one if a table goes on there."""
    other = passages.neighbours(row)[step > 0]
    if other is None:
        return None
    first, second = passages.index.corpus.values("text", [row, other][::step])
    ends, begins = first.rstrip().rpartition("\n")[2], second.lstrip().partition("\n")[0]
    return other if any(mark in ends and mark in begins for mark in "|\t") else None


def _runs(passages: Passages, rows: Sequence[Row], *, merge: bool) -> list[list[Row]]:
    """Return the passages in the order of their documents; those that follow each other together, if merged."""
    runs: list[list[Row]] = []
    for row in sorted(rows, key=lambda row: (row.shown["document_id"], row.shown["start"])):
        if merge and runs and passages.neighbours(runs[-1][-1].place)[1] == row.place:
            runs[-1].append(row)
        else:
            runs.append([row])
    return runs


def evidence_of(passages: Passages, run: Sequence[Row], text: str) -> Evidence:
    """Return passages that follow each other as one piece of evidence; `text` is theirs together."""
    first = run[0].shown
    structure = passages.structures.of(first["document_id"])
    return Evidence(
        document_id=first["document_id"],
        source=first["source"],
        title=passages.titles.get(first["document_id"], ""),
        chunk_ids=tuple(row.shown["chunk_id"] for row in run),
        start=first["start"],
        end=run[-1].shown["end"],
        text=text,
        heading_path=tuple(first["heading_path"] or ()),
        page=first["page"],
        score=max(row.score for row in run),
        rows=tuple(row.place for row in run),
        chunk_starts=tuple(row.shown["start"] for row in run),
        landmarks=tuple(landmark for row in run for landmark in landmarks(row.shown, structure)),
        cut=any(_rest_of_table(passages, run[at].place, step) is not None for at, step in ((-1, 1), (0, -1))),
    )


def _whole(run: Sequence[Row], document: str | None) -> str | None:
    """Return the run's text in its document; None if the document is no longer what the passages were cut from."""
    if document is None or any(document[row.shown["start"] : row.shown["end"]] != row.shown["text"] for row in run):
        return None
    return document[run[0].shown["start"] : run[-1].shown["end"]]
