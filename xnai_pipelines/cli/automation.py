"""Commands of the retraining loop and of releases."""

import getpass
import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from xnai_pipelines.cli.app import AsJson, app, checked_encoders, execute, print_json, settings
from xnai_pipelines.errors import OptionError
from xnai_pipelines.extras import require
from xnai_pipelines.state.layout import Home


@app.command()
def retrain(
    dry_run: Annotated[bool, typer.Option(help="Mine the pairs and estimate the training without running it.")] = False,
    change: Annotated[
        list[str] | None,
        typer.Option("--set", help="Training option as name=value, such as epochs=2 or max_minutes=10; repeatable."),
    ] = None,
    encoder: Annotated[
        str | None,
        typer.Option(
            help="Try this encoder, a folder or multilingual-e5-small, instead of training an adapter; +NAME tries it "
            "beside the current one."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Train an adapter, compare it with the current release, and release it if it passes the gate."""
    config = training_changes(change or [])
    if encoder is not None:
        if dry_run or config:
            raise OptionError("--encoder trains nothing, so --dry-run and --set do not apply. Leave them out.")
        [encoder] = checked_encoders([encoder])
        execute("try_encoder", {"challenger_index": {"encoder": encoder}}, as_json)
        return
    if not dry_run:
        require("train", "`xnai retrain`")
        execute("retrain", {"lora_adapter": config}, as_json)
        return
    from xnai_pipelines.cli.queries import planned_training

    execute("retrain", {}, as_json=False, assets=[["questions"], ["training_pairs"]], show=False)
    planned = planned_training(settings(), config)
    if as_json:
        print_json(asdict(planned))
        return
    from xnai_pipelines.cli.show_models import show_training_plan

    show_training_plan(planned)


@app.command()
def adapters(
    compare: Annotated[tuple[str, str] | None, typer.Option(metavar="ID ID", help="Compare two adapters.")] = None,
    as_json: AsJson = False,
) -> None:
    """List trained adapters with their training data and the decision on each."""
    from xnai_pipelines.cli.queries import compared_adapters, listed_adapters

    home = Home(settings().home)
    columns, rows = compared_adapters(home, *compare) if compare else listed_adapters(home)
    if as_json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
        return
    from xnai_pipelines.cli.terminal import say, table

    if not rows:
        say("No adapter was trained yet: `xnai retrain` trains one.")
        return
    table("Adapters", columns, rows)


@app.command()
def feedback(
    question: Annotated[str, typer.Argument(help="The question.")],
    right: Annotated[str | None, typer.Option(help="Source of a document that answers the question.")] = None,
    wrong: Annotated[str | None, typer.Option(help="Source of a document that does not answer it.")] = None,
    as_json: AsJson = False,
) -> None:
    """Record that a document answers a question, or does not. Used by the next evaluation and training."""
    from xnai_pipelines.errors import FeedbackError
    from xnai_pipelines.questions.feedback import record_feedback
    from xnai_pipelines.state.schemas import DOCUMENTS
    from xnai_pipelines.state.tables import Tables

    source = right or wrong
    if source is None or (right and wrong):
        raise FeedbackError(
            "Name one document: --right SOURCE where it answers the question, --wrong SOURCE where not."
        )
    home = Home(settings().home)
    given = record_feedback(
        home.feedback,
        question=question,
        source=source,
        right=right is not None,
        at=datetime.now(UTC),
        who=getpass.getuser(),
        known=Tables.of(home).pairs(DOCUMENTS, "source", "document_id"),
    )
    if as_json:
        print_json(asdict(given))
        return
    from xnai_pipelines.cli.terminal import say

    say(f"Noted in {home.feedback}. The next evaluation uses it: `xnai evaluate`, or the nightly schedule.")


@app.command()
def history(as_json: AsJson = False) -> None:
    """Show accuracy over time with releases, retrainings and their causes."""
    from xnai_pipelines.cli.queries import past_accuracy

    columns, rows = past_accuracy(settings())
    if as_json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
        return
    from xnai_pipelines.cli.terminal import table

    table("History", columns, rows)


def training_changes(changes: list[str]) -> dict[str, Any]:
    """Return training options given as name=value. A value is JSON if it parses, else text."""
    config: dict[str, Any] = {}
    for change in changes:
        name, equals, value = change.partition("=")
        if not equals or not name:
            raise OptionError(f"--set {change!r} is not of the form name=value, such as epochs=2.")
        try:
            config[name] = json.loads(value)
        except ValueError:
            config[name] = value
    settings().training.changed(config)  # refuses what is not allowed
    return config


@app.command()
def releases(as_json: AsJson = False) -> None:
    """List kept releases, the current one marked, and the challenger."""
    from xnai_pipelines.cli.queries import listed_releases

    listed = listed_releases(Home(settings().home))
    if as_json:
        print_json([asdict(release) for release in listed])
        return
    from xnai_pipelines.cli.show_models import show_releases

    show_releases(listed)


@app.command()
def rollback(
    release: Annotated[int | None, typer.Argument(help="Release number; default: the one before the current.")] = None,
    as_json: AsJson = False,
) -> None:
    """Move to another kept release: table, model and ranking policy together."""
    execute("rollback", {"move_release_pointer": {"release": release}}, as_json)


@app.command()
def approve(
    name: Annotated[str, typer.Option("--by", help="Your name, for the record.")],
    as_json: AsJson = False,
) -> None:
    """Approve and release the challenger that passed the gate."""
    execute("approve", {"release": {"approved_by": name}}, as_json)


@app.command()
def forget(
    source: Annotated[str, typer.Argument(help="Source of a deleted document, as shown by search.")],
    as_json: AsJson = False,
) -> None:
    """Erase a deleted document from everything that is kept, and show the proof."""
    execute("forget", {"erase_document": {"source": source}}, as_json)
