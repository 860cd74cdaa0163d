"""What people see in a terminal: tables, figures, answers."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:  # a search shows hits and nothing else
    from xnai_pipelines.adapters.make import TrainingEstimate
    from xnai_pipelines.cli.queries import ListedRelease
    from xnai_pipelines.cli.runs import FinishedRun
    from xnai_pipelines.encoders.stored.inspection import Inspection
    from xnai_pipelines.evaluation.policy import PolicyReport
    from xnai_pipelines.evaluation.report import EvaluationReport
    from xnai_pipelines.graph.paths import Step
    from xnai_pipelines.models.card.card import Card
    from xnai_pipelines.models.encoder_comparison.card import EncoderCard
    from xnai_pipelines.releases.comparison import Comparison
    from xnai_pipelines.search.hits import Explanation, Hit
    from xnai_pipelines.search.policy import RankingPolicy
    from xnai_pipelines.search.query import Asked
    from xnai_pipelines.settings import Settings

BESIDE_COLUMN = 3  # characters: a space on each side, and one between two columns or at the edge
FAILURES_SHOWN = 5  # per source
LONGEST_WORD = 44  # longer ones, such as paths and hashes, are broken

_CONTROLS = dict.fromkeys([*range(9), *range(11, 32), *range(127, 160)], "\ufffd")

console = Console()
errors = Console(stderr=True)


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]], right: Sequence[str] = ()) -> None:
    """Print a table; the columns named in `right` are numbers.

    No word is broken: a terminal too narrow for all columns shows the first ones and names the others, so the columns
    that decide stand first.
    """
    cells = [[_visible(str(cell)) for cell in row] for row in rows]
    widths = _widths([[name, *(row[n] for row in cells)] for n, name in enumerate(columns)])
    # not the table's own title, which is folded to the width of the table, within words and paths
    say((title, "bold"))
    shown = Table(header_style="bold", pad_edge=False, box=box.SIMPLE_HEAD)
    for name, width in zip(columns, widths, strict=False):
        shown.add_column(Text(name), justify="right" if name in right else "left", overflow="fold", width=width)
    for row in cells:
        shown.add_row(*(Text(cell) for cell in row[: len(widths)]))
    console.print(shown)
    if len(widths) < len(columns):
        say(f"Not shown at this width: {', '.join(columns[len(widths) :])}.", fold=True)


def say(*parts: str | tuple[str, str], fold: bool = False, to: Console | None = None) -> None:
    """Print a line of texts, of which some have a style: (text, style).

    Texts are data: brackets and backslashes in them are shown and never read as markup.

    Args:
        parts: The texts.
        fold: Break the line at words where the terminal ends, instead of leaving that to the terminal.
        to: Where to print, by default standard output.
    """
    pairs = [(part, "") if isinstance(part, str) else part for part in parts]
    shown = Text.assemble(*((_visible(words), style) for words, style in pairs))
    (to or console).print(shown, soft_wrap=not fold)


def _visible(text: str) -> str:
    """Return the text with a sign for each control character: a name must not move the cursor or change colours."""
    return text.translate(_CONTROLS)


def counted(number: int, noun: str) -> str:
    """Return a number and its noun, in the singular for 1."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _widths(columns: Sequence[Sequence[str]]) -> list[int]:
    """Return the widths of the first columns, of as many as fit beside each other with whole words."""
    longest_words = [min(LONGEST_WORD, max(map(len, " ".join(cells).split()), default=1)) for cells in columns]
    fitting = len(columns)
    while fitting > 1 and sum(longest_words[:fitting]) + BESIDE_COLUMN * fitting > console.width:
        fitting -= 1
    widths = [max(map(cell_len, cells)) for cells in columns[:fitting]]
    while (excess := sum(widths) + BESIDE_COLUMN * fitting - console.width) > 0:
        # the column with the most room beyond its longest word gives way
        n = max(range(fitting), key=lambda n: widths[n] - longest_words[n])
        room = widths[n] - longest_words[n]
        if room <= 0:
            break
        widths[n] -= min(room, max(1, excess // fitting))
    return widths


def show_stages(reports: Mapping[str, Mapping[str, Any]]) -> None:
    """Print what each stage of a run did and how fast."""
    documents, chunks, embeddings = reports["documents"], reports["chunks"], reports["embeddings"]
    changed = sum(documents["changes"][name] for name in ("new", "edited", "renamed", "deleted", "to_retry"))
    rows = [
        _stage("documents", counted(documents["documents"], "document"), counted(changed, "file"), changed, documents),
        _stage("chunks", counted(chunks["chunks"], "chunk"), counted(chunks["cut"], "document"), chunks["cut"], chunks),
        _stage(
            "embeddings",
            counted(embeddings["vectors"], "vector"),
            f"{counted(embeddings['encoded'], 'passage')}, {embeddings['from_cache']:,} from cache",
            embeddings["encoded"],
            embeddings,
        ),
    ]
    if "questions" in reports:
        questions = reports["questions"]
        rows.append(_stage("questions", counted(questions["questions"], "question"), "", 0, questions))
    table("Stages", ["stage", "stored", "worked on", "seconds", "per second"], rows, ["seconds", "per second"])


def show_sources(sources: Sequence[Mapping[str, Any]]) -> None:
    """Print sources with what their last synchronisation did, and the trouble of each."""
    columns = ["name", "kind", "prefix", "files", "fetched", "removed", "not read", "last sync"]
    rows = [
        [
            *(source[column] for column in ("name", "kind", "prefix")),
            *(f"{source[column]:,}" for column in ("files", "fetched", "removed")),
            f"{len(source['failed']):,}",
            source["synced_at"] or "never",
        ]
        for source in sources
    ]
    table("Sources", columns, rows, ["files", "fetched", "removed", "not read"])
    for source in sources:
        if source["trouble"]:
            console.print(f"{source['name']}: {source['trouble']}", markup=False, highlight=False)
        for path, reason in list(source["failed"].items())[:FAILURES_SHOWN]:
            console.print(f"{source['name']}: {path}: {reason}", markup=False, highlight=False)
        if len(source["failed"]) > FAILURES_SHOWN:
            console.print(
                f"{source['name']}: {len(source['failed']) - FAILURES_SHOWN:,} more (--json lists all).", markup=False
            )


def _stage(name: str, stored: str, worked: str, items: int, report: Mapping[str, Any]) -> list[str]:
    seconds = report["seconds"]
    if name != "questions" and not items:
        removed = report.get("removed", 0)
        worked = f"{removed:,} removed" if removed else "nothing to do"
    return [name, stored, worked, f"{seconds:.1f}", f"{items / seconds:,.0f}" if items and seconds else ""]


def show_run_reports(reports: Mapping[str, Any], settings: "Settings") -> None:
    """Print what a run did, from its stages' reports."""
    from pydantic import TypeAdapter

    from xnai_pipelines.cli.left_out import left_out
    from xnai_pipelines.evaluation.report import EvaluationReport
    from xnai_pipelines.models.card.card import Card
    from xnai_pipelines.models.encoder_comparison.card import EncoderCard
    from xnai_pipelines.releases.comparison import Comparison
    from xnai_pipelines.state.tracker import MlflowRun

    synced = [reports.get(name, {}).get("sources", ()) for name in ("mirrored_sources", "crawled_pages")]
    if any(synced):
        show_sources([source for sources in synced for source in sources])
    if "documents" in reports:
        show_stages(reports)
    for sentence in left_out(reports):
        say(sentence)
    if "maintenance" in reports:
        report = reports["maintenance"]
        before, after = (report[name] / 2**20 for name in ("bytes_before", "bytes_after"))
        say(
            f"Tables: {before:,.1f} MB before, {after:,.1f} MB now; {len(report['dropped'])} dropped, "
            f"{counted(len(report['expired']), 'release')} expired, "
            f"{counted(report['vectors_removed'], 'unused vector')} removed.",
            fold=True,
        )
    if "card" in reports:
        show_card(Card.from_json(json.dumps(reports["card"])))
    if "encoder_card" in reports:
        show_encoder_card(TypeAdapter(EncoderCard).validate_python(reports["encoder_card"]))
    if "training_pairs" in reports:
        report = reports["training_pairs"]
        say(
            f"Training pairs: {report['pairs']:,} about {counted(report['documents'], 'document')}; "
            f"{counted(report['dropped'], 'question')} left out for evaluation.",
            fold=True,
        )
    if "lora_adapter" in reports:
        report = reports["lora_adapter"]
        trained = "trained" if report["trained"] else "known already"
        say(f"Adapter {report['adapter']} ({trained}): {report['metrics']['seconds'] / 60:.1f} minutes.", fold=True)
    if "comparison" in reports:
        show_comparison(Comparison.from_json(json.dumps(reports["comparison"])))
    if "release" in reports:
        say(reports["release"]["reason"], fold=True)
    if "rollback" in reports:
        report = reports["rollback"]
        say(
            f"Release {report['to_release']} answers searches now, in place of {report['from_release']}. "
            f"{counted(report['behind'], 'chunk')} changed since: `xnai run` brings them.",
            fold=True,
        )
    if "forgetting" in reports:
        report = reports["forgetting"]
        columns = ["table", "rows_removed", "rows_found", "versions"]
        rows = [[row[column] for column in columns] for row in report["tables"]]
        headings = ["table", "rows removed", "rows left", "versions"]
        table(f"Forgotten: {report['source']}", headings, rows, headings[1:])
        say(f"{counted(report['cached_vectors'], 'vector')} of the cache removed.", fold=True)
        for adapter in report["adapters"]:
            say(f"Adapter {adapter} was trained on it: `xnai retrain` trains one without it.", fold=True)
    if "evaluation" in reports:
        show_evaluation(EvaluationReport.from_json(json.dumps(reports["evaluation"])))
        run = reports["tracked"]["mlflow_run"]
        if run:
            say(f"MLflow run {run['run_id']}: {settings.mlflow_ui_url}/{MlflowRun(**run).page}")


def show_releases(listed: Sequence["ListedRelease"]) -> None:
    """Print the kept releases and the challenger."""
    columns = ["release", "state", "encoder", "nDCG@10 hybrid / vector", "adapter", "made", "vectors"]
    rows = [
        [
            one.release,
            one.state,
            f"{one.encoder}, {one.variant}",
            " / ".join(f"{one.metrics[f'{mode}.ndcg_at_10']:.3f}" for mode in ("hybrid", "vector"))
            if one.metrics
            else "",
            one.adapter or "none",
            one.created_at,
            f"{one.vectors:,}",
        ]
        for one in listed
    ]
    table("Releases", columns, rows, ["release", "vectors"])


def show_training_plan(planned: "TrainingEstimate") -> None:
    """Print what a retraining would take."""
    minutes = "unknown until a first training has been timed" if planned.minutes is None else f"{planned.minutes:.1f}"
    rows = [
        ["adapter", planned.adapter + (", trained already" if planned.trained_already else "")],
        ["training pairs", f"{planned.pairs:,}"],
        ["steps", f"{planned.steps:,}"],
        ["expected minutes", minutes],
        ["memory", f"{planned.memory_bytes / 2**20:,.0f} MB"],
    ]
    table("A retraining would take", ["what", "value"], rows)


def show_comparison(comparison: "Comparison") -> None:
    """Print challenger against champion, by slice and mode."""
    from xnai_pipelines.releases.markdown import comparison_table

    columns, rows = comparison_table(comparison)
    table(f"Challenger against champion: {comparison.questions_statement}", columns, rows, columns[2:])


def show_evaluation(report: "EvaluationReport") -> None:
    """Print nDCG@10 and recall@10 by search mode with their 95 % intervals."""
    for headline in report.headlines:
        latency = {calls.mode: calls for calls in report.calls}
        rows = []
        for section in report.sections_of(headline):
            ndcg, recall = section.metrics["ndcg_at_10"], section.metrics["recall_at_10"]
            calls = latency[section.mode]
            rows.append(
                [
                    section.mode,
                    f"{ndcg.mean:.3f} [{ndcg.low:.3f}, {ndcg.high:.3f}]",
                    f"{recall.mean:.3f} [{recall.low:.3f}, {recall.high:.3f}]",
                    f"{calls.p50_ms:.1f} / {calls.p95_ms:.1f}" if calls.p50_ms and calls.p95_ms else "",
                ]
            )
        columns = ["search", "nDCG@10 [95 %]", "recall@10 [95 %]", "ms p50 / p95"]
        table(f"Retrieval: {headline.statement}", columns, rows, ["ms p50 / p95"])


def show_card(card: "Card") -> None:
    """Print the precision card: the variants, what was chosen and why, and how vectors could be stored."""
    from xnai_pipelines.models.card.markdown import stored_vectors_table, variant_table

    say(("Precision card", "bold"), f" of {card.base}: {card.origin}, asked of {card.corpus}.", fold=True)
    columns, rows = variant_table(card)
    table("Variants", columns, rows, columns[2:])
    for figures in card.variants:
        if figures.failed:
            say(f"  {figures.name} failed: {figures.failed}", fold=True)
    choice = card.choice
    if choice is not None:
        say((f"Chosen for the next release: {choice.variant or 'none'}", "bold"), fold=True)
        for reason in choice.reasons:
            say(f"  {reason}", fold=True)
    columns, rows = stored_vectors_table(card)
    if rows:
        table("Vectors of the table in other forms", columns, rows, columns[1:])


def show_encoder_card(card: "EncoderCard") -> None:
    """Print the encoders that were compared, what the figures say, and how to switch."""
    from xnai_pipelines.models.encoder_comparison.markdown import LEGEND, encoder_table, language_table

    say(("Encoder card", "bold"), f": {card.questions}, asked of {card.corpus}.", fold=True)
    for title, (columns, rows) in (
        ("Encoders, nDCG@10", encoder_table(card)),
        ("Hybrid nDCG@10 by language", language_table(card)),
    ):
        if rows:
            table(title, columns, rows, columns[1:])
    for name, why in card.failed.items():
        say(f"  {name} was not measured: {why}", fold=True)
    say(LEGEND, fold=True)
    say(card.conclusion)


def show_inspection(file: Path, found: "Inspection") -> None:
    """Print what a quantized model's file holds."""
    columns, rows = found.table()
    say(f"{file}: {found.summary}")
    table("Tensors", columns, rows, columns[3:])


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
        f"knows {explanation.familiarity:.0%} of this writing.",
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
    if report and report.gain:
        gain = report.gain
        facts.append(("gain over the default", f"{gain.mean:+.3f} [{gain.low:+.3f}, {gain.high:+.3f}] nDCG@10"))
    facts.append(("re-ranker", policy.reranker or "none"))
    facts.append(("weight of the knowledge graph", f"{policy.graph_weight:g}"))
    if report and report.graph:
        gain = report.graph.gain
        trial = f"{gain.mean:+.3f} [{gain.low:+.3f}, {gain.high:+.3f}] nDCG@10 with weight {report.graph.weight:g}"
        facts.append(("gain by the knowledge graph", trial))
    table("Ranking policy", ["what", "value"], facts)
    if report and report.by_weight:
        rows = [(f"{weight:.2f}", f"{mean:.3f}") for weight, mean in report.by_weight.items()]
        table("Train and validation questions", ["weight of vectors", "nDCG@10"], rows, ["nDCG@10"])
    if report and report.rerankers:
        trials = [
            (
                one.name,
                f"{one.gain.mean:+.3f} [{one.gain.low:+.3f}, {one.gain.high:+.3f}]",
                f"{one.p50_ms:.1f}",
                f"{one.p95_ms:.1f}",
            )
            for one in report.rerankers
        ]
        headings = ["re-ranker", "gain in nDCG@10", "p50 ms", "p95 ms"]
        table("Re-rankers, by the time they add to a search", headings, trials, ["p50 ms", "p95 ms"])


def _highlighted(snippet: str) -> list[tuple[str, str]]:
    """Return the parts of a snippet; those between two pairs of asterisks stand out."""
    return [(part, "bold yellow" if at % 2 else "") for at, part in enumerate(snippet.split("**"))]


def show_run(run: "FinishedRun") -> None:
    """Print what went wrong in a run, if anything did."""
    if run.failure:
        say(("The run failed.", "red"), f" {run.failure}", to=errors)
        say(f"Run {run.run_id}; its log is in the UI (`make ui`).", fold=True, to=errors)
    for check in run.failed_checks:
        facts = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in check.metadata.items())
        reason = check.description or f"{facts}. Its page in the UI has the details (`xnai ui`)."
        label = "Warning" if check.severity == "WARN" else "Error"
        say((f"{label}: the check {check.asset}/{check.check} did not pass.", "yellow"), f" {reason}", to=errors)
