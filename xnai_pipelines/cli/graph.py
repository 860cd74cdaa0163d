"""The commands on the knowledge graph."""

from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Annotated

import typer

from xnai_pipelines.cli.app import AsJson, app, print_json, settings
from xnai_pipelines.state.layout import Home
from xnai_pipelines.wording import counted

if TYPE_CHECKING:
    from xnai_pipelines.graph.answers import Excerpt, Neighbour
    from xnai_pipelines.graph.stored import KnowledgeGraph

SUPPORT_SHOWN = 10
EVIDENCE_SHOWN = 300  # characters

graph_app = typer.Typer(help="Ask the knowledge graph: entities, paths, communities, and their evidence.")
app.add_typer(graph_app, name="graph")

Name = Annotated[str, typer.Argument(help="A name in any form that the documents use, or an id.")]


@graph_app.command()
def entity(name: Name, as_json: AsJson = False) -> None:
    """Show an entity: its forms, a defining sentence, and its neighbours."""
    found = _graph().entity(name)
    if as_json:
        _print(found)
        return
    from xnai_pipelines.cli.terminal import say, table

    named = f"{counted(found.mentions, 'mention')} in {counted(found.documents, 'document')}"
    seen = "" if found.first_seen is None else f", from {found.first_seen:%Y-%m-%d} to {found.last_seen:%Y-%m-%d}"
    say((found.form, "bold"), f"  {found.type}, {named}{seen}")
    also = [alias for alias in found.aliases if alias != found.form]
    if also:
        say(f"  also {', '.join(also)}", fold=True)
    if found.communities:
        say(f"  in {' > '.join(found.communities)}", fold=True)
    if found.definition:
        _say_evidence(found.definition)
    rows = [[_relation(one), one.form, f"{one.weight:.2f}", _place(one.evidence)] for one in found.neighbours]
    table("Neighbours", ["relation", "entity", "weight", "sentence at"], rows, ["weight"])


@graph_app.command()
def path(
    first: Name, second: Annotated[str, typer.Argument(help="The other entity.")], as_json: AsJson = False
) -> None:
    """Show the shortest path between two entities, with a sentence for each step."""
    asked = _graph()
    steps = asked.path(first, second)
    if as_json:
        _print(steps)
        return
    from xnai_pipelines.cli.terminal import say

    say((asked.form(asked.find(first)), "bold"))
    for step in steps:
        say(f"  {_relation(step)} ", (step.form, "bold"))
        if step.evidence:
            _say_evidence(step.evidence)


@graph_app.command()
def communities(
    level: Annotated[int, typer.Option(min=0, help="0: the largest groups; 1 and more: their parts.")] = 0,
    most: Annotated[int, typer.Option("-k", min=1, help="Number of communities.")] = 10,
    as_json: AsJson = False,
) -> None:
    """List communities with their central entities and sentences."""
    found = _graph().communities(level)
    if as_json:
        _print(found)
        return
    from xnai_pipelines.cli.terminal import say, table

    rows = [[one.title, f"{one.members:,}", one.community_id] for one in found[:most]]
    title = f"Communities of level {level}, {len(rows):,} of {len(found):,}"
    table(title, ["title", "members", "id"], rows, ["members"])
    for one in found[:most]:
        if one.sentences:
            say((one.title, "bold"), fold=True)
            _say_evidence(one.sentences[0])


@graph_app.command()
def themes(
    question: Annotated[str, typer.Argument(help="A question about the documents as a whole.")],
    level: Annotated[int, typer.Option(min=0, help="0: the largest groups; 1 and more: their parts.")] = 0,
    most: Annotated[int, typer.Option("-k", min=1, help="Number of themes.")] = 5,
    as_json: AsJson = False,
) -> None:
    """Show the themes of all documents on a question: communities, with sentences and passages."""
    import xnai_pipelines

    found = xnai_pipelines.open(settings().home, threads=settings().threads).themes(question, level=level, most=most)
    if as_json:
        _print(found)
        return
    from xnai_pipelines.cli.terminal import say

    say((question, "bold"), fold=True)
    for theme in found.themes:
        say((theme.community.title, "bold"), f"  {theme.share:.0%}", fold=True)
        for evidence in (*theme.community.sentences[:1], *theme.passages):
            _say_evidence(evidence)
    themes = "theme holds" if len(found.themes) == 1 else "themes hold"
    say(
        f"{len(found.themes)} {themes} {found.covered:.0%} of what the best {found.passages:,} passages mention.",
        fold=True,
    )


@graph_app.command()
def why(
    name: Annotated[str, typer.Argument(help="An entity's name or id, or the id of a relation or a community.")],
    prov: Annotated[bool, typer.Option("--prov", help="Print W3C PROV-JSON.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show the evidence for an entity, a relation or a community: documents, characters and rules."""
    from xnai_pipelines.graph.trail import why as trail_of

    trail = trail_of(_graph(), name)
    if prov:
        from xnai_pipelines.graph.record import made_by

        print_json(trail.prov(made_by(Home(settings().home), trail.kind)))
        return
    if as_json:
        _print(trail)
        return
    from xnai_pipelines.cli.terminal import say, table

    say((trail.statement, "bold"), f"  {trail.kind} {trail.id}")
    rows = [[one.rule, _place(one.evidence), one.evidence.text] for one in trail.support[:SUPPORT_SHOWN]]
    table("Rests on", ["rule", "place", "text"], rows)
    if len(trail.support) > SUPPORT_SHOWN:
        say(f"{len(trail.support) - SUPPORT_SHOWN:,} more: --json shows them.")


@graph_app.command()
def export(
    form: Annotated[str, typer.Option("--format", help="graphml or jsonl.")] = "graphml",
    output: Annotated[Path | None, typer.Option("-o", "--output", help="File. Default: standard output.")] = None,
) -> None:
    """Write the whole graph for other programs."""
    from xnai_pipelines.errors import OptionError
    from xnai_pipelines.graph.export import Format, exported
    from xnai_pipelines.state.tables import Tables

    if form not in list(Format):
        raise OptionError(f"--format {form!r} is not one of {', '.join(Format)}.")
    _graph()  # a home without one says so
    lines = exported(Tables.of(Home(settings().home)), Format(form))
    if output is None:
        for line in lines:
            print(line)
        return
    from xnai_pipelines.state.layout import write_parts

    write_parts(output, (f"{line}\n".encode() for line in lines))
    print(f"Written to {output}.")


@graph_app.command()
def show(
    name: Name,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="File. Default: one in this folder.")] = None,
) -> None:
    """Write a page of the graph around an entity: one HTML file that loads nothing."""
    from xnai_pipelines.graph.page import page
    from xnai_pipelines.state.layout import write_bytes

    asked = _graph()
    found = asked.find(name)
    target = output or Path(f"graph-{found[:12]}.html")
    write_bytes(target, page(asked, found).encode())
    print(f"Written to {target}.")


def _graph() -> "KnowledgeGraph":
    from xnai_pipelines.graph.stored import KnowledgeGraph

    return KnowledgeGraph.of(Home(settings().home))


def _print(found: object) -> None:
    from pydantic_core import to_jsonable_python

    print_json(to_jsonable_python(found))


def _relation(step: "Neighbour") -> str:
    words = step.type.replace("_", " ")
    return words if step.outward else f"← {words}"


def _place(evidence: "Excerpt | None") -> str:
    return f"{evidence.source} [{evidence.start}:{evidence.end}]" if evidence else ""


def _say_evidence(evidence: "Excerpt") -> None:
    from xnai_pipelines.cli.terminal import say

    say("    ", shorten(evidence.text, EVIDENCE_SHOWN, placeholder=" ..."), "  ", (_place(evidence), "dim"), fold=True)
