"""Runs one stage of the retraining loop in a process of its own, which kills itself on the way."""

import functools
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support.adaptation_world import (
    EXACT_SEARCH_ROWS,
    TRAINED,
    TRAINING,
    base_encoder,
    challenge,
    challenger_encoder,
    source,
    tracker_of,
)
from tests.support.processes import end, start_process
from tests.support.workplace import Workplace
from xnai_pipelines.adapters.make import train_adapter
from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.releases.challenger import index_challenger
from xnai_pipelines.releases.encoders import EncoderChoice
from xnai_pipelines.releases.forget import forget
from xnai_pipelines.releases.release import release_challenger
from xnai_pipelines.releases.rollback import roll_back
from xnai_pipelines.search.make import EmbeddingsReport
from xnai_pipelines.state.tables import Tables, kill_after

FORGOTTEN = source(TRAINED[0], 0)


def train(work: Workplace, committed: Callable[[], None]) -> None:
    """Train the adapter of the small world."""
    train_adapter(work.context(committed), tracker_of(work.home), base_encoder(), TRAINING, threads=1)


def release(work: Workplace, committed: Callable[[], None]) -> None:
    """Release the challenger."""
    encoder = functools.partial(challenger_encoder, work)
    tracker = tracker_of(work.home)
    release_challenger(work.context(committed), tracker, encoder, exact_search_rows=EXACT_SEARCH_ROWS, approved_by=None)


def trial(work: Workplace, committed: Callable[[], None] = lambda: None) -> EmbeddingsReport:
    """Embed the corpus with the encoder in the folder `model` beside the documents."""
    choice = EncoderChoice(work.home)
    model = str(work.documents.parent / "model")
    encoder, origin = choice.to_challenge(model), choice.origin(model)
    return index_challenger(work.context(committed), encoder, exact_search_rows=EXACT_SEARCH_ROWS, origin=origin)


STAGES: dict[str, Callable[[Workplace, Callable[[], None]], Any]] = {
    "train": train,
    "challenge": challenge,
    "trial": trial,
    "release": release,
    "rollback": lambda work, committed: roll_back(work.context(committed), None),
    "forget": lambda work, committed: forget(work.context(committed), work.documents, FORGOTTEN),
}


def kill(*_: object) -> None:
    """End this process as the kernel would."""
    os.kill(os.getpid(), signal.SIGKILL)


def kill_before_writing(name: str) -> None:
    """Have the process die where it would write this file of the releases."""
    from xnai_pipelines.state import manifest

    real = manifest.write_json
    manifest.write_json = lambda path, value: kill() if path.name == name else real(path, value)


def kill_at_step(step: int) -> None:
    """Have the process die at a step of the training; each step before has its checkpoint."""
    from xnai_pipelines.adapters import make as adapters
    from xnai_pipelines.adapters.loop import TrainingLoop

    real = TrainingLoop._step
    TrainingLoop._step = lambda self: kill() if self._state.step == step else real(self)
    adapters.Training = functools.partial(adapters.Training, checkpoint_seconds=0)


def run_stage(
    work: Workplace,
    name: str,
    *,
    commits: int | None = None,
    before: str | None = None,
    after_move: bool = False,
    step: int | None = None,
) -> int:
    """Run a stage in a process that kills itself as the options say; return its exit code."""
    root, encoder = work.home.root.parent, work.encoder.spec.source
    return end(start_process(_stage, root, encoder, name, commits, before, after_move, step))


def _stage(
    root: Path, encoder: Path, name: str, commits: int | None, before: str | None, after_move: bool, step: int | None
) -> None:
    from xnai_pipelines.search import make as embeddings
    from xnai_pipelines.state.manifest import Releases

    embeddings.CHUNKS_IN_COMMIT = 8
    Tables.stream = functools.partialmethod(Tables.stream, rows=8)
    if before is not None:
        kill_before_writing(before)
    if after_move:
        Releases.challenge = kill  # the last that publishing does
    if step is not None:
        kill_at_step(step)
    STAGES[name](Workplace(root, Encoder.load(encoder, threads=1)), kill_after(commits))
