"""A token classifier in ONNX names exact ranges, in texts of any length, and a wrong folder says what it lacks."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.token_classifiers import write_token_classifier
from xnai_pipelines.errors import SettingsError
from xnai_pipelines.graph.recogniser import Name
from xnai_pipelines.graph.token_classifier import TokenClassifier, Word, names_of

TEXT = "Ann LEE moved to Oslo.\nThere, Acme  Corp hired Leeanna."
FOUND = [("PER", "Ann LEE"), ("LOC", "Oslo"), ("ORG", "Acme  Corp"), ("PER", "Leeanna")]  # by the first part, "lee"


def found(classifier: TokenClassifier, *texts: str) -> list[list[tuple[str, str]]]:
    """Return what the classifier names in each text: type and surface."""
    read = dict(classifier.read(texts))
    return [[(one.type, text[one.start : one.end]) for one in read[at].names] for at, text in enumerate(texts)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_token_classifier(tmp_path_factory.mktemp("classifier") / "fp32")


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> TokenClassifier:
    """A classifier whose windows have 10 tokens, of which 2 are special and 2 shared with the next."""
    return TokenClassifier(write_token_classifier(tmp_path_factory.mktemp("narrow") / "fp32", positions=10), 1)


@pytest.fixture(scope="module")
def wide(folder: Path) -> TokenClassifier:
    return TokenClassifier(folder, 2)


def test_names_are_exact_ranges_with_a_type_and_a_confidence(wide):
    assert found(wide, TEXT, "") == [FOUND, []]
    [read] = [what for _, what in wide.read([TEXT])]
    assert all(0.9 < one.confidence <= 1 for one in read.names)


def test_an_int8_network_is_read_as_it_is(tmp_path):
    int8 = TokenClassifier(write_token_classifier(tmp_path / "int8", int8=True), 1)
    assert found(int8, TEXT) == [FOUND]


words = st.sampled_from(["Ann", "Lee", "Oslo", "Acme", "Corp", "leeward", "ß", "🙂", "É", "dig", "-", "\n", "Łódź"])


@given(st.lists(words, max_size=40), st.sampled_from([" ", "  ", "\t"]))
def test_windows_of_a_long_text_find_what_one_window_finds(narrow, wide, parts, between):
    text = between.join(parts)
    assert found(narrow, text) == found(wide, text)
    assert all(surface == surface.strip() for [surfaces] in [found(wide, text)] for _, surface in surfaces)


def test_what_is_found_in_a_text_does_not_depend_on_the_others(narrow):
    texts = [TEXT, "Oslo", TEXT * 3]
    assert found(narrow, *texts) == [found(narrow, text)[0] for text in texts]


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        (["B-PER", "I-PER", "O"], ["a b"]),
        (["I-PER", "B-PER", "I-PER"], ["a", "b c"]),
        (["B-PER", "I-LOC", "O"], ["a", "b"]),
        (["PER", "PER", "LOC"], ["a b", "c"]),
        (["B-PER", "M-PER", "E-PER"], ["a b c"]),
        (["S-PER", "S-PER", "O"], ["a", "b"]),
        (["U-PER", "B-PER", "L-PER"], ["a", "b c"]),
        (["O", "O", "O"], []),
    ],
)
def test_labels_of_every_scheme_spell_names(labels, names):
    spelt = [Word(2 * at, 2 * at + 1, label, 0.5) for at, label in enumerate(labels)]
    assert ["a b c"[one.start : one.end] for one in names_of("a b c", spelt)] == names


def test_marks_alone_are_no_name():
    assert list(names_of("--- a", [Word(0, 3, "B-PER", 0.5), Word(4, 5, "B-PER", 0.5)])) == [Name(4, 5, "PER", 0.5)]


def test_the_version_is_that_of_the_files(folder, tmp_path):
    same = write_token_classifier(tmp_path / "same")
    assert TokenClassifier(same, 1).version == TokenClassifier(folder, 2).version
    (same / "config.json").write_text((same / "config.json").read_text().replace("PER", "MAN"))
    assert TokenClassifier(same, 1).version != TokenClassifier(folder, 1).version


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("model.onnx", None, "it lacks model.onnx"),
        ("tokenizer.json", None, "it lacks tokenizer.json"),
        ("config.json", "{}", "no id2label"),
        ("config.json", '{"id2label": {"1": "O"}}', "no id2label"),
        ("config.json", "[]", "is not a JSON object"),
        ("config.json", json.dumps({"id2label": {"0": "O"}}), "has 1 labels"),
        ("model.onnx", "no network", "cannot be opened"),
        ("tokenizer.json", "no tokenizer", "cannot be opened"),
    ],
)
def test_a_wrong_folder_is_refused_with_what_is_wrong(tmp_path, file, content, said):
    folder = write_token_classifier(tmp_path / "wrong")
    (folder / file).unlink()
    if content is not None:
        (folder / file).write_text(content)
    with pytest.raises(SettingsError, match=said) as refused:
        TokenClassifier(folder, 1)
    assert str(refused.value).startswith(f"XNAI_GRAPH_RECOGNISER={str(folder)!r}")


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(SettingsError, match=r"no such folder with config\.json, tokenizer\.json and model\.onnx"):
        TokenClassifier(tmp_path / "none", 1)
