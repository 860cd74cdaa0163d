"""What an adapter gains where the base is weak, what it costs where it is not, and how fast it trains.

    python -m benchmarks.adaptation --data DATA [--only russian scifact speed] [--threads 2] [--config '{"epochs": 5}']

russian: trained on XQuAD's Russian training questions; Russian and English test questions, whose paragraphs were never
trained on, against an index of all English and Russian paragraphs. scifact: trained on claims that cite no document of
the test claims. speed: the same pairs, batch, lengths and adapter as sentence-transformers, random batches on both
sides, and this project's batches that encode a passage once for several questions. Vector search alone, exact, on the
first 256 tokens of each document; float32 unless the config says otherwise. Prints Markdown.
"""

import argparse
import csv
import json
import os
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from xnai_pipelines.adapters.adapter import Adapter
from xnai_pipelines.adapters.applying import open_adapted
from xnai_pipelines.adapters.config import AdapterConfig
from xnai_pipelines.adapters.pairs import TrainingPair, hard_negatives
from xnai_pipelines.adapters.training import Training, train_encoder
from xnai_pipelines.encoders.runtime import Runtime
from xnai_pipelines.encoders.source import default_encoder_folder
from xnai_pipelines.encoders.specification import EncoderSpec, read_specification
from xnai_pipelines.evaluation.intervals import bootstrap_mean, paired_difference
from xnai_pipelines.evaluation.metrics import measure

os.environ.setdefault("HF_HUB_OFFLINE", "1")

SEED = 7
SPEED_STEPS = 6
SPEED_ROUNDS = 2
SCIFACT_NEGATIVES = 1

Texts = Mapping[str, str]
Vectors = NDArray[np.float32]


def main() -> None:
    """Print a table for each part."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with xquad-en/, xquad-ru/ and scifact/")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--config", type=json.loads, default={}, help="fields of AdapterConfig, as JSON")
    arguments = parser.parse_args()
    base = read_specification(default_encoder_folder(), Runtime.FP32)
    config = AdapterConfig.from_json(arguments.config)
    for part in arguments.only:
        PARTS[part](arguments.data, base, config, arguments.threads)


def russian(data: Path, base: EncoderSpec, config: AdapterConfig, threads: int) -> None:
    """Print nDCG@10 of both languages before and after training on Russian questions."""
    documents = {**read_documents(data / "xquad-en"), **read_documents(data / "xquad-ru")}
    questions = {language: read_questions(data / f"xquad-{language}") for language in ("ru", "en")}
    answers = read_answers(data / "xquad-ru", "train")
    pairs = [
        TrainingPair(questions["ru"][question], documents[document], (), document)
        for question, found in answers.items()
        for document in found
    ]
    with TemporaryDirectory() as temporary:
        adapter = train(base, pairs, config, Path(temporary), threads)
        print(f"\n## XQuAD, {len(pairs)} Russian training pairs\n\n{told(adapter)}\n")
        print("| questions | base | adapted | ratio | difference (95 %) |\n|---|---|---|---|---|")
        for language in ("ru", "en"):
            asked = read_answers(data / f"xquad-{language}", "test")
            before, after = compared(base, adapter, documents, questions[language], asked, threads)
            print(row(f"{language}, test, {len(asked)}", before, after), flush=True)


def scifact(data: Path, base: EncoderSpec, config: AdapterConfig, threads: int) -> None:
    """Print nDCG@10 of SciFact's test claims before and after training on claims of other documents."""
    documents, questions = read_documents(data / "scifact"), read_questions(data / "scifact")
    asked = read_answers(data / "scifact", "test")
    barred = {document for found in asked.values() for document in found}
    answers = {
        question: found
        for question, found in read_answers(data / "scifact", "train").items()
        if barred.isdisjoint(found)
    }
    with TemporaryDirectory() as temporary:
        pairs = mined(base, documents, questions, answers, barred, Path(temporary), threads)
        adapter = train(base, pairs, config, Path(temporary), threads)
        print(f"\n## SciFact, {len(pairs)} training pairs disjoint from the test's documents\n\n{told(adapter)}\n")
        print("| questions | base | adapted | ratio | difference (95 %) |\n|---|---|---|---|---|")
        before, after = compared(base, adapter, documents, questions, asked, threads)
        print(row(f"test, {len(asked)}", before, after), flush=True)


def speed(data: Path, base: EncoderSpec, config: AdapterConfig, threads: int) -> None:
    """Print pairs a second beside sentence-transformers."""
    documents, questions = read_documents(data / "xquad-ru"), read_questions(data / "xquad-ru")
    pairs = [
        TrainingPair(questions[question], documents[document], (), document)
        for question, found in read_answers(data / "xquad-ru", "train").items()
        for document in found
    ]
    alike = replace(
        config, batch_size=32, questions_per_passage=1, mini_batch=None, dropout=0.0, question_length=256,
        passage_length=256, max_steps=SPEED_STEPS, precision="fp32",
    )  # fmt: skip
    ours = {
        "this project, random batches": alike,
        f"this project, {config.questions_per_passage} questions a passage": replace(
            alike, questions_per_passage=config.questions_per_passage
        ),
        "this project, random batches, bf16": replace(alike, precision="bf16"),
    }
    rates: dict[str, list[float]] = {}
    for _ in range(SPEED_ROUNDS):  # in turn, so that a slow minute of the machine meets all
        for dropout in (True, False):
            name = "sentence-transformers" + ("" if dropout else ", base dropout off")
            rates.setdefault(name, []).append(theirs(base, pairs, alike, threads, dropout=dropout))
        for name, one in ours.items():
            with TemporaryDirectory() as temporary:
                adapter = train(base, pairs, one, Path(temporary), threads)
            rates.setdefault(name, []).append(adapter.metrics["pairs_per_second"])
    best = {name: max(found) for name, found in rates.items()}
    print(f"\n## Speed: {SPEED_STEPS} steps of 32 Russian pairs, rank {config.rank}, 256 tokens, {threads} threads\n")
    print("| trainer | pairs/s, best of rounds | times sentence-transformers |\n|---|---|---|")
    for name, rate in best.items():
        print(f"| {name} | {rate:.2f} | {rate / best['sentence-transformers']:.2f} |")


PARTS = {"russian": russian, "scifact": scifact, "speed": speed}


def theirs(
    base: EncoderSpec, pairs: Sequence[TrainingPair], config: AdapterConfig, threads: int, *, dropout: bool
) -> float:
    """Return the pairs a second of sentence-transformers' loop and loss with a like adapter.

    By `old_fit`, its own loop of before the Trainer: the Trainer needs the package datasets, and does the same forward
    and backward passes with more around them.
    """
    import torch

    torch.set_num_threads(threads)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from peft import LoraConfig, TaskType
        from sentence_transformers import InputExample, SentenceTransformer
        from sentence_transformers.losses import MultipleNegativesRankingLoss
        from torch.utils.data import DataLoader

        model = SentenceTransformer(str(base.source), device="cpu", local_files_only=True)
        model.max_seq_length = config.passage_length
        if not dropout:
            for module in model.modules():
                for name in ("p", "dropout_prob"):
                    if isinstance(getattr(module, name, None), float):
                        setattr(module, name, 0.0)
        model.add_adapter(
            LoraConfig(
                task_type=TaskType.FEATURE_EXTRACTION,
                r=config.rank,
                lora_alpha=config.alpha,
                target_modules=[
                    "attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense",
                    "intermediate.dense", "output.dense", "embeddings.word_embeddings",
                ],
            )
        )  # fmt: skip
        order = np.random.default_rng(SEED).permutation(len(pairs))[: config.batch_size * SPEED_STEPS]
        examples = [InputExample(texts=[pairs[number].question, pairs[number].positive]) for number in order]
        loader = DataLoader(examples, batch_size=config.batch_size)  # type: ignore[arg-type]
        started = time.perf_counter()
        model.old_fit(
            [(loader, MultipleNegativesRankingLoss(model, scale=config.scale))],
            epochs=1,
            warmup_steps=1,
            optimizer_params={"lr": config.learning_rate},
            show_progress_bar=False,
        )
        seconds = time.perf_counter() - started
    return len(examples) / seconds


def train(
    base: EncoderSpec, pairs: Sequence[TrainingPair], config: AdapterConfig, folder: Path, threads: int
) -> Adapter:
    """Return an adapter trained on pairs, without validation."""
    training = Training(config=config, folder=folder, threads=threads, progress=lambda step: None)
    return train_encoder(base, pairs, training, validation=[], documents=[])


def mined(
    base: EncoderSpec,
    documents: Texts,
    questions: Texts,
    answers: Mapping[str, Sequence[str]],
    barred: set[str],
    folder: Path,
    threads: int,
) -> list[TrainingPair]:
    """Return pairs with hard negatives from the corpus, none of them a document of a test question."""
    from xnai_pipelines.encoders.encoder import Encoder
    from xnai_pipelines.models.export import build_encoder

    encoder = Encoder.load(build_encoder(replace(base, variant=Runtime.INT8_DYNAMIC), folder), threads)
    names = list(documents)
    vectors = encoder.encode_passages([documents[name] for name in names]).vectors
    tested = np.array([name in barred for name in names])
    rows = {name: number for number, name in enumerate(names)}
    pairs = []
    for question, found in answers.items():
        own = np.zeros(len(names), dtype=np.bool_)
        own[[rows[name] for name in found]] = True
        asked = encoder.encode_query(questions[question])
        for name in found:
            hard = hard_negatives(asked, vectors, rows[name], tested | own, SCIFACT_NEGATIVES, names)
            negatives = tuple(documents[names[number]] for number in hard)
            pairs.append(TrainingPair(questions[question], documents[name], negatives, name))
    return pairs


def compared(
    base: EncoderSpec, adapter: Adapter, documents: Texts, questions: Texts, asked: Mapping[str, Sequence[str]],
    threads: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:  # fmt: skip
    """Return nDCG@10 by question of the base and with the adapter."""
    import torch

    torch.set_num_threads(threads)
    encoder = open_adapted(base, [adapter])
    names = list(documents)
    found = []
    for name in (None, adapter.adapter_id):
        passages = encoder.encode_passages([documents[one] for one in names], name)
        queries = encoder.encode_queries([questions[question] for question in asked], name)
        nearest = np.argsort(-(queries @ passages.T), axis=1, kind="stable")[:, :100]
        rankings = [[names[number] for number in row] for row in nearest]
        found.append(measure(rankings, [dict.fromkeys(answers, 1) for answers in asked.values()])["ndcg_at_10"])
    return found[0], found[1]


def row(name: str, before: NDArray[np.float64], after: NDArray[np.float64]) -> str:
    """Return a row of a table of nDCG@10."""
    old, new, gain = bootstrap_mean(before, SEED), bootstrap_mean(after, SEED), paired_difference(before, after, SEED)
    return f"| {name} | {old.mean:.3f} | {new.mean:.3f} | {new.mean / old.mean:.2f} | {gain:+.3f} |"


def told(adapter: Adapter) -> str:
    """Return a sentence on a training."""
    figures = adapter.metrics
    return (
        f"{figures['steps']:.0f} steps in {figures['seconds']:.0f} s, {figures['pairs_per_second']:.2f} pairs/s, "
        f"{figures['tokens_per_second']:.0f} tokens/s; loss {adapter.curve()['steps'][0]['loss']:.3f} to "
        f"{figures['train_loss']:.3f}."
    )


def read_documents(folder: Path) -> dict[str, str]:
    """Return title and text by id."""
    rows = map(json.loads, (folder / "documents/corpus.jsonl").read_text(encoding="utf-8").splitlines())
    return {row["_id"]: f"{row['title']}\n{row['text']}" if row.get("title") else row["text"] for row in rows}


def read_questions(folder: Path) -> dict[str, str]:
    """Return questions by id."""
    rows = map(json.loads, (folder / "questions/queries.jsonl").read_text(encoding="utf-8").splitlines())
    return {row["_id"]: row["text"] for row in rows}


def read_answers(folder: Path, split: str) -> dict[str, list[str]]:
    """Return the ids of the documents that answer, by question of a split."""
    found: dict[str, list[str]] = {}
    with (folder / f"questions/qrels/{split}.tsv").open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file, delimiter="\t"):
            if int(line["score"]) > 0:
                found.setdefault(line["query-id"], []).append(line["corpus-id"])
    return found


if __name__ == "__main__":
    main()
