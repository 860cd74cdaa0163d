"""Knowledge graph: mentions, entities, relations and communities, each made of the table before it."""

from dataclasses import asdict
from typing import Any

import dagster as dg

from xnai_pipelines.defs.base import Base
from xnai_pipelines.defs.metadata import (
    column_schema,
    counts_table,
    image,
    result,
    table,
    table_facts,
    workers_table,
)
from xnai_pipelines.defs.resources import StoresResource
from xnai_pipelines.extras import missing
from xnai_pipelines.graph.checking import compare_with_rebuild, orphans
from xnai_pipelines.graph.make import (
    GraphReport,
    make_communities,
    make_entities,
    make_mentions,
    make_relations,
)
from xnai_pipelines.graph.overview import community_map, counts_by, degrees, largest_merges
from xnai_pipelines.graph.tables import COMMUNITIES, ENTITIES, MENTIONS, RELATIONS
from xnai_pipelines.settings.recognisers import recognisers
from xnai_pipelines.state.schemas import TableSpec
from xnai_pipelines.state.tables import Tables

NAMED = {"written": "rows_written", "removed": "rows_removed", "unchanged": "rows_unchanged"}
PREVIEW = {
    MENTIONS.name: ["surface", "type", "extractor", "rule", "start", "end"],
    ENTITIES.name: ["form", "type", "aliases", "mention_count", "document_count"],
    RELATIONS.name: ["source_id", "type", "target_id", "weight", "sentence_count"],
    COMMUNITIES.name: ["title", "level", "members"],
}


def mentions(context: dg.AssetExecutionContext, base: Base, stores: StoresResource) -> dg.MaterializeResult[None]:
    """Mentions in each passage, with exact range, the entity that is named and the rule that found it.

    Only documents that changed are read again.
    """
    stage = stores.stage_context(context)
    report = make_mentions(stage, recognisers(base.settings))
    return _result(
        report,
        stores.tables,
        MENTIONS,
        types=counts_by(stores.tables, MENTIONS, "type"),
        extractors=counts_by(stores.tables, MENTIONS, "extractor"),
        recognisers=_recognisers_table(report),
        workers=workers_table(stage.engine),
    )


def _recognisers_table(report: GraphReport) -> dg.MarkdownMetadataValue | None:
    """Return what each recogniser did, None without one."""
    rows = [asdict(one) for one in report.recognisers]
    return table(rows, list(rows[0])) if rows else None


def entities(context: dg.AssetExecutionContext, stores: StoresResource) -> dg.MaterializeResult[None]:
    """Entities that the mentions name: canonical form, type, aliases, and the passages that mention them."""
    report = make_entities(stores.stage_context(context))
    merges = table(largest_merges(stores.tables), ["entity", "forms", "rules"])
    return _result(
        report,
        stores.tables,
        ENTITIES,
        types=counts_by(stores.tables, ENTITIES, "type"),
        largest_merges=merges,
    )


def relations(context: dg.AssetExecutionContext, stores: StoresResource) -> dg.MaterializeResult[None]:
    """Relations that passages state, and pairs of entities that they mention together more often than by chance."""
    report = make_relations(stores.stage_context(context))
    return _result(
        report,
        stores.tables,
        RELATIONS,
        types=counts_by(stores.tables, RELATIONS, "type"),
        degrees=counts_table(degrees(stores.tables), "relations of an entity"),
    )


def communities(context: dg.AssetExecutionContext, stores: StoresResource) -> dg.MaterializeResult[None]:
    """Groups of entities at several levels, each with a title and verbatim sentences as its summary."""
    report = make_communities(stores.stage_context(context))
    drawn = None if missing("plots") else community_map(stores.layout, stores.tables)
    return _result(
        report,
        stores.tables,
        COMMUNITIES,
        levels=counts_by(stores.tables, COMMUNITIES, "level"),
        map=image("map of the communities", drawn),
    )


def _result(report: GraphReport, tables: Tables, spec: TableSpec, **more: Any) -> dg.MaterializeResult[None]:
    shown = {name: counts_table(value, name) if isinstance(value, dict) else value for name, value in more.items()}
    return result(report, report.revision, NAMED, **table_facts(tables, spec, PREVIEW[spec.name]), **shown)


def graph_equals_rebuild(stores: StoresResource) -> dg.AssetCheckResult:
    """Documents of a random sample, and all tables of a small graph, are the same when rebuilt."""
    found = compare_with_rebuild(stores.layout, stores.tables)
    return dg.AssetCheckResult(
        passed=not found.different,
        metadata={"documents": found.documents, "tables": found.tables, "different": list(found.different)},
    )


def no_orphans_in_graph(stores: StoresResource) -> dg.AssetCheckResult:
    """All passages and entities that rows of the graph are based on are stored."""
    found = orphans(stores.tables)
    return dg.AssetCheckResult(passed=not any(found.values()), metadata=dict(found))


def definitions(base: Base) -> dg.Definitions:
    """Return the assets of the graph and their checks."""
    settings = base.settings
    models = [settings.graph_recogniser, settings.graph_llm and (settings.llm_url, settings.llm_model)]
    made = (
        (mentions, MENTIONS, ["documents", "chunks"]),
        (entities, ENTITIES, ["mentions"]),
        (relations, RELATIONS, ["mentions"]),
        (communities, COMMUNITIES, ["entities", "relations", "chunks"]),
    )
    return dg.Definitions(
        assets=[
            base.asset(
                function,
                version=(1, *(filter(None, models) if function is mentions else ())),
                deps=deps,
                group="graph",
                kinds={"python", "lancedb", "table"},
                pool=base.pool,
                metadata={"dagster/column_schema": column_schema(spec)},
            )
            for function, spec, deps in made
        ],
        asset_checks=[
            base.check(graph_equals_rebuild, "communities"),
            base.check(no_orphans_in_graph, "communities"),
        ],
    )
