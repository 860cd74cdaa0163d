"""Another encoder can challenge and replace the release's; the chunks stay as they were cut."""

from pathlib import Path

import pytest

from tests.support.workplace import CHUNKING, Workplace, fill, link_models
from xnai_pipelines.chunks.make import make_chunks
from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.encoders.runtime import Runtime
from xnai_pipelines.encoders.source import default_encoder_folder
from xnai_pipelines.encoders.specification import read_specification
from xnai_pipelines.models.export import build_encoder
from xnai_pipelines.models.make import asked_vector_space
from xnai_pipelines.releases.challenger import index_challenger
from xnai_pipelines.releases.encoders import EncoderChoice
from xnai_pipelines.releases.maintain import maintain
from xnai_pipelines.state.manifest import Releases

pytestmark = pytest.mark.slow


@pytest.fixture
def challenged(work: Workplace, tiny_bert: Path) -> Workplace:
    """A home whose challenger has another encoder, with another tokenizer."""
    fill(work).ingest()
    folder = build_encoder(read_specification(tiny_bert, Runtime.FP32), work.home.models)
    origin = choice(work).origin(str(tiny_bert))
    index_challenger(work.context(), Encoder.load(folder, threads=1), exact_search_rows=20_000, origin=origin)
    return work


def choice(work: Workplace, encoder: str | None = None) -> EncoderChoice:
    return EncoderChoice(work.home, encoder)


def test_the_challenger_names_the_encoder_that_measures_the_chunks(challenged: Workplace, tiny_bert: Path):
    challenger = Releases(challenged.home.releases).challenger()
    assert (challenger.encoder, challenger.dimension) == (tiny_bert.name, 32)
    assert challenger.cut_by == challenged.encoder.vector_space
    assert choice(challenged).load_challenger().vector_space == challenger.vector_space


def test_after_its_release_nothing_is_cut_again_and_search_answers(challenged: Workplace):
    releases = Releases(challenged.home.releases)
    releases.publish(releases.challenger(), "promoted")
    encoder = choice(challenged).load(new_release=False)
    assert encoder.vector_space == releases.require().vector_space
    report = make_chunks(challenged.context(), CHUNKING, choice(challenged).tokens(new_release=False))
    assert (report.cut, report.removed) == (0, 0)
    assert challenged.search().search("whales", 1)[0].source == "corpus.jsonl#1"
    measures = challenged.home.models / releases.require().cut_by
    maintain(challenged.context(), kept_releases=1)
    assert measures.is_dir(), "the release needs its tokenizer"


def test_after_its_release_adapters_are_trained_on_it(challenged: Workplace, tiny_bert: Path):
    releases = Releases(challenged.home.releases)
    assert choice(challenged).original().weights_sha256 != read_specification(tiny_bert, Runtime.FP32).weights_sha256
    releases.publish(releases.challenger(), "promoted")
    for base in (choice(challenged).original(), choice(challenged).base()):
        assert base == read_specification(tiny_bert, Runtime.FP32)


def test_an_adapted_encoder_measures_its_own_chunks(work: Workplace, fp32_encoder: Encoder):
    fill(work).ingest()
    link_models(work.home.models, fp32_encoder)
    index_challenger(work.context(), fp32_encoder, exact_search_rows=20_000)
    assert Releases(work.home.releases).challenger().cut_by is None, "the tokenizers are the same"


@pytest.fixture
def accompanied(work: Workplace, tiny_bert: Path) -> Workplace:
    """A home whose current release has its first encoder with a companion, as a trial of it leaves it."""
    fill(work).ingest()
    name = f"+{tiny_bert}"
    model, origin = choice(work).to_challenge(name), choice(work).origin(name)
    index_challenger(work.context(), model, exact_search_rows=20_000, origin=origin)
    releases = Releases(work.home.releases)
    releases.publish(releases.challenger(), "promoted")
    return work


def test_a_companion_is_named_measures_no_chunks_and_answers(accompanied: Workplace, tiny_bert: Path):
    release = Releases(accompanied.home.releases).require()
    assert release.encoder == f"sentence-transformers/all-MiniLM-L6-v2 + {tiny_bert.name}"
    assert (release.dimension, release.cut_by) == (accompanied.encoder.dimension + 32, None)
    assert accompanied.search().search("whales", 1)[0].source == "corpus.jsonl#1"


def test_a_new_release_keeps_the_companion_until_the_settings_name_another_encoder(
    accompanied: Workplace, tiny_bert: Path
):
    release = Releases(accompanied.home.releases).require()
    base = choice(accompanied).base()
    assert base == read_specification(default_encoder_folder(), Runtime.FP32), "adapters are trained on it"
    assert choice(accompanied).load(new_release=True).vector_space == release.vector_space
    for variant in (None, release.variant):
        assert asked_vector_space(accompanied.home, base, variant, release) == release.vector_space
    assert choice(accompanied, str(tiny_bert)).load(new_release=True).spec.companion is None


def test_a_named_encoder_is_built_to_challenge(work: Workplace, tiny_bert: Path):
    fill(work).ingest()
    encoder = choice(work).to_challenge(str(tiny_bert))
    assert encoder.spec.variant == Runtime.INT8_DYNAMIC
    assert encoder.dimension == 32
