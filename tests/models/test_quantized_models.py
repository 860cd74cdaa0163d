"""Variants are made once, heal after a kill, and the one that the card chooses makes the next release."""

import signal
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.commands import run
from tests.support.pipeline import start_xnai, variables
from tests.support.workplace import Workplace, write_library
from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.encoders.runtime import Runtime
from xnai_pipelines.encoders.specification import EncoderSpec, read_specification
from xnai_pipelines.errors import CalibrationError, CardError, VariantMissingError
from xnai_pipelines.models.calibration import draw_calibration
from xnai_pipelines.models.card.make import choose_candidate, last_card, make_card
from xnai_pipelines.models.card.policy import Policy
from xnai_pipelines.models.export import build_encoder
from xnai_pipelines.models.make import asked_vector_space, next_encoder, quantize_variant, read_model_report
from xnai_pipelines.models.variants import VARIANTS
from xnai_pipelines.questions.make import make_questions
from xnai_pipelines.releases.maintain import maintain
from xnai_pipelines.state.manifest import EncoderCandidate, Releases, read_candidate, record_candidate
from xnai_pipelines.state.tracker import Tracker

pytestmark = pytest.mark.slow

VARIANT = {variant.name: variant for variant in VARIANTS}


def tracker(work: Workplace) -> Tracker:
    return Tracker(work.home.mlflow_uri, work.home.mlartifacts.as_uri())


@pytest.fixture(scope="module")
def base(small_bert: Path) -> EncoderSpec:
    """What the variants are made of."""
    return read_specification(small_bert, Runtime.FP32)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory, base: EncoderSpec) -> Workplace:
    """An ingested folder of many documents with generated questions and a calibration set."""
    root = tmp_path_factory.mktemp("library")
    first = read_specification(base.source, Runtime.INT8_DYNAMIC)
    models = root / "home" / "models"
    work = Workplace(root, Encoder.load(build_encoder(first, models), threads=1))
    build_encoder(base, models)  # what variants are compared with: whichever test is first would make it
    write_library(work)
    work.ingest()
    make_questions(work.context(), None)
    draw_calibration(work.context(), redraw=False)
    return work


def test_a_variant_is_built_compared_registered_and_not_built_twice(library: Workplace, base: EncoderSpec):
    first = quantize_variant(library.context(), VARIANT["int4_rtn"], base, tracker(library), threads=1)
    assert first.built
    assert first.finite
    assert first.ratio > 6.5
    assert first.cosine > first.cosine_floor
    assert first.registered is not None
    assert first.shipped_bytes == sum(
        path.stat().st_size
        for path in (library.home.models / first.vector_space).iterdir()
        if path.name != "tokenizer.json"
    )
    again = quantize_variant(library.context(), VARIANT["int4_rtn"], base, tracker(library), threads=1)
    assert again == replace(first, built=False)
    assert read_model_report(library.home, "int4_rtn") == first


KILLED_WHILE_QUANTIZING = """
import os, signal, sys
from xnai_pipelines.cli import main
from xnai_pipelines.models.quantization.quantize import quantize as real
from xnai_pipelines.models import transformer_file

def quantize(*arguments, progress, **options):
    def dying(layer, done, total):
        if done:
            os.kill(os.getpid(), signal.SIGKILL)
        progress(layer, done, total)
    return real(*arguments, progress=dying, **options)

transformer_file.quantize = quantize
sys.argv = ["xnai", "quantize", "--variant", "int2_rtn"]
main()
"""


def test_a_variant_whose_run_was_killed_leaves_nothing_half_and_is_made_by_the_next_run(
    library: Workplace, base: EncoderSpec
):
    before = {path.name for path in library.home.models.glob("[!.]*")}
    killed = run(["-c", KILLED_WHILE_QUANTIZING], variables(library, encoder=base.source))
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert {path.name for path in library.home.models.glob("[!.]*")} == before
    assert read_model_report(library.home, "int2_rtn") is None
    made = quantize_variant(library.context(), VARIANT["int2_rtn"], base, tracker(library), threads=1)
    assert made.built
    assert (library.home.models / made.vector_space / "card.json").exists()


def test_two_runs_at_once_make_a_variant_once(library: Workplace, base: EncoderSpec):
    environment = variables(library, encoder=base.source, card_chunks=100)
    runs = [start_xnai(environment, "quantize", "--variant", "int8_arrow") for _ in range(2)]
    for one in runs:
        _, said = one.communicate()
        assert one.returncode == 0, said
    report = read_model_report(library.home, "int8_arrow")
    assert report is not None
    assert report.registered is not None
    assert report.cosine > 0.98
    versions = [read_model_report(library.home, name).registered.number for name in ("fp32", "int8_arrow")]
    assert len(set(versions)) == 2
    assert last_card(library.home).choice is not None


def test_a_damaged_variant_is_made_anew(library: Workplace, base: EncoderSpec):
    first = quantize_variant(library.context(), VARIANT["int4_rtn"], base, tracker(library), threads=1)
    weights = library.home.models / first.vector_space / "weights.arrow"
    content = bytearray(weights.read_bytes())
    content[len(content) // 2] ^= 1
    weights.write_bytes(content)
    again = quantize_variant(library.context(), VARIANT["int4_rtn"], base, tracker(library), threads=1)
    assert again.built
    assert again.vector_space == first.vector_space
    assert again.cosine == first.cosine


def test_a_card_compares_what_was_made_and_its_choice_embeds_the_next_release(library: Workplace, base: EncoderSpec):
    context, policy = library.context(), Policy(min_cosine=0.97, min_questions=10_000)
    for name in ("fp32", "int4_rtn"):
        quantize_variant(context, VARIANT[name], base, tracker(library), threads=1)
    outcome = make_card(context, tracker(library), base, policy, threads=1, max_chunks=100)
    figures = {one.name: one for one in outcome.card.variants}
    assert figures["fp32"].speed_ratio == 1
    assert figures["int4_rtn"].agreement.cosine_mean > 0.95
    assert outcome.kept.mlflow_run is not None
    again = make_card(context, tracker(library), base, policy, threads=1, max_chunks=100)
    assert (again.measured, again.card) == (False, outcome.card)

    candidate, choice = choose_candidate(context, policy)
    assert candidate is not None
    assert choice.reasons == candidate.reasons
    asked = next_encoder(library.home, base, None)
    assert asked.vector_space == candidate.vector_space
    release = Releases(library.home.releases).require()
    assert asked_vector_space(library.home, base, None, release) == release.vector_space

    encoder = Encoder.load(library.home.models / asked.vector_space, threads=1)
    chosen = Workplace(library.documents.parent, encoder, library.documents)
    chosen.ingest(new_release=True)
    assert Releases(library.home.releases).require().vector_space == candidate.vector_space
    assert "3/7.md" in {hit.source for hit in chosen.search().search("word7x3", k=5)}
    maintain(context, kept_releases=3)
    kept = {path.name for path in library.home.models.glob("[!.]*")}
    assert {candidate.vector_space, base.vector_space} <= kept


def test_a_variant_that_was_not_made_is_named_with_the_command_that_makes_it(work: Workplace, base: EncoderSpec):
    work.write("a.md", "# One\n\nA passage.\n")
    work.ingest()
    with pytest.raises(VariantMissingError, match="xnai quantize --variant rate_19x"):
        next_encoder(work.home, base, "rate_19x")
    assert next_encoder(work.home, base, None).variant == "int8_dynamic"
    assert next_encoder(work.home, base, "fp32").buildable == base
    of_other_weights = EncoderCandidate("int4_rtn", "0" * 16, "f" * 64, "2026-01-01", ("small",))
    record_candidate(work.home.releases, of_other_weights)
    assert read_candidate(work.home.releases) == of_other_weights
    assert next_encoder(work.home, base, None).variant == "int8_dynamic"
    with pytest.raises(CardError, match="xnai quantize"):
        last_card(work.home)


def test_a_calibrated_variant_needs_a_calibration_set(work: Workplace, base: EncoderSpec):
    work.write("a.md", "# One\n\nA passage.\n")
    work.ingest()
    with pytest.raises(CalibrationError, match="calibration_texts"):
        quantize_variant(work.context(), VARIANT["int4_gptq"], base, tracker(work), threads=1)


def test_models_that_nothing_names_are_removed_by_maintenance(work: Workplace):
    work.write("a.md", "# One\n\nA passage.\n")
    work.ingest()
    unused = work.home.models / "0123456789abcdef"
    unused.mkdir()
    (unused / "card.json").write_text("{}")
    expanded = work.home.models / "expanded" / unused.name
    expanded.mkdir(parents=True)
    assert maintain(work.context(), kept_releases=3).models_dropped == (unused.name,)
    assert not unused.exists()
    assert not expanded.exists()
    assert Path(work.home.models / work.encoder.vector_space).exists()
