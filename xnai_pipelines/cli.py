"""The `xnai` command."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from xnai_pipelines.home import Home
from xnai_pipelines.settings import settings

app = typer.Typer(
    name="xnai",
    help="Turn a folder of documents into a searchable, measured index, and ask it.\n\n"
    "Settings are environment variables, XNAI_DOCUMENTS and XNAI_HOME first of all; see the README.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]

EXAMPLES = (
    "How do I split a path into folder and file name?",
    "Run another command and capture what it prints",
    "Find the differences between two texts",
)
# Few enough for a first look: the reference, the default, and two that are much smaller.
DEMO_VARIANTS = ("fp32", "int8_dynamic", "int4_gptq", "rate_12x")
NEXT = (
    ("make ui", "See the assets, their checks and plots in the Dagster UI, and MLflow beside it:"),
    ('.venv/bin/xnai search "your question"', "Ask the sample yourself:"),
    (".venv/bin/xnai quantize", "Make and measure all variants of the encoder:"),
    (
        "XNAI_HOME=~/.xnai-docs XNAI_DOCUMENTS=~/docs .venv/bin/xnai run",
        "Take your own documents, in a home of their own:",
    ),
)


class VariantError(Exception):
    """A variant that does not exist is asked for."""


@app.command()
def run(
    verify: Annotated[bool, typer.Option(help="Hash every file instead of trusting size and time.")] = False,
    retry_quarantined: Annotated[bool, typer.Option(help="Try the files in quarantine again.")] = False,
    allow_vanishing: Annotated[
        bool, typer.Option(help="Go on although many documents would be deleted, or the folder is empty.")
    ] = False,
    new_release: Annotated[
        bool, typer.Option(help="Embed everything with the encoder of the settings, as a new release.")
    ] = False,
    evaluation: Annotated[bool, typer.Option(help="Also measure retrieval.")] = True,
    as_json: AsJson = False,
) -> None:
    """Bring the index in line with the folder of documents, and measure it.

    Only what changed since the last run is read, cut and embedded.
    """
    config = {
        "documents": {"verify": verify, "retry_quarantined": retry_quarantined, "allow_vanishing": allow_vanishing},
        "chunks": {"new_release": new_release},
        "embeddings": {"new_release": new_release},
    }
    _execute("refresh" if evaluation else "ingest", config, as_json)


@app.command()
def evaluate(
    force: Annotated[bool, typer.Option(help="Measure again although nothing changed.")] = False,
    as_json: AsJson = False,
) -> None:
    """Measure how well search answers the questions, and log it to MLflow."""
    _execute("evaluate", {"retrieval_evaluation": {"force": force}}, as_json)


@app.command()
def quantize(
    variant: Annotated[
        list[str] | None, typer.Option(help="Only this one, measured beside fp32 and those made before; repeatable.")
    ] = None,
    redraw: Annotated[bool, typer.Option(help="Calibrate with another set of texts.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make the encoder's variants, measure them on the corpus, and choose one for the next release."""
    _execute("quantize", {"calibration_texts": {"redraw": redraw}}, as_json, _models(variant))


@app.command()
def card(as_json: AsJson = False) -> None:
    """Show the last precision card: every variant's size, accuracy and speed on this corpus, and the choice."""
    from xnai_pipelines.stages import last_card

    measured = last_card(Home(settings().home))
    if as_json:
        print(measured.to_json())
        return
    from xnai_pipelines.terminal import show_card

    show_card(measured)


@app.command()
def inspect(
    file: Annotated[Path, typer.Argument(help="A quantized model, such as .xnai/models/.../weights.arrow.")],
    as_json: AsJson = False,
) -> None:
    """Show what a quantized model's file holds: its tensors, their bytes and bits per weight."""
    from xnai_pipelines.quantization import inspect as inspect_file

    found = inspect_file(file)
    if as_json:
        _print_json(asdict(found))
        return
    from xnai_pipelines.terminal import show_inspection

    show_inspection(file, found)


@app.command()
def plan(
    verify: Annotated[bool, typer.Option(help="Hash every file instead of trusting size and time.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say what a run would do with the folder's files, and how long it would take.

    Looks at the folder only: that other settings would cut or embed everything anew does not show here.
    """
    from xnai_pipelines.overview import planned_run

    planned = planned_run(settings(), verify=verify)
    if as_json:
        _print_json(asdict(planned))
        return
    from xnai_pipelines.terminal import console, table

    table(f"Plan for {planned.folder}", ["files", "count"], list(planned.files.items()), ["count"])
    if planned.seconds is not None:
        console.print(f"Expected time: {planned.seconds:.0f} s, from past throughput.")
    elif planned.to_read:
        console.print("Expected time: unknown until a first run has been timed.")
    if planned.refusal:
        console.print(f"[yellow]A run would be refused:[/yellow] {planned.refusal}")


@app.command()
def search(
    question: Annotated[str, typer.Argument(help="What to look for, in words.")],
    k: Annotated[int, typer.Option("-k", min=1, max=1000, help="How many results.")] = 10,
    mode: Annotated[str, typer.Option(help="hybrid, vector or keyword.")] = "hybrid",
    source: Annotated[str | None, typer.Option(help="Only sources that start with this.")] = None,
    media_type: Annotated[str | None, typer.Option(help="Only this media type, such as text/markdown.")] = None,
    language: Annotated[str | None, typer.Option(help="Only this language, such as en.")] = None,
    by_document: Annotated[bool, typer.Option(help="One result a document.")] = False,
    as_json: AsJson = False,
) -> None:
    """Search the current release."""
    from xnai_pipelines.overview import require_release_encoder
    from xnai_pipelines.search import Filters, Mode, QueryError, SearchIndex

    if mode not in list(Mode):
        raise QueryError(f"--mode {mode!r} is not one of {', '.join(Mode)}.")
    require_release_encoder(settings())
    index = SearchIndex.open(settings().home, threads=settings().threads)
    hits = index.search(question, k, Mode(mode), Filters(source, media_type, language), by_document=by_document)
    if as_json:
        _print_json({"question": question, "release": index.release.release, "hits": [asdict(hit) for hit in hits]})
        return
    from xnai_pipelines.terminal import show_hits

    show_hits(question, hits)


@app.command()
def status(as_json: AsJson = False) -> None:
    """Show what is stored, by which model, how fresh it is, and what is quarantined and why."""
    from xnai_pipelines.overview import QUARANTINE_SHOWN, home_status

    current = home_status(settings())
    if as_json:
        _print_json(asdict(current))
        return
    from xnai_pipelines.terminal import console, table

    table(f"Home {current.home}", ["what", "value"], list(current.facts.items()))
    if current.skipped:
        table("Skipped", ["reason", "entries"], list(current.skipped.items()), ["entries"])
    if current.quarantine:
        columns = ["source", "error_type", "error", "attempts"]
        rows = [[entry[column] for column in columns] for entry in current.quarantine[:QUARANTINE_SHOWN]]
        table("Quarantine", ["source", "kind", "reason", "attempts"], rows, ["attempts"])
        if current.quarantined > len(rows):
            console.print(f"... and {current.quarantined - len(rows)} more (--json lists all).")


@app.command()
def sample(as_json: AsJson = False) -> None:
    """Write the sample: the documentation of Python's standard library, and labelled questions about it."""
    documents, questions, report = _write_sample()
    if as_json:
        _print_json({"documents": str(documents), "questions": str(questions), **asdict(report)})
        return
    from xnai_pipelines.terminal import console

    console.print(f"{report.written} documents written, {report.unchanged} unchanged: {documents}")
    console.print(f"Questions: {questions}")


@app.command()
def demo() -> None:
    """Write the sample, run everything on it, and show what came out."""
    _write_sample()
    _execute("refresh", {}, as_json=False)
    _execute("quantize", {}, as_json=False, assets=_models(DEMO_VARIANTS))
    from xnai_pipelines.search import SearchIndex
    from xnai_pipelines.terminal import console, show_hits

    index = SearchIndex.open(settings().home, threads=settings().threads)
    for question in EXAMPLES:
        show_hits(question, index.search(question, 1))
    console.print("\n[bold]Next[/bold]")
    for command, purpose in NEXT:
        console.print(f"  {purpose}\n    {command}", soft_wrap=True, highlight=False)


@app.command()
def ui() -> None:
    """Serve the Dagster UI and the MLflow UI over this home until interrupted."""
    from xnai_pipelines.runs import end_runs_left_behind
    from xnai_pipelines.servers import serve, servers
    from xnai_pipelines.terminal import console

    current = settings()
    home = Home(current.home)
    end_runs_left_behind(home)

    def ready() -> None:
        console.print(f"Dagster  http://{current.host}:{current.dagster_port}")
        console.print(f"MLflow   {current.mlflow_ui_url}")
        console.print(f"Logs     {home.logs}\nCtrl-C stops them.")

    serve(servers(current), home.logs, ready)


@app.command()
def maintain(as_json: AsJson = False) -> None:
    """Compact the tables and remove what nothing needs any more."""
    _execute("maintain", {}, as_json)


def main() -> None:
    """Run the command; an expected error is one sentence on standard error and exit code 1."""
    with _sentences_for_errors():
        from xnai_pipelines.environment import make_home, prepare

        if not {"--help", "-h"} & set(sys.argv) and len(sys.argv) > 1:
            prepare(settings())
            make_home(settings())
        app(prog_name="xnai")


def _write_sample() -> tuple[Path, Path, Any]:
    from xnai_pipelines.sample import questions_path, write_sample

    home = Home(settings().home)
    report = write_sample(home.sample / "documents")
    questions = home.sample / "questions.jsonl"
    questions.write_bytes(questions_path().read_bytes())
    return home.sample / "documents", questions, report


def _models(variants: Sequence[str] | None) -> list[list[str]] | None:
    """Return the assets that make and measure these variants, None for all there are."""
    from xnai_pipelines.precision import VARIANTS

    if not variants:
        return None
    names = [variant.name for variant in VARIANTS]
    for name in variants:
        if name not in names:
            raise VariantError(f"--variant {name!r} is none of {', '.join(names)}.")
    made = [["quantized_models", name] for name in names if name in {"fp32", *variants}]
    return [["encoder_onnx"], ["calibration_texts"], *made, ["precision_card"], ["candidate_encoder"]]


def _execute(job: str, config: dict[str, dict[str, Any]], as_json: bool, assets: list[list[str]] | None = None) -> None:
    from xnai_pipelines.overview import run_reports
    from xnai_pipelines.runs import execute
    from xnai_pipelines.terminal import show_run, show_run_reports

    home = Home(settings().home)
    finished = execute(job, config, home, assets)
    reports = run_reports(home, job)
    if as_json:
        _print_json({**asdict(finished), "reports": reports})
    elif not finished.failure:
        show_run_reports(reports, settings())
    show_run(finished)
    if finished.failure:
        raise typer.Exit(1)


def _print_json(value: Any) -> None:
    print(json.dumps(value, indent=2, ensure_ascii=False, default=str))


@contextmanager
def _sentences_for_errors() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        if not type(error).__module__.startswith("xnai_pipelines"):
            raise
        print(f"xnai: {error}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
