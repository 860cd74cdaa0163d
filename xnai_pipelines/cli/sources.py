"""Commands of the sources beside the documents folder."""

import re
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

import typer

from xnai_pipelines.cli.app import AsJson, app, print_json, progress, settings
from xnai_pipelines.errors import OptionError, SourceUnavailableError
from xnai_pipelines.state.layout import Home

if TYPE_CHECKING:
    from xnai_pipelines.documents.sources.specs import Spec


@app.command()
def sources(
    name: Annotated[str | None, typer.Argument(help="Show the files of this source with their origins.")] = None,
    remove: Annotated[
        str | None, typer.Option(help="Name of a site that `xnai crawl` was given; the next run removes its pages.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show other sources of documents: files, last synchronisation, what was not read."""
    from xnai_pipelines.documents.sources.configured import remove_site
    from xnai_pipelines.documents.sources.make import source_files, standing_sources

    home = Home(settings().home)
    if remove is not None:
        remove_site(home, remove)
    specs = _specs()
    if name is None:
        found = standing_sources(home, specs)
        if as_json:
            print_json([asdict(one) for one in found])
        else:
            from xnai_pipelines.cli.show_run import show_sources

            show_sources([asdict(one) for one in found])
        return
    chosen = next((spec for spec in specs if spec.name == name), None)
    if chosen is None:
        raise OptionError(f"There is no source {name}. {_names(specs)}")
    record = source_files(home, chosen)
    if as_json:
        print_json(asdict(record))
        return
    from xnai_pipelines.cli.terminal import table

    rows = [[f"{chosen.prefix}/{path}", file.origin] for path, file in sorted(record.files.items())]
    table(f"Files of {name}", ["source", "origin"], rows)
    if record.failed:
        table(f"Not read of {name}", ["entry", "reason"], sorted(record.failed.items()))


@app.command()
def crawl(
    url: Annotated[str, typer.Argument(help="First page. Pages in its folder are read.")],
    name: Annotated[str | None, typer.Option(help="Name of the source. Default: made from the host.")] = None,
    prefix: Annotated[str | None, typer.Option(help="Prefix of the documents' names. Default: the name.")] = None,
    host: Annotated[list[str] | None, typer.Option(help="Another host to read; repeatable.")] = None,
    include: Annotated[
        list[str] | None, typer.Option(help="Pattern of paths to read, such as /docs/*; repeatable.")
    ] = None,
    exclude: Annotated[list[str] | None, typer.Option(help="Pattern of paths to skip; repeatable.")] = None,
    depth: Annotated[int | None, typer.Option(help="Max links from the first page.")] = None,
    pages: Annotated[int | None, typer.Option(help="Max pages.")] = None,
    delay: Annotated[float | None, typer.Option(help="Min seconds between two requests to a host.")] = None,
    minutes: Annotated[float | None, typer.Option(help="Max minutes; the next crawl resumes.")] = None,
    as_json: AsJson = False,
) -> None:
    """Crawl a web site and make it a source: `xnai run` reads its pages, and crawls again when they are a day old."""
    from xnai_pipelines.documents.sources.configured import add_site, crawl_spec, remove_site
    from xnai_pipelines.documents.sources.make import SourceAccess, sync_sources
    from xnai_pipelines.environment import source_secret
    from xnai_pipelines.extras import require

    require("crawl", "`xnai crawl`")
    home = Home(settings().home)
    options: dict[str, Any] = {
        "prefix": prefix,
        "hosts": tuple(host or ()),
        "include": tuple(include or ()),
        "exclude": tuple(exclude or ()),
        "depth": depth,
        "pages": pages,
        "delay": delay,
        "minutes": minutes,
    }
    given = {option: value for option, value in options.items() if value not in (None, ())}
    spec = crawl_spec(url=url, name=name or _name_of(url), **given)
    known = _specs()
    specs = add_site(home, spec, known)
    access = SourceAccess(source_secret, settings().private_hosts)
    report = sync_sources(home, specs, ("crawl",), access, progress, now=True, only=spec.name)
    (crawled,) = report.sources
    if crawled.trouble and not crawled.files:
        if spec.name not in (one.name for one in known):
            remove_site(home, spec.name)  # a mistyped URL is not a source
        raise SourceUnavailableError(crawled.trouble)
    if as_json:
        print_json(asdict(report))
        return
    from xnai_pipelines.cli.show_run import show_sources
    from xnai_pipelines.cli.terminal import say

    show_sources([asdict(crawled)])
    say("`xnai run` reads the pages.")


def _specs() -> "tuple[Spec, ...]":
    from xnai_pipelines.settings.intake import Intake

    return Intake(settings()).specs()


def _names(specs: "tuple[Spec, ...]") -> str:
    return f"There are: {', '.join(spec.name for spec in specs) or 'none'}."


def _name_of(url: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", (urlsplit(url).hostname or "site").lower()).strip("-")[:40] or "site"
