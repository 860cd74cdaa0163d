"""Which sources a home has: the file `sources.yaml`, and the sites that `xnai crawl` was given."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from xnai_pipelines.documents.listing import SOURCES_FILE
from xnai_pipelines.documents.sources.crawl.urls import canonical_url
from xnai_pipelines.documents.sources.specs import KINDS, CrawlSpec, SourceSpec, Spec
from xnai_pipelines.errors import SourcesError
from xnai_pipelines.state.claim import resolve_inputs
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.records import read_record, write_record

LARGEST_FILE = 2**20  # bytes

AnySpec = TypeVar("AnySpec", bound=SourceSpec)


@dataclass(frozen=True, slots=True)
class SourcesFile:
    """The content of `sources.yaml`."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    sources: tuple[Annotated[Spec, Field(discriminator="kind")], ...] = ()


@dataclass(frozen=True, slots=True)
class CrawledSites:
    """The sites that `xnai crawl` was given; a record of the home."""

    sites: tuple[CrawlSpec, ...] = ()


def read_sources(home: Home, file: Path, *, required: bool = False) -> tuple[Spec, ...]:
    """Return the sources of a home: those of the file, and the sites that `xnai crawl` was given.

    Args:
        home: The home.
        file: The file.
        required: Whether it is an error if there is no such file.

    Raises:
        SourcesError: The file is not acceptable; the message has the line, the value and what is allowed.
    """
    named = _read_file(file, required=required)
    sites = crawled_sites(home)
    _check_distinct([*named, *sites])
    return (*named, *sites)


def sources_of(home: Home, named: Path | None, documents: Path | None) -> tuple[Spec, ...]:
    """Return the sources of a home beside its documents folder, whose `sources.yaml` lists them unless a file is named.

    Args:
        home: The home.
        named: The file, if the settings name one.
        documents: The documents folder, if the settings name one.

    Raises:
        InputsError: No folder is known, or another folder than the recorded one is named.
        SourcesError: The list of sources is not acceptable.
    """
    file = named or resolve_inputs(home, documents, None).documents / SOURCES_FILE
    return read_sources(home, file, required=named is not None)


def crawled_sites(home: Home) -> tuple[CrawlSpec, ...]:
    """Return the sites that `xnai crawl` was given."""
    record = read_record(_sites_path(home), CrawledSites)
    return record.sites if record else ()


def add_site(home: Home, site: CrawlSpec, specs: Sequence[Spec]) -> tuple[Spec, ...]:
    """Return the sources of a home together with a site that `xnai crawl` is given, which replaces one of its name.

    Raises:
        SourcesError: Its name or prefix is that of another source.
    """
    sites = tuple(one for one in crawled_sites(home) if one.name != site.name)
    others = tuple(one for one in specs if one.name != site.name or one not in crawled_sites(home))
    _check_distinct([*others, site])
    _record_sites(home, (*sites, site))
    return (*others, site)


def remove_site(home: Home, name: str) -> None:
    """Remove a site that `xnai crawl` was given.

    Raises:
        SourcesError: It was not given one of that name.
    """
    sites = crawled_sites(home)
    if name not in (site.name for site in sites):
        names = ", ".join(site.name for site in sites) or "none"
        raise SourcesError(f"`xnai crawl` has no site {name!r}. It has: {names}.")
    _record_sites(home, tuple(site for site in sites if site.name != name))


def _record_sites(home: Home, sites: tuple[CrawlSpec, ...]) -> None:
    write_record(_sites_path(home), CrawledSites(sites))


def crawl_spec(**options: Any) -> CrawlSpec:
    """Return the site that options describe.

    Raises:
        SourcesError: An option is not acceptable.
    """
    try:
        spec: CrawlSpec = TypeAdapter(CrawlSpec).validate_python({"kind": "crawl", **options})
    except ValidationError as error:
        raise SourcesError(" ".join(f"{_dotted(one['loc'])}: {_fault(one)}." for one in error.errors())) from None
    return _completed(spec, "xnai crawl")


def _sites_path(home: Home) -> Path:
    return home.state / "crawled_sites.json"


def _read_file(file: Path, *, required: bool) -> tuple[Spec, ...]:
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        if required:
            raise SourcesError(f"XNAI_SOURCES={str(file)!r} does not exist. Create it, or unset it.") from None
        return ()
    except OSError as error:
        raise SourcesError(f"{file} cannot be read: {error.strerror}.") from error
    if len(content) > LARGEST_FILE:
        raise SourcesError(f"{file} is larger than {LARGEST_FILE // 2**20} MB. Is it a list of sources?")
    try:
        tree = yaml.compose(content, Loader=yaml.SafeLoader)
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(content, Loader=yaml.SafeLoader)):
            raise SourcesError(f"{file} has aliases (*name). Write the value instead.")
        value = yaml.load(content, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise SourcesError(f"{file}{line}: not YAML: {getattr(error, 'problem', error)}.") from None
    try:
        read = TypeAdapter(SourcesFile).validate_python(value or {})
    except ValidationError as error:
        wrong = [f"line {_line(tree, one['loc'])}: {_dotted(one['loc'])}: {_fault(one)}." for one in error.errors()]
        raise SourcesError(f"{file}, {' '.join(wrong)}") from None
    return tuple(_completed(spec, str(file)) for spec in read.sources)


def _completed(spec: AnySpec, where: str) -> AnySpec:
    """Return a spec with its prefix and, of a site, with the one form of its URL."""
    spec = replace(spec, prefix=spec.prefix or spec.name)
    if isinstance(spec, CrawlSpec):
        url = canonical_url(spec.url)
        if url is None:
            raise SourcesError(
                f"{where}: the URL of {spec.name} must be an http or https URL with a host, without a user."
            )
        spec = replace(spec, url=url)
    return spec


def _check_distinct(specs: Sequence[Spec]) -> None:
    names = [spec.name for spec in specs]
    for name in names:
        if names.count(name) > 1:
            raise SourcesError(f"Two sources are called {name}, in the list or given to `xnai crawl`. Rename one.")
    for one in specs:
        for other in specs:
            if one is not other and f"{other.prefix}/".startswith(f"{one.prefix}/"):
                raise SourcesError(
                    f"The prefix {other.prefix} of the source {other.name} lies in that of {one.name}, {one.prefix}. "
                    "Give each source a prefix of its own."
                )


def _fault(error: Any) -> str:
    """Return what is wrong with a value and what is allowed."""
    kinds = f"it must have a kind: {', '.join(KINDS)}"
    fixed = {
        "unexpected_keyword_argument": "there is no such option",
        "missing": "it is required",
        "union_tag_invalid": kinds,
        "union_tag_not_found": kinds,
        "dataclass_type": "it must be a mapping with the key `sources`",
    }
    said = fixed.get(error["type"], error["msg"].removeprefix("Value error, ").replace("Input should", "it must"))
    given = error["input"]
    # an address may hold a password
    return said if isinstance(given, dict | list) or "@" in str(given) else f"{said} (it is {given!r})"


def _dotted(place: tuple[Any, ...]) -> str:
    """Return the place of a value, without the kind, which pydantic counts as a step."""
    steps = [step for at, step in enumerate(place) if not (step in KINDS and at and isinstance(place[at - 1], int))]
    return re.sub(r"\.(\d+)", lambda found: f"[{int(found[1]) + 1}]", ".".join(map(str, steps))) or "the file"


def _line(node: Any, place: tuple[Any, ...]) -> int:
    """Return the line of a value, or of the nearest thing around it that is in the file."""
    for step in place:
        node = next(_below(node, step), node)
    return int(node.start_mark.line) + 1 if node is not None else 1


def _below(node: Any, step: Any) -> Iterator[Any]:
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int):
        yield node.value[step]
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == step:
                yield key if isinstance(value, yaml.ScalarNode) else value
