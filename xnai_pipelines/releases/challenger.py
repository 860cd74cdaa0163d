"""The challenger: the corpus embedded by another encoder, in a table beside the current release's."""

from dataclasses import asdict

from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.search.make import EmbeddingsReport, fill_index, forget_deleted, unpublished_release
from xnai_pipelines.state.context import StageContext, report_path, stage
from xnai_pipelines.state.layout import write_json
from xnai_pipelines.state.manifest import Releases, embeddings_table_name
from xnai_pipelines.state.schemas import embeddings_spec


def index_challenger(context: StageContext, encoder: Encoder, *, exact_search_rows: int) -> EmbeddingsReport:
    """Embed every chunk into the challenger's own table and record the challenger; the pointer does not move.

    Resumes a table left by a killed run; drops the previous challenger's.

    Raises:
        ReleaseError: Nothing is released yet, so there is nothing to challenge.
    """
    releases = Releases(context.home.releases)
    releases.require()
    with stage(context, "challenger_index") as watch:
        earlier = releases.challenger()
        releases.challenge(None)
        number = releases.next_number()
        spec = embeddings_spec(embeddings_table_name(number, encoder.vector_space), encoder.dimension)
        kept = {spec.name, *(release.embeddings_table for release in releases.all())}
        if earlier and earlier.embeddings_table not in kept:
            context.tables.drop(earlier.embeddings_table)
        forget_deleted(context, releases, spec)
        report = fill_index(context, encoder, number, spec, exact_search_rows)
        watch.items = report.encoded + report.from_cache
        releases.challenge(unpublished_release(context, number, spec, encoder))
    write_json(report_path(context.home, "challenger_index"), asdict(report))
    return report
