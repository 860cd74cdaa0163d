"""A spaCy pipeline by folder or package names exact ranges; its version is recorded; a wrong one is refused."""

from pathlib import Path

import pytest

from xnai_pipelines.errors import MissingExtraError, SettingsError
from xnai_pipelines.graph.recogniser import extractor_of, recognised_finds
from xnai_pipelines.graph.spacy_pipeline import SpacyPipeline
from xnai_pipelines.settings import given_settings
from xnai_pipelines.settings.recognisers import recognisers

spacy = pytest.importorskip("spacy", reason="the extra spacy is not installed")

PATTERNS = [
    {"label": "PERSON", "pattern": "ann lee"},
    {"label": "ORG", "pattern": "Łódź Corp"},
    {"label": "CARDINAL", "pattern": "two"},
    {"label": "GPE", "pattern": "\n"},
]
TEXT = "🙂 In two days,\nann lee left Łódź Corp early."


def write_pipeline(folder: Path, **meta: str) -> Path:
    nlp = spacy.blank("en", meta={"name": "tiny", "version": "1.2.3", **meta})
    nlp.add_pipe("entity_ruler").add_patterns(PATTERNS)
    nlp.to_disk(folder)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pipeline(tmp_path_factory.mktemp("spacy") / "tiny")


def test_names_are_exact_ranges_with_a_type(folder):
    [(_, read), (_, nothing)] = SpacyPipeline(str(folder)).read([TEXT, ""])
    found = [(one.type, TEXT[one.start : one.end], one.confidence) for one in read.names]
    assert found == [("CARDINAL", "two", None), ("PERSON", "ann lee", None), ("ORG", "Łódź Corp", None)]
    assert nothing.names == ()


def test_numbers_are_no_names_of_the_graph(folder):
    [(_, read)] = SpacyPipeline(str(folder)).read([TEXT])
    names = [{"start": one.start, "end": one.end, "type": one.type} for one in read.names]
    finds = recognised_finds(TEXT, {"names": names, "extractor": "spacy"})
    assert [TEXT[one.start : one.end] for one in finds] == ["ann lee", "Łódź Corp"]


def test_the_setting_names_a_folder_and_its_extractor_has_the_pipeline_and_its_version(folder, monkeypatch):
    monkeypatch.chdir(folder.parent)
    [found] = recognisers(given_settings(graph_recogniser="spacy:./tiny"))
    assert extractor_of(found).startswith("spacy@en_tiny-1.2.3/")


def test_the_setting_names_a_package(folder, tmp_path, monkeypatch):
    package = tmp_path / "xx_tiny"
    package.mkdir()
    write_pipeline(package / "en_tiny-1.2.3")
    (package / "meta.json").write_bytes((folder / "meta.json").read_bytes())
    (package / "__init__.py").write_text(
        "from pathlib import Path\nfrom spacy.util import load_model_from_init_py\n"
        "def load(**overrides):\n    return load_model_from_init_py(__file__, **overrides)\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    [found] = recognisers(given_settings(graph_recogniser="spacy:xx_tiny"))
    assert len(next(found.read([TEXT]))[1].names) == 3
    assert extractor_of(found).startswith("spacy@en_tiny-1.2.3/")


def test_the_version_is_that_of_the_files(folder, tmp_path):
    before = SpacyPipeline(str(folder)).version
    assert SpacyPipeline(str(write_pipeline(tmp_path / "same"))).version == before
    assert SpacyPipeline(str(write_pipeline(tmp_path / "other", license="other"))).version != before


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda folder: (folder / "meta.json").unlink(), r"it lacks meta\.json"),
        (lambda folder: (folder / "config.cfg").write_text("[nlp]\nlang = 1\n"), "spaCy cannot load it"),
        (lambda folder: (folder / "entity_ruler" / "patterns.jsonl").write_text("{"), "spaCy cannot load it"),
        (lambda folder: spacy.blank("en").to_disk(folder), r"no component of it finds entities \(it has: none\)"),
    ],
)
def test_a_wrong_folder_is_refused_with_what_is_wrong(tmp_path, damage, said):
    folder = write_pipeline(tmp_path / "wrong")
    damage(folder)
    with pytest.raises(SettingsError, match=said) as refused:
        recognisers(given_settings(graph_recogniser=f"spacy:{folder}"))
    assert str(refused.value).startswith(f"XNAI_GRAPH_RECOGNISER='spacy:{folder}'")


@pytest.mark.parametrize(
    ("name", "said"), [("no_such_pipeline", "no such package is installed"), ("./none", "there is no such folder")]
)
def test_what_is_not_there_is_refused(name, said):
    with pytest.raises(SettingsError, match=said):
        recognisers(given_settings(graph_recogniser=f"spacy:{name}"))


def test_without_spacy_the_extra_is_named(folder, monkeypatch):
    monkeypatch.setattr("xnai_pipelines.extras.find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r"xnai-pipelines\[spacy\]"):
        recognisers(given_settings(graph_recogniser=f"spacy:{folder}"))
