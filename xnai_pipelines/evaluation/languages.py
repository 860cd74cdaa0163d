"""Whether the encoder knows the languages of the corpus: its tokens in their writing, and its agreement with words."""

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from tokenizers import Tokenizer

from xnai_pipelines.encoders.encoder import open_tokenizer
from xnai_pipelines.encoders.packaged import MULTILINGUAL_ENCODER
from xnai_pipelines.encoders.source import BESIDE
from xnai_pipelines.encoders.specification import COMPANION, read_encoder_file
from xnai_pipelines.encoders.writing import Writing, more_fluent, writing
from xnai_pipelines.evaluation.intervals import Estimate, bootstrap_mean
from xnai_pipelines.evaluation.make import last_rows
from xnai_pipelines.evaluation.per_question import TOP_SOURCES
from xnai_pipelines.evaluation.report import Level
from xnai_pipelines.search.policy import RankingPolicy
from xnai_pipelines.search.query import Mode
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.manifest import Release
from xnai_pipelines.state.schemas import embeddings_spec
from xnai_pipelines.state.table_reading import is_in
from xnai_pipelines.state.tables import Tables
from xnai_pipelines.wording import counted

MIN_CHUNKS = 20  # of a language that is judged: fewer are often wrongly detected, unless they are most of the corpus
MIN_QUESTIONS = 30
SAMPLED = 100  # chunks of a language
LANGUAGES = 20  # the most common ones
# Familiarity: 1.0 in every language that an encoder knows, 0.0 for MiniLM in Russian, Hindi, Chinese or Arabic.
FAMILIAR = 0.5
# Share of common documents in the top 5 of vector and keyword search. MiniLM: 0.38 to 0.57 in English, 0.09 in Russian.
AGREEMENT = 0.2


@dataclass(frozen=True, slots=True)
class LanguageFigures:
    """How well the encoder knows a language of the corpus.

    Attributes:
        language: ISO 639-1 code.
        script: Most common script of its letters, as Unicode names it; "" without letters.
        chunks: Chunks in it.
        writing: What the tokenizer makes of up to 100 of them.
        questions: Questions that documents in it answer.
        agreement: Share of common documents in the top 5 of vector and keyword search on these questions; None if
            there are fewer than 30.
        by_passages: How well it knows the passages in it, 0 to 1, by the ranking policy; 1 if not measured.
    """

    language: str
    script: str
    chunks: int
    writing: Writing
    questions: int
    agreement: Estimate | None
    by_passages: float = 1.0

    @property
    def known(self) -> bool:
        """Whether writing and passages are familiar and the interval of the agreement reaches 0.2, if measured."""
        disagrees = self.agreement is not None and self.agreement.high < AGREEMENT
        return min(self.writing.familiarity, self.by_passages) >= FAMILIAR and not disagrees

    @property
    def sentence(self) -> str:
        """The figures in words."""
        parts = [f"{self.writing.tokens_per_letter:.2f} tokens per letter"]
        if self.writing.unknown_share >= 0.01:
            parts.append(f"{self.writing.unknown_share:.0%} of the letters in unknown tokens")
        if self.by_passages < 1:
            parts.append(f"known {self.by_passages:.0%} by its passages")
        if self.agreement is not None:
            parts.append(f"vector and keyword search share {self.agreement.mean:.0%} of their top {TOP_SOURCES}")
        return f"{self.language} ({counted(self.chunks, 'chunk')}, {self.script.capitalize()}): {', '.join(parts)}"


def language_figures(tables: Tables, home: Home, release: Release) -> list[LanguageFigures]:
    """Return the figures of the corpus' languages with at least 20 chunks or most of all chunks, the most common first.

    Returns at most 20. Reads up to 100 chunks of each language and the rows of the last evaluation; encodes nothing.
    """
    spec = embeddings_spec(release.embeddings_table, release.dimension)
    rows = tables.read(spec, ["chunk_id", "language"]).filter(pc.field("language") != "")
    counts = {one["values"]: one["counts"] for one in rows["language"].value_counts().to_pylist()}
    common = sorted(counts, key=lambda language: (-counts[language], language))[:LANGUAGES]
    judged = [language for language in common if counts[language] >= MIN_CHUNKS or 2 * counts[language] > len(rows)]
    folder = home.models / release.vector_space
    tokenizers = _tokenizers(folder)
    agreements = top_agreement(last_rows(home))
    by_passages = RankingPolicy.of(release).languages
    figures = []
    for language in judged:
        ids = rows["chunk_id"].filter(pc.equal(rows["language"], language))
        # ids are hashes: the first in their order are a random sample
        wanted = is_in("chunk_id", ids.take(pc.bottom_k_unstable(ids, SAMPLED)).to_pylist())
        texts = tables.read(spec, ["passage"], wanted)["passage"].to_pylist()
        shares = agreements.get(language, [])
        figures.append(
            LanguageFigures(
                language=language,
                script=main_script(texts),
                chunks=counts[language],
                writing=reduce(more_fluent, (_writing(tokenizer, texts) for tokenizer in tokenizers)),
                questions=len(shares),
                agreement=bootstrap_mean(shares, seed=0) if len(shares) >= MIN_QUESTIONS else None,
                by_passages=by_passages.get(language, 1.0),
            )
        )
    return figures


def _tokenizers(folder: Path) -> list[Tokenizer]:
    """Return the tokenizers of an encoder and of its companion."""
    spec = read_encoder_file(folder)
    return [open_tokenizer(folder, spec.max_length), *(_tokenizers(folder / COMPANION) if spec.companion else [])]


def _writing(tokenizer: Tokenizer, texts: Sequence[str]) -> Writing:
    return sum((writing(tokenizer, text) for text in texts), Writing())


def top_agreement(rows: pa.Table | None) -> Mapping[str, Sequence[float]]:
    """Return, by language, the share of common documents in the top 5 of vector and keyword search per question.

    Questions for which keyword search finds nothing are left out.

    Args:
        rows: Table of schema `PER_QUESTION`; None if nothing was evaluated.
    """
    found: dict[str, list[float]] = defaultdict(list)
    if rows is None:
        return found
    by_mode = {
        mode: {
            row["question_id"]: (row["language"], set(row["top_sources"]))
            for row in rows.filter((pc.field("level") == Level.DOCUMENT) & (pc.field("mode") == mode))
            .select(["question_id", "language", "top_sources"])
            .to_pylist()
        }
        for mode in (Mode.VECTOR, Mode.KEYWORD)
    }
    for question_id, (language, by_keyword) in by_mode[Mode.KEYWORD].items():
        if language and by_keyword and question_id in by_mode[Mode.VECTOR]:
            _, by_vector = by_mode[Mode.VECTOR][question_id]
            found[language].append(len(by_vector & by_keyword) / len(by_keyword))
    return found


def main_script(texts: Sequence[str]) -> str:
    """Return the most common script of the letters, the first word of their Unicode names (LATIN, CJK); "" if none."""
    counts = Counter(letter for text in texts for letter in text if letter.isalpha())
    scripts: Counter[str] = Counter()
    for letter, number in counts.items():
        scripts[unicodedata.name(letter, " ").split(" ")[0]] += number
    return scripts.most_common(1)[0][0] if scripts else ""


def advice(figures: Sequence[LanguageFigures], encoder: str) -> str | None:
    """Return which languages the encoder does not know and what to do, None if it knows all.

    Args:
        figures: The corpus' languages.
        encoder: Name of the release's encoder.
    """
    unknown = [one for one in figures if not one.known]
    if not unknown:
        return None
    found = "; ".join(one.sentence for one in unknown)
    if encoder.endswith(MULTILINGUAL_ENCODER):  # itself, or as a companion
        return (
            f"The encoder {encoder} reads these languages badly: {found}. Search relies on keywords there. A folder or "
            "hub id in XNAI_ENCODER names another encoder; `xnai encoders` compares them on your questions."
        )
    return (
        f"The encoder {encoder} does not know these languages: {found}. Search relies on keywords there. "
        f"pip install 'xnai-pipelines[multilingual]' adds an encoder that knows about 100 languages; "
        f"`XNAI_ENCODER={MULTILINGUAL_ENCODER} xnai run --new-release` embeds everything with it, and "
        f"`xnai retrain --encoder {BESIDE}{MULTILINGUAL_ENCODER}` tries it beside the release's."
    )


def languages_table(figures: Sequence[LanguageFigures]) -> list[dict[str, str]]:
    """Return a row per language, for people."""
    return [
        {
            "language": one.language,
            "script": one.script.capitalize(),
            "chunks": f"{one.chunks:,}",
            "tokens per letter": f"{one.writing.tokens_per_letter:.2f}",
            "unknown": f"{one.writing.unknown_share:.1%}",
            "by passages": f"{one.by_passages:.2f}",
            "questions": f"{one.questions:,}",
            f"agreement@{TOP_SOURCES} [95 %]": "not measured" if one.agreement is None else f"{one.agreement:.2f}",
            "known": "yes" if one.known else "no",
        }
        for one in figures
    ]
