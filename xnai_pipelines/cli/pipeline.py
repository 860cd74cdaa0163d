"""Daily commands: ingest, search, evaluate, status."""

import atexit
import gc
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from xnai_pipelines.cli.app import AsJson, app, execute, print_json, require_encoder, settings
from xnai_pipelines.encoders.runtime import Runtime
from xnai_pipelines.state.layout import Home

FORCED = ("retrieval_evaluation", "language_model_evaluation")
QUARANTINE_SHOWN = 20
INCOMPLETE_SHOWN = 20

if TYPE_CHECKING:
    from xnai_pipelines.settings import Settings


@app.command()
def run(
    verify: Annotated[bool, typer.Option(help="Hash every file instead of trusting size and time.")] = False,
    retry_quarantined: Annotated[bool, typer.Option(help="Retry quarantined files.")] = False,
    allow_vanishing: Annotated[
        bool, typer.Option(help="Continue even if many documents would be deleted or the folder is empty.")
    ] = False,
    new_release: Annotated[
        bool, typer.Option(help="Embed everything with the configured encoder, as a new release.")
    ] = False,
    evaluation: Annotated[bool, typer.Option(help="Also evaluate retrieval.")] = True,
    as_json: AsJson = False,
) -> None:
    """Update the index from the documents folder and evaluate it.

    Only what changed since the last run is read, cut and embedded.
    """
    require_encoder()
    config = {
        "documents": {"verify": verify, "retry_quarantined": retry_quarantined, "allow_vanishing": allow_vanishing},
        "chunks": {"new_release": new_release},
        "embeddings": {"new_release": new_release},
    }
    execute("refresh" if evaluation else "ingest", config, as_json)


@app.command()
def evaluate(
    force: Annotated[bool, typer.Option(help="Evaluate even if nothing changed.")] = False,
    as_json: AsJson = False,
) -> None:
    """Evaluate search on the questions, and the language model if one is set; log the results to MLflow."""
    execute("evaluate", {name: {"force": force} for name in FORCED}, as_json)


@app.command()
def plan(
    verify: Annotated[bool, typer.Option(help="Hash every file instead of trusting size and time.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what a run would do and how long it would take.

    It looks only at the folder: it does not show that changed settings would cut or embed everything again.
    """
    from xnai_pipelines.cli.planned import planned_run

    planned = planned_run(settings(), verify=verify)
    if as_json:
        print_json(asdict(planned))
        return
    from xnai_pipelines.cli.left_out import entries_left_out
    from xnai_pipelines.cli.terminal import say, table

    files = [(name.replace("_", " "), number) for name, number in planned.files.items()]
    table(f"Plan for {planned.folder}", ["files", "count"], files, ["count"])
    for sentence in entries_left_out(planned.skipped, planned.unlisted):
        say(sentence, fold=True)
    if planned.seconds is not None:
        say(f"Expected time: {planned.seconds:.0f} s, from past throughput.")
    elif planned.to_read:
        say("Expected time: unknown until the first run.")
    if planned.refusal:
        say(("A run would be refused:", "yellow"), f" {planned.refusal}", fold=True)


@app.command()
def search(
    question: Annotated[str, typer.Argument(help="The question.")],
    k: Annotated[int, typer.Option("-k", min=1, max=1000, help="Number of results.")] = 10,
    mode: Annotated[str, typer.Option(help="hybrid, vector, keyword or graph.")] = "hybrid",
    source: Annotated[str | None, typer.Option(help="Only sources with this prefix.")] = None,
    media_type: Annotated[str | None, typer.Option(help="Only this media type, such as text/markdown.")] = None,
    language: Annotated[str | None, typer.Option(help="Only this language, such as en.")] = None,
    by_document: Annotated[bool, typer.Option(help="One result per document.")] = False,
    explain: Annotated[bool, typer.Option(help="Show how each part scored a result.")] = False,
    as_json: AsJson = False,
) -> None:
    """Search the current release.

    In the question, "a phrase", -without, source:prefix, lang:de and type:pdf are operators.
    """
    # Every object that the imports made would be visited when the process ends: a tenth of a search, and it frees
    # nothing that matters then.
    atexit.register(gc.freeze)
    from xnai_pipelines.errors import QueryError
    from xnai_pipelines.search.index import SearchIndex
    from xnai_pipelines.search.query import Filters, Mode

    if mode not in list(Mode):
        raise QueryError(f"--mode {mode!r} is not one of {', '.join(Mode)}.")
    require_release_encoder(settings())
    index = SearchIndex.open(settings().home, threads=settings().threads)
    what = index.understood(question, Filters(source, media_type, language))
    hits = index.search(what, k, Mode(mode), by_document=by_document)
    if as_json:
        print_json(
            {
                "question": question,
                "searched_for": what.text,
                "without": what.without,
                "release": index.release.release,
                "hits": [asdict(hit) for hit in hits],
            }
        )
        return
    from xnai_pipelines.cli.show_search import show_explanation, show_hits
    from xnai_pipelines.cli.terminal import say

    show_hits(question, hits, what)
    if not index.contents.passages:
        say("No document is indexed. `xnai status` shows what happened to the files.", fold=True)
    if explain:
        show_explanation(index.explain(what), hits)


def require_release_encoder(settings: "Settings") -> None:
    """Refuse a search when the settings name another encoder than the release was embedded with.

    A release that the gate promoted over what they name is searched.

    Raises:
        VectorSpaceError: They do; the message says what to do.
        SettingsError: XNAI_ENCODER names nothing that can be read.
    """
    if not {"encoder", "variant"} & settings.model_fields_set:
        return
    from xnai_pipelines.adapters.make import released_base
    from xnai_pipelines.encoders.source import resolve_encoder
    from xnai_pipelines.encoders.specification import read_specification
    from xnai_pipelines.errors import SettingsError, UnavailableError, VectorSpaceError, XnaiError
    from xnai_pipelines.models.make import asked_vector_space
    from xnai_pipelines.releases.decision import was_promoted
    from xnai_pipelines.state.manifest import Releases

    home = Home(settings.home)
    release = Releases(home.releases).require()
    try:
        base = released_base(home, read_specification(resolve_encoder(settings.encoder, home.models), Runtime.FP32))
    except UnavailableError:
        raise
    except (XnaiError, ValueError, OSError) as error:
        raise SettingsError(f"XNAI_ENCODER={settings.encoder!r} cannot be used: {error}") from error
    asked = asked_vector_space(home, base, settings.variant, release)
    if asked != release.vector_space and not was_promoted(home, release.vector_space):
        raise VectorSpaceError(
            f"XNAI_ENCODER and XNAI_VARIANT name vector space {asked}, and release {release.release} holds vectors "
            f"of {release.vector_space} ({release.encoder}, {release.variant}): they cannot be compared. Unset them "
            "to search this release, or embed with them: `xnai run --new-release`."
        )


@app.command()
def policy(as_json: AsJson = False) -> None:
    """Show the ranking policy of the current release, and the figures by which it was chosen."""
    from xnai_pipelines.cli.queries import current_policy

    current, report = current_policy(Home(settings().home))
    if as_json:
        print_json({"policy": asdict(current), "report": asdict(report) if report else None})
        return
    from xnai_pipelines.cli.show_search import show_policy

    show_policy(current, report)


@app.command()
def status(as_json: AsJson = False) -> None:
    """Show what is stored, how fresh it is, and what is quarantined and why."""
    from xnai_pipelines.status import home_status

    current = home_status(Home(settings().home))
    if as_json:
        print_json(asdict(current))
        return
    from xnai_pipelines.cli.terminal import say, table

    table(f"Home {current.home}", ["what", "value"], list(current.facts.items()))
    if current.skipped:
        skipped = [(reason, number, current.skipped_examples[reason]) for reason, number in current.skipped.items()]
        table("Skipped", ["reason", "entries", "such as"], skipped, ["entries"])
    if current.quarantine:
        columns = ["source", "error_type", "error", "attempts"]
        rows = [[entry[column] for column in columns] for entry in current.quarantine[:QUARANTINE_SHOWN]]
        table("Quarantine", ["source", "kind", "reason", "attempts"], rows, ["attempts"])
        if current.quarantined > len(rows):
            say(f"... and {current.quarantined - len(rows)} more (--json lists all).")
    if current.unlisted:
        table("Not readable", ["entry", "reason"], list(current.unlisted.items()))
    if current.incomplete:
        parts = ", ".join(f"{part} {number:,}" for part, number in current.left_out.items())
        shown = list(current.incomplete.items())[:INCOMPLETE_SHOWN]
        table(f"Left out of the text: {parts}", ["source", "what"], shown)
        if len(current.incomplete) > len(shown):
            say(f"... and {len(current.incomplete) - len(shown)} more (--json lists all).")
    for sentence in current.health:
        say(sentence, fold=True)


@app.command()
def maintain(as_json: AsJson = False) -> None:
    """Compact the tables and delete what no release needs."""
    execute("maintain", {}, as_json)


@app.command()
def ui() -> None:
    """Serve the Dagster UI and, if they are installed, the MLflow UI and the chat page, until Ctrl-C."""
    from xnai_pipelines.cli.runs import end_runs_left_behind
    from xnai_pipelines.cli.servers import serve, servers
    from xnai_pipelines.cli.terminal import say
    from xnai_pipelines.extras import missing

    current = settings()
    home = Home(current.home)
    end_runs_left_behind(home)

    def ready() -> None:
        say(f"Dagster  http://{current.host}:{current.dagster_port}")
        if current.mlflow_uri is None and missing("mlflow"):
            say("MLflow   not served: pip install 'xnai-pipelines[mlflow]'")
        else:
            say(f"MLflow   {current.mlflow_ui_url}")
        if missing("serve"):
            say("Answers  not served: pip install 'xnai-pipelines[serve]'")
        else:
            say(f"Answers  {current.service_url}")
        say(f"Logs     {home.logs}")
        say("Press Ctrl-C to stop.")

    serve(servers(current), home.logs, ready)
