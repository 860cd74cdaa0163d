"""The challenger beside the champion: its manifest, and the corpus embedded by it into a table of its own."""

from dataclasses import asdict, replace

from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.encoders.source import tokenizer_file
from xnai_pipelines.errors import ReleaseError
from xnai_pipelines.evaluation.policy import policy_for
from xnai_pipelines.search.make import (
    UNKNOWN_ORIGIN,
    EmbeddingsReport,
    fill_index,
    forget_deleted,
    unpublished_release,
)
from xnai_pipelines.state.context import StageContext, stage, write_report
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.manifest import EncoderOrigin, Release, Releases, embeddings_table_name
from xnai_pipelines.state.schemas import embeddings_spec


def index_challenger(
    context: StageContext, encoder: Encoder, *, exact_search_rows: int, origin: EncoderOrigin = UNKNOWN_ORIGIN
) -> EmbeddingsReport:
    """Embed every chunk into the challenger's own table and record the challenger; the pointer does not move.

    Resumes a table left by a killed run; drops the previous challenger's. The chunks stay as the champion's tokens
    measured them, also if the challenger has another tokenizer. Its ranking policy is chosen as the champion's was.

    Raises:
        ReleaseError: Nothing is released yet, so there is nothing to challenge.
    """
    releases = Releases(context.home.releases)
    champion = releases.require()
    with stage(context, "challenger_index") as watch:
        earlier = releases.challenger()
        releases.challenge(None)
        number = releases.next_number()
        spec = embeddings_spec(embeddings_table_name(number, encoder.vector_space), encoder.dimension)
        kept = {spec.name, *(release.embeddings_table for release in releases.all())}
        if earlier and earlier.embeddings_table not in kept:
            context.tables.drop(earlier.embeddings_table)
        forget_deleted(context, releases, spec)
        report = fill_index(context, encoder, number=number, spec=spec, exact_search_rows=exact_search_rows)
        watch.items = report.encoded + report.from_cache
        challenger = replace(
            unpublished_release(context, number, spec, encoder, origin=origin),
            cut_by=_cut_by(context.home, champion, encoder),
        )
        policy = policy_for(context, challenger, threads=encoder.threads)
        releases.challenge(replace(challenger, ranking=asdict(policy)))
    write_report(context.home, "challenger_index", report)
    return report


def _cut_by(home: Home, champion: Release, encoder: Encoder) -> str | None:
    """Return the encoder whose tokens measure the chunks, None if the challenger's tokens are the same."""
    space = champion.cut_by or champion.vector_space
    files = [tokenizer_file(home.models / folder).read_bytes() for folder in (space, encoder.vector_space)]
    return None if files[0] == files[1] else space


def require_challenger(releases: Releases) -> Release:
    """Return the challenger's manifest.

    Raises:
        ReleaseError: There is no challenger.
    """
    challenger = releases.challenger()
    if challenger is None:
        raise ReleaseError("There is no challenger. `xnai retrain` trains one and embeds the corpus with it.")
    return challenger
