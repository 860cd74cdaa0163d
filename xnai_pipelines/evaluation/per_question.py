"""The table with a row per question, level and mode: for people who want to see behind a figure."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from xnai_pipelines.evaluation.asking import SearchResult, judgement
from xnai_pipelines.evaluation.metrics import METRICS, best_first, first_relevant_rank, measure
from xnai_pipelines.evaluation.report import Headline, Level, WorstQuestion
from xnai_pipelines.evaluation.slices import DocumentFacts, folder_of

TOP_SOURCES = 5
WORST_QUESTIONS = 20

_COLUMNS: list[tuple[str, pa.DataType]] = [
    ("question_id", pa.string()),
    ("question", pa.string()),
    ("origin", pa.string()),
    ("split", pa.string()),
    ("language", pa.string()),
    ("folder", pa.string()),
    ("media_type", pa.string()),
    ("level", pa.string()),
    ("mode", pa.string()),
    *[(metric, pa.float64()) for metric in METRICS],
    ("first_relevant_rank", pa.int64()),
    ("relevant_sources", pa.list_(pa.string())),
    ("top_sources", pa.list_(pa.string())),
    ("latency_ms", pa.float64()),
    ("error", pa.string()),
]

PER_QUESTION = pa.schema(_COLUMNS)


def per_question_table(answers: Sequence[SearchResult], documents: Mapping[str, DocumentFacts]) -> pa.Table:
    """Return a table of schema `PER_QUESTION`, level by level with the answers in order.

    A question without known answering chunks has no row of level chunk. Language, folder and media type are those of
    the answering document with the highest grade, the first by id if there are several.

    Args:
        answers: Results of the searches.
        documents: Facts by document_id. An unknown document is shown by its id.
    """
    return pa.concat_tables([_level_table(level, answers, documents) for level in Level])


def of_questions(table: pa.Table, origin: str, split: str | None, level: str) -> pa.Table:
    """Return the rows of one origin and level, and of one split if it is not None."""
    rows = (pc.field("origin") == origin) & (pc.field("level") == level)
    return table.filter(rows if split is None else rows & (pc.field("split") == split))


def worst_questions(table: pa.Table, headline: Headline, mode: str) -> tuple[WorstQuestion, ...]:
    """Return at most 20 of the headline's questions with nDCG@10 below 1, worst first."""
    rows = of_questions(table, headline.origin, headline.split, Level.DOCUMENT)
    rows = rows.filter((pc.field("mode") == mode) & (pc.field("ndcg_at_10") < 1))

    def goodness(row: dict[str, Any]) -> tuple[float, float, str]:
        rank = row["first_relevant_rank"]
        return row["ndcg_at_10"], -math.inf if rank is None else -rank, row["question_id"]

    return tuple(
        WorstQuestion(
            question=row["question"],
            relevant=tuple(row["relevant_sources"]),
            found=tuple(row["top_sources"]),
            first_relevant_rank=row["first_relevant_rank"],
            ndcg_at_10=row["ndcg_at_10"],
            error=row["error"],
        )
        for row in sorted(rows.to_pylist(), key=goodness)[:WORST_QUESTIONS]
    )


def _level_table(level: Level, answers: Sequence[SearchResult], documents: Mapping[str, DocumentFacts]) -> pa.Table:
    judged = [
        (answer, answer.ranking(level), grades)
        for answer in answers
        if (grades := judgement(answer.question, level)) is not None
    ]
    values = measure([ranking for _, ranking, _ in judged], [grades for _, _, grades in judged])

    def named(document_ids: Sequence[str]) -> list[str]:
        return [documents[name].source if name in documents else name for name in document_ids]

    def about(answer: SearchResult) -> dict[str, str | None]:
        best = min(answer.question.relevant, key=lambda relevant: (-relevant.grade, relevant.document_id))
        facts = documents.get(best.document_id)
        if facts is None:
            return {"language": None, "folder": None, "media_type": None}
        return {"language": facts.language, "folder": folder_of(facts.source), "media_type": facts.media_type}

    rows = [
        {
            "question_id": answer.question.question_id,
            "question": answer.question.question,
            "origin": answer.question.origin,
            "split": answer.question.split,
            **about(answer),
            "level": level,
            "mode": answer.mode,
            **{metric: values[metric][number] for metric in METRICS},
            "first_relevant_rank": first_relevant_rank(ranking, grades),
            "relevant_sources": named(sorted(answer.question.document_ids)),
            "top_sources": named(best_first(answer.document_ids)[:TOP_SOURCES]),
            "latency_ms": answer.latency_ms,
            "error": answer.error,
        }
        for number, (answer, ranking, grades) in enumerate(judged)
    ]
    return pa.Table.from_pylist(rows, schema=PER_QUESTION)
