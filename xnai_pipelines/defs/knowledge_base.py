"""Everything that a knowledge base adds to a code location."""

import dagster as dg

from xnai_pipelines.defs import (
    adapters,
    answers,
    autonomy,
    backups,
    chunks,
    documents,
    embeddings,
    evaluation,
    graph,
    health,
    jobs,
    models,
    releases,
    schedules,
    sources,
)
from xnai_pipelines.defs.base import Base
from xnai_pipelines.settings.recognisers import recognisers


def knowledge_base(base: Base) -> dg.Definitions:
    """Return the assets, checks, jobs, schedules, sensors and resources of a base.

    Raises:
        SettingsError: The settings name a recogniser that cannot be used.
    """
    recognisers(base.settings)  # here, or a run would read and cut everything before it fails
    started = jobs.jobs_of(base)
    return dg.Definitions.merge(
        sources.definitions(base),
        documents.definitions(base, started),
        health.definitions(base),
        chunks.definitions(base),
        embeddings.definitions(base),
        graph.definitions(base),
        evaluation.definitions(base),
        answers.definitions(base),
        models.definitions(base),
        adapters.definitions(base),
        releases.definitions(base),
        autonomy.definitions(base, started),
        backups.definitions(base),
        jobs.definitions(base, started),
        schedules.definitions(base, started),
        dg.Definitions(resources=base.resources),
    )
