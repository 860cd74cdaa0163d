"""A small world to adapt an encoder to: forty documents that are easily mistaken for each other, and eighty questions.

An adapter of it is trained, merged, exported and measured in some seconds; the gate promotes it.
"""

import json
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from tests.support.workplace import Workplace
from xnai_pipelines.adapters.config import AdapterConfig
from xnai_pipelines.adapters.make import read_adapted_encoder
from xnai_pipelines.adapters.training_pairs import make_training_pairs
from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.encoders.runtime import Runtime
from xnai_pipelines.encoders.source import default_encoder_folder
from xnai_pipelines.encoders.specification import EncoderSpec, read_specification
from xnai_pipelines.evaluation.make import evaluate_retrieval
from xnai_pipelines.questions.make import make_questions
from xnai_pipelines.releases.challenger import index_challenger
from xnai_pipelines.releases.decide import DecisionOutcome, RetrainingRequest, decide_promotion
from xnai_pipelines.releases.evaluate import evaluate_challenger
from xnai_pipelines.releases.gate import Gate
from xnai_pipelines.releases.release import ReleaseOutcome, release_challenger
from xnai_pipelines.state.layout import Home, write_json
from xnai_pipelines.state.tracker import Tracker

TESTED = (
    *("copper kettle", "granite step", "silver spoon", "glass jar", "clay pot", "linen sail", "stone bridge"),
    *("tin whistle", "wax candle"),
)
VALIDATED = ("hemp rope",)
TRAINED = (
    *("oak table", "iron gate", "straw hat", "brass bell", "paper lantern", "cedar chest", "wool blanket"),
    *("bamboo flute", "leather saddle", "ivory comb"),
)
SPLITS = {"test": TESTED, "validation": VALIDATED, "train": TRAINED}
TRAINING = AdapterConfig(max_steps=3, passage_length=32, question_length=16, batch_size=8, device="cpu")
EXACT_SEARCH_ROWS = 20_000


def source(thing: str, number: int) -> str:
    """Return the name of a document's file."""
    return f"{thing.replace(' ', '_')}_{number}.md"


def write_world(work: Workplace) -> Path:
    """Write the documents and, beside their folder, the labelled questions; return the file of the questions.

    Two questions about each document: 36 of the split test, 4 for validation, 40 to train on.
    """
    lines = []
    things = [(thing, split) for split, things in SPLITS.items() for thing in things]
    for place, (thing, split) in enumerate(things):
        for number in range(2):
            name = f"{thing} number {number}"
            room, workshop, days = (7 * place + 10 * number) % 37, (11 * place + 22 * number) % 53, 2 + place % 8
            work.write(
                source(thing, number),
                f"# The {thing} {number}\n\nThe {name} was made in workshop {workshop}. It is kept in room {room} and "
                f"cleaned every {days} days with care.\n",
            )
            for question in (f"Where is it kept, the {name}?", f"Who cleans the {name}?"):
                lines.append(json.dumps({"question": question, "documents": [source(thing, number)], "split": split}))
    questions = work.documents.parent / "questions.jsonl"
    questions.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return questions


def base_encoder() -> EncoderSpec:
    """Return what adapters are trained on: the default encoder in full precision."""
    return read_specification(default_encoder_folder(), Runtime.FP32)


def tracker_of(home: Home) -> Tracker:
    """Return the tracker that the home has where no server is set."""
    return Tracker(home.mlflow_uri, home.mlartifacts.as_uri(), timeout_seconds=0.5)


def challenger_encoder(work: Workplace) -> Encoder:
    """Return the adapted encoder built last."""
    return Encoder.load(work.home.models / read_adapted_encoder(work.home).vector_space, threads=1)


def decide(
    work: Workplace, *, ask: bool = False, gate: Gate | None = None, began: datetime | None = None
) -> DecisionOutcome:
    """Judge the challenger by the comparison measured last."""
    request = RetrainingRequest(began=began)
    return decide_promotion(work.context(), tracker_of(work.home), gate or Gate(), request, ask=ask)


def mine(work: Workplace, *, negatives: int = 1, least_pairs: int = 0) -> None:
    """Bring the training pairs in line with questions and index."""
    make_training_pairs(work.context(), threads=1, negatives=negatives, least_pairs=least_pairs)


def challenge(work: Workplace, committed: Callable[[], None] = lambda: None) -> None:
    """Embed the corpus by the adapted encoder built last."""
    index_challenger(work.context(committed), challenger_encoder(work), exact_search_rows=EXACT_SEARCH_ROWS)


def compare_and_decide(work: Workplace, *, ask: bool = False, gate: Gate | None = None) -> DecisionOutcome:
    """Measure the challenger, where that is needed, and judge it."""
    evaluate_challenger(work.context(), tracker_of(work.home), threads=1)
    return decide(work, ask=ask, gate=gate)


def release_promoted(work: Workplace, approved_by: str | None = None) -> ReleaseOutcome:
    """Release the challenger where it was promoted."""
    return release_challenger(
        work.context(),
        tracker_of(work.home),
        lambda: challenger_encoder(work),
        exact_search_rows=EXACT_SEARCH_ROWS,
        approved_by=approved_by,
    )


def make_measured_home(root: Path, encoder: Encoder) -> Workplace:
    """Return the world ingested at `root`, its questions read, and release 1 measured and logged to MLflow."""
    work = Workplace(root, encoder)
    questions = write_world(work)
    work.ingest()
    make_questions(work.context(), questions)
    evaluate_retrieval(work.context(), tracker_of(work.home), (), threads=1, force=False)
    return work


def copy_world(work: Workplace, root: Path) -> Workplace:
    """Return a workplace at `root` with copies of documents and home; models and merged encoders are links.

    What the copy logs to MLflow of experiments that the first home made, lies among the artefacts of that.
    """
    models, merged = work.home.models, work.home.adapters / "merged"

    def linked(folder: str, names: list[str]) -> list[str]:
        return [name for name in names if Path(folder) in (models, merged) and not name.startswith(".")]

    shutil.copytree(work.documents, root / "documents")
    shutil.copytree(work.home.root, root / "home", symlinks=True, ignore=linked)
    copy = Workplace(root, work.encoder)
    for ours, theirs in ((copy.home.models, models), (copy.home.adapters / "merged", merged)):
        for path in theirs.glob("[!.]*"):
            (ours / path.name).symlink_to(path.resolve())
    questions = work.documents.parent / "questions.jsonl"
    if questions.exists():
        shutil.copy2(questions, root / "questions.jsonl")
    write_json(copy.home.root / "home.json", {"documents": str(copy.documents), "questions": None})
    return copy
