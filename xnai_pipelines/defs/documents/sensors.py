"""The sensor on the folder of documents."""

import hashlib
import json
from dataclasses import asdict, dataclass

import dagster as dg

from xnai_pipelines.defs.resources.source import SourceResource
from xnai_pipelines.defs.resources.stores import StoresResource
from xnai_pipelines.defs.upkeep.jobs import refresh
from xnai_pipelines.documents.listing import ListingError
from xnai_pipelines.documents.make import DocumentsRequest, Plan, plan
from xnai_pipelines.state.claim import HomeError
from xnai_pipelines.state.schemas import FILES


@dataclass(frozen=True, slots=True)
class Seen:
    """What the last tick saw: a hash of the changes waiting, and how often a run was requested for them."""

    waiting: str = ""
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Decision:
    """What a tick does: request the run of this key, or skip for the reason; and what the next tick is told."""

    run_key: str | None
    reason: str
    seen: Seen


ATTEMPTS = 3


def decide(waiting: str, summary: str, running: bool, seen: Seen) -> Decision:
    """Return what to do about the changes that wait. Pure.

    `waiting` is a hash of what changed, empty for nothing. A run is requested once the same changes were seen by two
    ticks, so that a copy that is still going on is not read half way, and at most three times for the same changes.
    """
    if not waiting:
        return Decision(None, "Nothing changed in the folder.", Seen())
    if waiting != seen.waiting:
        return Decision(None, f"{summary}; waiting for one more look that finds the same.", Seen(waiting))
    if running:
        return Decision(None, f"{summary}; a run is going on already.", seen)
    if seen.attempts >= ATTEMPTS:
        return Decision(
            None, f"{summary}; {ATTEMPTS} runs did not take them in. See the last run, then run it by hand.", seen
        )
    attempt = seen.attempts + 1
    return Decision(f"{waiting}-{attempt}", f"{summary}; run requested.", Seen(waiting, attempt))


@dg.sensor(
    job=refresh,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Requests a run when files are new, changed or deleted, once the folder has come to rest.",
)
def documents_folder(
    context: dg.SensorEvaluationContext, stores: StoresResource, source: SourceResource
) -> dg.SensorResult | dg.SkipReason:
    """Compare the folder with the ledger."""
    try:
        todo = plan(stores.tables, source.inputs().documents, source.rules(), DocumentsRequest())
    except (HomeError, ListingError) as error:
        return dg.SkipReason(str(error))
    unfinished = dg.RunsFilter(
        job_name=refresh.name,
        statuses=[dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED],
    )
    running = bool(context.instance.get_run_ids(unfinished, limit=1))
    decision = decide(_hash(todo), _summary(todo), running, Seen(**json.loads(context.cursor or "{}")))
    # Dagster runs a key once and for all: the ledger's version tells the same change, made again later, from the first.
    key = f"{stores.tables.version(FILES)}-{decision.run_key}"
    requests = [dg.RunRequest(run_key=key)] if decision.run_key else []
    return dg.SensorResult(
        run_requests=requests,
        skip_reason=None if requests else decision.reason,
        cursor=json.dumps(asdict(decision.seen)),
    )


def _hash(todo: Plan) -> str:
    """Return a hash of the files that changed, as they are and as they were read; empty when nothing did."""
    # touched files as well: until a run has noted their new times, every tick would hash them again
    changed = sorted({*todo.changes.to_read, *todo.changes.gone, *todo.changes.touched})
    if not changed:
        return ""
    stats = [(path, todo.listing.files.get(path), todo.ledger.get(path)) for path in changed]
    return hashlib.sha256(repr(stats).encode()).hexdigest()[:32]


def _summary(todo: Plan) -> str:
    counts = {**todo.changes.counts(), "touched": len(todo.changes.touched)}
    named = ("new", "edited", "renamed", "deleted", "touched")
    return ", ".join(f"{counts[name]} {name}" for name in named if counts[name]) or "changes"
