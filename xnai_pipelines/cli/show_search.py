"""What people see of a search: passages found, how a question was understood, the ranking policy."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from xnai_pipelines.cli.terminal import say, table

if TYPE_CHECKING:  # a search shows hits and nothing else
    from xnai_pipelines.evaluation.policy import PolicyReport
    from xnai_pipelines.graph.paths import Step
    from xnai_pipelines.search.hits import Explanation, Hit
    from xnai_pipelines.search.policy import RankingPolicy
    from xnai_pipelines.search.query import Asked


def show_hits(question: str, hits: Sequence["Hit"], what: "Asked | None" = None) -> None:
    """Print the passages found for a question, and how it was understood if that is not as it was written."""
    say((question, "bold"), fold=True)
    if what is not None and what.corrections:
        say(f"Searched for: {what.text}", fold=True)
    if what is not None and what.without:
        say(f"Without: {', '.join(what.without)}", fold=True)
    if not hits:
        given = asdict(what.filters) if what is not None else {}
        conditions = [f"{name.replace('_', ' ')} {value}" for name, value in given.items() if value]
        say("  nothing found", f" with {', '.join(conditions)}" if conditions else "")
    for hit in hits:
        place = " > ".join(hit.heading_path)
        page = f", {hit.page}" if hit.page else ""
        head = f"{hit.rank:>2}. {hit.source} [{hit.start}:{hit.end}]{page}  {hit.score:.3f}"
        copies = f"  and {hit.copies:,} {'copy' if hit.copies == 1 else 'copies'}" if hit.copies else ""
        say((head, "cyan"), "  ", (f"{place}{copies}", "dim"), fold=True)
        say("    ", *_highlighted(hit.snippet), fold=True)
        if len(hit.path) > 1:
            say("    ", (_way(hit.path), "dim"), fold=True)


def _way(path: Sequence["Step"]) -> str:
    """Return how the knowledge graph leads to a passage."""
    return "by " + ", ".join(f"{step.by.replace('_', ' ')} {step.name}" for step in path[:-1])


def _highlighted(snippet: str) -> list[tuple[str, str]]:
    """Return the parts of a snippet; those between two pairs of asterisks stand out."""
    return [(part, "bold yellow" if at % 2 else "") for at, part in enumerate(snippet.split("**"))]


def show_explanation(explanation: "Explanation", hits: Sequence["Hit"]) -> None:
    """Print how the question was understood, and what each part says of the passages found."""
    what = explanation.asked
    found = {
        "identifiers, whose passages come first": explanation.lookups,
        "phrases, whose passages come first": what.phrases,
        "titles, whose documents gain 1": explanation.titles,
    }
    for name, values in found.items():
        if values:
            say(f"{name}: {', '.join(values)}", fold=True)
    say(
        f"Vectors count {explanation.weight:.2f}, keywords {1 - explanation.weight:.2f} in hybrid search; the encoder "
        f"knows {explanation.familiarity:.0%} of this language.",
        fold=True,
    )
    if explanation.reranker:
        say(f"The re-ranker {explanation.reranker} compares the best 20 passages again.", fold=True)
    rows = [
        [
            hit.rank,
            f"{hit.score:.3f}",
            "" if hit.vector is None else f"{hit.vector:.3f}",
            "" if hit.keyword is None else f"{hit.keyword:.2f}",
            hit.source,
        ]
        for hit in hits
    ]
    table("Parts", ["rank", "score", "cosine", "BM25", "source"], rows, ["rank", "score", "cosine", "BM25"])


def show_policy(policy: "RankingPolicy", report: "PolicyReport | None") -> None:
    """Print a ranking policy, why it is so, and the accuracy by weight that it was chosen on."""
    facts = [
        ("weight of vectors", f"{policy.vector_weight:.2f}"),
        ("weight of keywords", f"{1 - policy.vector_weight:.2f}"),
        ("typos corrected", "yes" if policy.correct_typos else "no"),
        ("chosen because", report.reason if report else "not on record; `xnai evaluate` chooses again"),
    ]
    for language, known in policy.languages.items():
        facts.append((f"encoder's knowledge of {language or 'passages without a language'}", f"{known:.0%}"))
    if report and report.gain:
        facts.append(("gain over the default", f"{report.gain:+.3f} nDCG@10"))
    facts.append(("re-ranker", policy.reranker or "none"))
    facts.append(("weight of the knowledge graph", f"{policy.graph_weight:g}"))
    if report and report.graph:
        trial = f"{report.graph.gain:+.3f} nDCG@10 with weight {report.graph.weight:g}"
        facts.append(("gain by the knowledge graph", trial))
    table("Ranking policy", ["what", "value"], facts)
    if report and report.by_weight:
        rows = [(f"{weight:.2f}", f"{mean:.3f}") for weight, mean in report.by_weight.items()]
        table("Train and validation questions", ["weight of vectors", "nDCG@10"], rows, ["nDCG@10"])
    if report and report.rerankers:
        trials = [
            (
                one.name,
                f"{one.gain:+.3f}",
                f"{one.p50_ms:.1f}",
                f"{one.p95_ms:.1f}",
            )
            for one in report.rerankers
        ]
        headings = ["re-ranker", "gain in nDCG@10", "p50 ms", "p95 ms"]
        table("Re-rankers, by the time they add to a search", headings, trials, ["p50 ms", "p95 ms"])
