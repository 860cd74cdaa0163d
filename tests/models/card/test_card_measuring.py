"""Variants are measured in processes of their own, and a variant that cannot be served is a failed row, not an end."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.waiting import NEVER_SECONDS
from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.encoders.runtime import Runtime
from xnai_pipelines.errors import ProbeError
from xnai_pipelines.models.card.card import VariantFigures
from xnai_pipelines.models.card.measure import Material, MeasuredVariant, measure_variant, questions_to_judge
from xnai_pipelines.models.card.probe import probe
from xnai_pipelines.models.card.ranking import AskedPool
from xnai_pipelines.questions.question import Origin, Question, Relevant, Split

PASSAGES = [
    "shutil.copytree copies a whole directory tree and returns the destination.",
    "Use json.dumps to turn an object into a string, and json.loads to read one back.",
    "A semaphore limits how many threads may enter a section at once.",
    "pathlib.Path.glob yields the files of a folder that match a pattern.",
    "The decimal module computes with exact decimal fractions, as accountants do.",
    "subprocess.run starts a program, waits for it and returns what it wrote.",
    "re.compile prepares a regular expression that is used many times. " * 12,
    "An enum gives names to a fixed set of values.",
]
QUESTIONS = ["How do I copy a folder?", "Which class limits concurrent threads?", "How can I parse JSON text?"]
MATERIAL = Material(
    held_out=PASSAGES[:5],
    questions=QUESTIONS,
    pool=PASSAGES,
    asked=AskedPool(
        document_ids=[f"d{number}" for number in range(8)],
        keyword=[{0: 2.0}, {2: 3.0, 5: 1.0}, {}],
        explained=[1.0, 1.0, 0.0],
        relevant=[{"d0": 1}, {"d2": 1}, {"d1": 1}],
    ),
)


def known(name: str, encoder: Encoder, **options: object) -> VariantFigures:
    return VariantFigures(
        **{
            "name": name,
            "vector_space": encoder.vector_space,
            "runtime": Runtime(encoder.spec.variant),
            "cosine_floor": 0.97,
            "shipped_bytes": (encoder.spec.source / "model.onnx").stat().st_size,
            **options,
        }
    )


def measured(
    figures: VariantFigures, encoder: Encoder, material: Material = MATERIAL, **options: Any
) -> MeasuredVariant:
    given = {"full": None, "threads": 2, "timeout": NEVER_SECONDS}
    return measure_variant(figures, encoder.spec.source, material=material, **(given | options))


@pytest.fixture(scope="module")
def full(fp32_encoder: Encoder) -> MeasuredVariant:
    return measured(known("fp32", fp32_encoder), fp32_encoder)


@pytest.mark.slow
def test_full_precision_and_int8_are_measured_side_by_side(full: MeasuredVariant, built_encoder: Encoder) -> None:
    encoded: list[str] = []

    def encode(encoder, passages):
        encoded.extend(passages)
        return encoder.encode_passages(passages).vectors

    int8 = measured(known("int8_dynamic", built_encoder), built_encoder, full=full, encode=encode).figures
    figures = full.figures
    assert (figures.failed, int8.failed) == (None, None)
    assert len(encoded) == len(PASSAGES)  # the held-out passages are in the pool, and encoded once
    assert figures.agreement is not None
    assert figures.agreement.cosine_mean == pytest.approx(1)
    assert figures.speed_ratio == 1
    assert figures.retrieval["hybrid"].difference.mean == 0
    assert int8.agreement is not None
    assert 0.98 < int8.agreement.cosine_mean < 0.9999
    assert int8.speed_ratio is not None
    assert set(int8.retrieval) == {"hybrid", "vector"}
    for cost in (figures.cost, int8.cost):
        assert cost is not None
        assert cost.finite
        assert cost.served_identical == 1
        assert 0 < cost.query_p50_ms <= cost.query_p95_ms
        assert cost.idle_memory_bytes < cost.peak_memory_bytes
    assert figures.cost is not None
    assert int8.cost is not None
    assert figures.cost.batch_cosine > 0.99999
    assert int8.cost.batch_identical < 1  # its activation scales are those of the batch
    assert int8.cost.batch_cosine < figures.cost.batch_cosine
    assert int8.cost.peak_memory_bytes < figures.cost.peak_memory_bytes


@pytest.mark.slow
def test_a_damaged_folder_is_a_failed_variant_with_the_reason(
    full: MeasuredVariant, built_encoder: Encoder, tmp_path: Path
) -> None:
    folder = tmp_path / "damaged"
    shutil.copytree(built_encoder.spec.source, folder)
    model = bytearray((folder / "model.onnx").read_bytes())
    model[len(model) // 2] ^= 1
    (folder / "model.onnx").write_bytes(model)
    with pytest.raises(ProbeError, match=r"damaged cannot be served: .*model\.onnx does not match"):
        probe(folder, PASSAGES[:1], QUESTIONS[:1], threads=1, timeout=NEVER_SECONDS)
    found = measure_variant(
        known("int8", built_encoder), folder, material=MATERIAL, full=full, threads=1, timeout=NEVER_SECONDS
    )
    assert found.vectors is None
    assert found.figures.cost is None
    assert found.figures.failed is not None
    assert "model.onnx does not match" in found.figures.failed


@pytest.mark.slow
def test_a_variant_below_its_floor_keeps_its_figures_and_is_failed(
    full: MeasuredVariant, built_encoder: Encoder
) -> None:
    figures = measured(known("int8", built_encoder, cosine_floor=0.99999), built_encoder, full=full).figures
    assert figures.failed is not None
    assert "below the floor of 0.99999" in figures.failed
    assert figures.cost is not None
    assert figures.retrieval


def test_a_probe_that_takes_too_long_is_stopped(built_encoder: Encoder) -> None:
    with pytest.raises(ProbeError, match=r"took longer than 0\.05 s and was stopped"):
        probe(built_encoder.spec.source, PASSAGES, QUESTIONS, threads=1, timeout=0.05)


@pytest.mark.slow
def test_a_variant_whose_full_precision_failed_is_failed(built_encoder: Encoder) -> None:
    missing = MeasuredVariant(known("fp32", built_encoder, failed="It is gone."))
    figures = measured(known("int8", built_encoder), built_encoder, full=missing).figures
    assert figures.failed == "It cannot be compared with fp32, which failed."


@pytest.mark.slow
def test_without_questions_passages_are_compared_among_themselves(fp32_encoder: Encoder) -> None:
    material = Material(held_out=PASSAGES[:5])
    figures = measured(known("fp32", fp32_encoder), fp32_encoder, material).figures
    assert figures.failed is None
    assert figures.retrieval == {}
    assert figures.agreement is not None
    assert figures.agreement.texts == 5
    assert np.isfinite(figures.agreement.spearman)


def test_a_probe_of_nothing_is_refused(built_encoder: Encoder) -> None:
    with pytest.raises(ValueError, match="at least one passage and one query"):
        probe(built_encoder.spec.source, [], QUESTIONS, threads=1, timeout=NEVER_SECONDS)


def ask(name: str, origin: Origin, split: Split | None) -> Question:
    return Question(name, name, (Relevant("d", None, 1),), origin, split)


def test_labelled_questions_are_judged_and_generated_ones_only_where_there_are_none() -> None:
    generated = [ask("g", Origin.GENERATED, Split.TRAIN), ask("h", Origin.GENERATED, Split.TEST)]
    labelled = [ask("a", Origin.LABELLED, Split.TRAIN)]
    tested = [ask("b", Origin.LABELLED, Split.TEST)]
    assert questions_to_judge([*generated, *labelled, *tested]) == (
        tested,
        "1 labelled question of the test split",
    )
    assert questions_to_judge([*generated, *labelled]) == (labelled, "1 labelled question of all splits")
    assert questions_to_judge(generated) == (
        generated[1:],
        "1 generated question of the test split, because there are no labelled ones",
    )
    assert questions_to_judge([]) == ([], "no questions")
