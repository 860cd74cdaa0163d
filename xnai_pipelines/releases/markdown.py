"""Comparison, verdict and remedies as tables for people: Markdown for Dagster and MLflow, and rows for a terminal."""

from collections.abc import Sequence

from xnai_pipelines.evaluation.intervals import Estimate
from xnai_pipelines.evaluation.markdown import markdown_table, one_line
from xnai_pipelines.evaluation.policy import PolicyReport
from xnai_pipelines.releases.comparison import MEGABYTE, ChangedQuestion, Comparison, Contender
from xnai_pipelines.releases.decision import PromotionDecision
from xnai_pipelines.releases.gate import Verdict
from xnai_pipelines.search.policy import DEFAULT_WEIGHT

Table = tuple[list[str], list[list[str]]]
"""Columns, and rows with as many cells."""


def comparison_table(comparison: Comparison) -> Table:
    """Return a row per slice and mode: questions, both nDCG@10, differences with intervals, wins and losses."""
    columns = [
        "slice",
        "mode",
        "questions",
        "champion nDCG@10",
        "challenger nDCG@10",
        "nDCG@10 difference",
        "wins / losses / ties",
        "recall@10 difference",
        "MRR@10 difference",
    ]
    rows = [
        [
            str(compared.slice),
            compared.mode,
            f"{compared.questions} {compared.origin}",
            f"{compared.champion['ndcg_at_10'].mean:.3f}",
            f"{compared.challenger['ndcg_at_10'].mean:.3f}",
            f"{compared.difference['ndcg_at_10']:+.3f}",
            f"{compared.wins} / {compared.losses} / {compared.ties}",
            f"{compared.difference['recall_at_10']:+.3f}",
            f"{compared.difference['mrr_at_10']:+.3f}",
        ]
        for compared in comparison.compared
    ]
    return columns, rows


def comparison_markdown(comparison: Comparison) -> str:
    """Return the two contenders, their figures by slice and mode, and the questions that changed most."""
    contenders = [_contender("champion", comparison.champion), _contender("challenger", comparison.challenger)]
    parts = [
        "# Champion against challenger\n",
        markdown_table(
            ["", "release", "encoder", "variant", "adapter", "vector space", "MB", "query ms p50 / p95"], contenders
        ),
        f"On {comparison.questions_statement}, by document; challenger - champion, paired, with 95 % intervals.\n",
        markdown_table(*comparison_table(comparison)),
    ]
    parts += [f"{note}\n" for note in comparison.notes]
    parts.append("## Questions that changed most\n")
    parts.append(_changed_markdown(comparison.changed) if comparison.changed else "No question changed its nDCG@10.\n")
    return "\n".join(parts)


def verdict_markdown(verdict: Verdict) -> str:
    """Return the verdict, then each rule with its finding."""
    rules = [[rule.name, "passed" if rule.passed else "failed", rule.words] for rule in verdict.rules]
    return "\n".join(
        [
            f"**{'Promoted' if verdict.promoted else 'Rejected'}**\n",
            "".join(f"- {one_line(reason)}\n" for reason in verdict.reasons),
            markdown_table(["rule", "result", "seen"], rules),
        ]
    )


def remedies_markdown(judged: Sequence[PromotionDecision], policy: PolicyReport | None) -> str:
    """Return a table of what was tried against a release's fall: each remedy, its gain, its cost, what became of it.

    Args:
        judged: The decisions on the release's challengers.
        policy: The ranking policy, which the last evaluation chose again; None if there is none.
    """
    rows = []
    if policy is not None:
        chosen = f"ranking policy: vectors {policy.policy.vector_weight:g}, {policy.reason}"
        gain = "not measured" if policy.gain is None else f"{policy.gain:+.3f} over vectors {DEFAULT_WEIGHT:g}"
        rows.append(["each evaluation", chosen, gain, "", "", "", "in use"])
    for one in sorted(judged, key=lambda one: one.decided_at):
        rows.append(
            [
                f"{one.decided_at:%Y-%m-%d %H:%M} UTC",
                f"adapter {one.adapter} of {one.encoder}" if one.adapter else f"encoder {one.encoder}",
                _figure(one.verdict.gain, "+.3f"),
                _figure(one.minutes, ".1f"),
                _figure(one.query_ms, ".1f"),
                _figure(one.shipped_mb, ".0f"),
                str(one.outcome).replace("_", " "),
            ]
        )
    columns = ["decided", "remedy", "nDCG@10 gain", "minutes", "query ms (p95)", "MB", "outcome"]
    return markdown_table(columns, rows)


def _contender(name: str, contender: Contender) -> list[str]:
    latencies = (contender.query_ms_p50, contender.query_ms_p95)
    return [
        name,
        "" if contender.release is None else str(contender.release),
        contender.encoder,
        contender.variant,
        contender.adapter or "none",
        contender.vector_space,
        f"{contender.model_bytes / MEGABYTE:.1f}",
        " / ".join("not measured" if latency is None else f"{latency:.1f}" for latency in latencies),
    ]


def _changed_markdown(changed: Sequence[ChangedQuestion]) -> str:
    rows = [
        [
            one.question,
            one.mode,
            ", ".join(part for part in (one.language, one.folder) if part),
            ", ".join(one.relevant),
            f"{_rank(one.champion_rank)} to {_rank(one.challenger_rank)}",
            f"{one.change:+.2f}",
            ", ".join(one.champion_found),
            ", ".join(one.challenger_found),
        ]
        for one in changed
    ]
    columns = ["question", "mode", "slice", "answered by", "rank", "nDCG@10", "champion found", "challenger found"]
    return markdown_table(columns, rows)


def _rank(rank: int | None) -> str:
    return "not found" if rank is None else str(rank)


def _figure(value: float | Estimate | None, form: str) -> str:
    return "not recorded" if value is None else format(value, form)
