"""Commands for releases: list, roll back, approve, forget a document."""

from dataclasses import asdict
from typing import Annotated

import typer

from xnai_pipelines.cli.app import AsJson, app, execute, print_json, settings
from xnai_pipelines.state.layout import Home


@app.command()
def releases(as_json: AsJson = False) -> None:
    """List kept releases, the current one marked, and the challenger."""
    from xnai_pipelines.cli.queries import listed_releases

    listed = listed_releases(Home(settings().home))
    if as_json:
        print_json([asdict(release) for release in listed])
        return
    from xnai_pipelines.cli.rendering import show_releases

    show_releases(listed)


@app.command()
def rollback(
    release: Annotated[int | None, typer.Argument(help="Release number; default: the one before the current.")] = None,
    as_json: AsJson = False,
) -> None:
    """Move to another kept release: table, model and questions together."""
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
