"""Another encoder can challenge and replace the release's; the chunks stay as they were cut."""

from pathlib import Path

import pytest

from tests.support.workplace import CHUNKING, Workplace, fill, link_models
from xnai_pipelines.chunks.make import make_chunks
from xnai_pipelines.defs.resources import EncoderResource
from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.encoders.runtime import Runtime
from xnai_pipelines.encoders.specification import read_specification
from xnai_pipelines.models.export import build_encoder
from xnai_pipelines.releases.challenger import index_challenger
from xnai_pipelines.releases.maintain import maintain
from xnai_pipelines.state.manifest import Releases

pytestmark = pytest.mark.slow


@pytest.fixture
def challenged(work: Workplace, tiny_bert: Path) -> Workplace:
    """A home whose challenger has another encoder, with another tokenizer."""
    fill(work).ingest()
    folder = build_encoder(read_specification(tiny_bert, Runtime.FP32), work.home.models)
    origin = resource(work).origin(str(tiny_bert))
    index_challenger(work.context(), Encoder.load(folder, threads=1), exact_search_rows=20_000, origin=origin)
    return work


def resource(work: Workplace, encoder: str | None = None) -> EncoderResource:
    return EncoderResource(home=str(work.home.root), encoder=encoder, threads=1)


def test_the_challenger_names_the_encoder_that_measures_the_chunks(challenged: Workplace, tiny_bert: Path):
    challenger = Releases(challenged.home.releases).challenger()
    assert (challenger.encoder, challenger.dimension) == (tiny_bert.name, 32)
    assert challenger.cut_by == challenged.encoder.vector_space
    assert resource(challenged).load_challenger().vector_space == challenger.vector_space


def test_after_its_release_nothing_is_cut_again_and_search_answers(challenged: Workplace):
    releases = Releases(challenged.home.releases)
    releases.publish(releases.challenger(), "promoted")
    encoder = resource(challenged).load(new_release=False)
    assert encoder.vector_space == releases.require().vector_space
    report = make_chunks(challenged.context(), CHUNKING, resource(challenged).tokens(new_release=False))
    assert (report.cut, report.removed) == (0, 0)
    assert challenged.search().search("whales", 1)[0].source == "corpus.jsonl#1"
    measures = challenged.home.models / releases.require().cut_by
    maintain(challenged.context(), kept_releases=1)
    assert measures.is_dir(), "the release needs its tokenizer"


def test_after_its_release_adapters_are_trained_on_it(challenged: Workplace, tiny_bert: Path):
    releases = Releases(challenged.home.releases)
    assert resource(challenged).original().weights_sha256 != read_specification(tiny_bert, Runtime.FP32).weights_sha256
    releases.publish(releases.challenger(), "promoted")
    for base in (resource(challenged).original(), resource(challenged).base()):
        assert base == read_specification(tiny_bert, Runtime.FP32)


def test_an_adapted_encoder_measures_its_own_chunks(work: Workplace, fp32_encoder: Encoder):
    fill(work).ingest()
    link_models(work.home.models, fp32_encoder)
    index_challenger(work.context(), fp32_encoder, exact_search_rows=20_000)
    assert Releases(work.home.releases).challenger().cut_by is None, "the tokenizers are the same"


def test_a_named_encoder_is_built_to_challenge(work: Workplace, tiny_bert: Path):
    fill(work).ingest()
    encoder = resource(work).to_challenge(str(tiny_bert))
    assert encoder.spec.variant == Runtime.INT8_DYNAMIC
    assert encoder.dimension == 32
